"""Evidence of use: where the project's own code imports a vulnerable package."""

from __future__ import annotations

from boombap.record import Record


class Usage(Record):
    """What a search for imports of one package found; no import found does not mean that it is not used.

    Attributes:
        modules: the names that were searched for.
        basis: where the names come from: ``installed``, the metadata of an installation; ``guess``, what is usual.
        places: of the imports, as ``file:line``; the first ones only.
        imports: how many there are.
        files: Python files that were searched.
        unread: Python files and folders that were not, each with the reason; the first ones only.
        unread_count: how many there are.
    """

    modules: tuple[str, ...]
    basis: str
    places: tuple[str, ...]
    imports: int
    files: int
    unread: tuple[str, ...] = ()
    unread_count: int = 0

    @property
    def phrase(self) -> str:
        """Return it for people, for example ``imported in FILE:3 and 2 more places``."""
        guessed = f" (import name guessed: {', '.join(self.modules)})" if self.basis == "guess" else ""
        left = f"; {self.unread_count} not searched: {'; '.join(self.unread)}" if self.unread_count else ""
        if not self.places:
            return f"no import found in {self.files:,} Python file{'s' * (self.files != 1)}{guessed}{left}"
        more = self.imports - 1
        others = f" and {more:,} more place{'s' * (more != 1)}" if more else ""
        return f"imported in {self.places[0]}{others}{guessed}{left}"
