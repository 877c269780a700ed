"""How well the names of a file and its folder match the words of a question."""

from __future__ import annotations

from boombap.ctx.tokens import terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_SHARED_PREFIX = 0.7
_SHARED_LETTERS = 3
_HALF = 0.5


class FileNames:
    """The names of files beside the words of one question; each path is looked at once.

    Args:
        words: the single words of the question, as terms.
        rarity: of each word, its inverse document frequency; 1 for one that is not in it.
        folder: what a word counts in the name of the folder; 1 in that of the file.
        prefix: what a word counts that shares 70 % of its beginning with one of the name.
    """

    def __init__(self, words: Collection[str], rarity: Mapping[str, float], *, folder: float, prefix: float) -> None:
        self._words = sorted(words)  # sums of fractions hang on their order
        self._folder = folder
        self._prefix = prefix
        self._rarity = {word: rarity.get(word, 1.0) for word in self._words}
        self._known: dict[str, float] = {}
        self._rare: dict[str, float] = {}

    def share(self, path: str) -> float:
        """Return which share of the words is in the name of a file or its folder, 0 to 1."""
        if path not in self._known:
            self._known[path] = self._share(path)
        return self._known[path]

    def rare_share(self, path: str) -> float:
        """Return which share of the rarity is in the names of file and folder; a shared beginning counts half."""
        if path not in self._rare:
            self._rare[path] = self._rare_share(path)
        return self._rare[path]

    def _rare_share(self, path: str) -> float:
        parts = set(terms("/".join(path.split("/")[-2:]).rpartition(".")[0] or path))
        whole = sum(self._rarity.values())
        matched = sum(rarity * _half_match(word, parts) for word, rarity in self._rarity.items())
        return matched / whole if whole else 0.0

    def _share(self, path: str) -> float:
        folder, _, base = path.rpartition("/")
        stems, parents = set(terms(base.partition(".")[0])), set(terms(folder.rpartition("/")[2]))
        matches = [max(self._match(word, stems), self._folder * self._match(word, parents)) for word in self._words]
        return sum(matches) / len(matches) if matches else 0.0

    def _match(self, word: str, parts: set[str]) -> float:
        if word in parts:
            return 1.0
        return self._prefix * any(shares_prefix(word, part) for part in parts)


def _half_match(word: str, parts: set[str]) -> float:
    return 1.0 if word in parts else _HALF * any(shares_prefix(word, part) for part in parts)


def shares_prefix(word: str, other: str) -> bool:
    """Tell whether two words share 70 % of the longer one from the beginning, at least three letters.

    >>> shares_prefix("connect", "connection"), shares_prefix("in", "index")
    (True, False)
    """
    shared = 0
    for letter, same in zip(word, other, strict=False):
        if letter != same:
            break
        shared += 1
    return shared >= _SHARED_LETTERS and shared >= _SHARED_PREFIX * max(len(word), len(other))
