"""Keeps secrets out: which files hold them by their name, and which strings in other files look like one."""

from __future__ import annotations

import re

from boombap.ctx.masking import shapes
from boombap.ctx.masking.assigned import mask_line
from boombap.ctx.masking.blocks import mask_kubernetes, mask_private_keys, mask_under
from boombap.ctx.masking.columns import mask_columns
from boombap.ctx.masking.form import CODE, DATA, NOTEBOOK, PLAIN, PROSE, YAML, form_of
from boombap.ctx.masking.json_text import mask_notebook, read_keys
from boombap.ctx.masking.masked_lines import LONGEST_LINE
from boombap.ctx.masking.names import MARKS
from boombap.ctx.masking.neighbours import mask_beside
from boombap.ctx.masking.sections import mask_sections

MASK = shapes.MASK
# `prod.env`, `prod.env.local`; not `example.env`, `prod.env.example`, `app.env.ts`.
_NAMED_ENV = (
    r"(?!(?:.*[._-])?(?:example|sample|template|dist)(?:[._-].*)?$)"
    r".+\.env(?:\.(?:local|bak|old|orig|prod|production|stag(?:e|ing)|dev|development|test|ci))?"
)
_FILES = re.compile(
    r"^(?:\.env(?!\.(?:example|sample|template|dist)$)(?:\..*)?|.*\.(?:pem|key|p12|pfx|jks|keystore|kdbx|asc|gpg|ppk)"
    rf"|{_NAMED_ENV}|id_(?:rsa|dsa|ecdsa|ed25519)|\.netrc|\.pgpass|\.pypirc|\.npmrc|\.htpasswd|\.git-credentials"
    r"|credentials(?:\.json)?|service[-_]account.*\.json|secrets?\.(?:ya?ml|json|toml|env|ini|txt))$",
    re.IGNORECASE,
)
# A mask can make the value around it one that is masked as well; few files need a second round.
_ROUNDS = 10
_SCHEMES = ("bearer ", "basic ", "token ")


def is_secret_file(name: str) -> bool:
    """Tell whether a file of this name holds secrets as a rule.

    >>> [is_secret_file(name) for name in (".env", "prod.env", ".env.example", "server.key", "keys.py")]
    [True, True, False, True, False]
    """
    return _FILES.match(name) is not None


def mask(text: str, path: str = "") -> str:
    r"""Return a text with what looks like a secret replaced by stars; the number of lines stays.

    Args:
        text: with ``\n`` as its line end.
        path: of the file; its ending tells how names and values are written there.

    >>> mask("url = 'redis://dj:s3cr3t@cache/0'")
    "url = 'redis://dj:***@cache/0'"
    >>> mask("def test_a_rather_long_name_with_words_2(): ...")
    'def test_a_rather_long_name_with_words_2(): ...'
    >>> mask("auth:\n  password: kalamari", "values.yaml")
    'auth:\n  password: ***'
    """
    form = form_of(path)
    for _ in range(_ROUNDS):
        masked = _mask_once(text, form)
        if masked == text:
            break
        text = masked
    return text


def _mask_once(text: str, form: str) -> str:
    text = mask_columns(shapes.mask_tokens(read_keys(text)), form)
    lines = text.split("\n")
    if form == NOTEBOOK:
        mask_notebook(lines)
        form = CODE
    if "PRIVATE KEY" in text:
        mask_private_keys(lines)
    mask_kubernetes(lines, text)
    if form in {DATA, PLAIN, YAML, PROSE}:
        mask_sections(lines, text)
    _mask_named(lines, text.lower(), form)
    return shapes.mask_random("\n".join(lines))


def _mask_named(lines: list[str], lowered: str, form: str) -> None:
    for number in _lines_with(lowered, _SCHEMES):
        lines[number] = shapes.mask_schemes(lines[number])
    done = -1
    for number in _lines_with(lowered, MARKS):
        if len(lines[number]) > LONGEST_LINE:
            lines[number] = MASK
        elif number > done:
            mask_beside(lines, number, form)
            done = mask_under(lines, number, form)
            lines[number] = mask_line(lines[number], form)


def _lines_with(lowered: str, marks: tuple[str, ...]) -> list[int]:
    """Return the numbers of the lines that hold a mark; `str.find` skips the others at memory speed."""
    numbers: set[int] = set()
    for mark in marks:
        number, counted = 0, 0
        position = lowered.find(mark)
        while position >= 0:
            number += lowered.count("\n", counted, position)
            numbers.add(number)
            counted = lowered.find("\n", position)
            if counted < 0:
                break
            position = lowered.find(mark, counted)
    return sorted(numbers)
