"""What a VEX document says, whatever its format: statements about products, and what cannot be applied."""

from __future__ import annotations

from boombap.errors import ConfigError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from boombap.deps.model import Skipped

    Status = Literal["not_affected", "affected", "fixed", "under_investigation"]

STATUSES: tuple[Status, ...] = ("not_affected", "affected", "fixed", "under_investigation")
WAIVING = frozenset({"not_affected", "fixed"})
"""The statuses that say that nothing needs to be done; no other one waives a finding."""


class Product(Record):
    """A package that a statement is about.

    Attributes:
        ecosystem: as OSV names it.
        name: as `deps.package_names.normalise` returns it, in lower case for Go.
        version: as written; empty for all versions.
    """

    ecosystem: str
    name: str
    version: str = ""


class VexStatement(Record):
    """What a document states about a vulnerability in packages.

    Attributes:
        ids: of the vulnerability, aliases included.
        products: the packages that it is about.
        status: one of `STATUSES`.
        justification: why it is not affected, machine-readable; empty without one.
        text: why, in words; may be empty.
        author: of the document.
        document: its path, as it was named.
        issued: when the statement was made, an RFC 3339 time; empty when unknown.
        issued_s: the same as Unix time; None when unknown.
    """

    ids: tuple[str, ...]
    products: tuple[Product, ...]
    status: Status
    justification: str
    text: str
    author: str
    document: str
    issued: str = ""
    issued_s: float | None = None

    @property
    def is_waiving(self) -> bool:
        """Tell whether a finding that it is about needs no remedy."""
        return self.status in WAIVING


class VexStatements(Record):
    """What all documents say.

    Attributes:
        statements: in the order of the documents.
        unapplied: products that no package can be compared with, and the reason.
    """

    statements: tuple[VexStatement, ...] = ()
    unapplied: tuple[Skipped, ...] = ()


def malformed(place: str, reason: str) -> ConfigError:
    """Return the error about a document that breaks a rule of its format.

    Args:
        place: the document, and the part of it.
        reason: one phrase.
    """
    return ConfigError(f"the VEX document {place} {reason}", hint="correct it, or leave the document out")
