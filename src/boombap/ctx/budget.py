"""How many tokens a text is: an estimate that needs no model's vocabulary.

Models cut a text into tokens each in their own way; for code in English four characters per token is the usual rule.
Bytes of UTF-8 are counted in the place of characters, because Cyrillic and Chinese text takes more tokens per letter.
"""

from __future__ import annotations

TOKEN_BYTES = 4
SMALLEST_MAP = 100
"""The smallest budget of a map, in tokens: a path with a few signatures."""
SMALLEST_PACK = 500
"""The smallest budget of a pack, in tokens: a chunk of 1,500 characters with its header takes about 400."""
LARGEST = 1_000_000


def count_tokens(text: str) -> int:
    r"""Return the estimated tokens of a text, its line end included.

    >>> count_tokens("def acquire(self):"), count_tokens("пул"), count_tokens("")
    (5, 2, 1)
    """
    return -(-(len(text.encode("utf-8", "surrogatepass")) + 1) // TOKEN_BYTES)
