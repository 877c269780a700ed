"""Why a finding is waived: by a waiver of the team, or by a statement of a VEX document."""

from __future__ import annotations

from boombap.record import Record

JUSTIFICATIONS = (
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
)
"""Why a product is not affected. Source: CISA, VEX Status Justifications, June 2022, as OpenVEX writes them."""


class Acceptance(Record):
    """The decision that a finding does not count.

    Attributes:
        status: ``not_affected`` or ``fixed``, as in VEX; ``accepted`` for a waiver without a justification, which
            says that somebody takes the risk.
        justification: a machine-readable reason, one of `JUSTIFICATIONS` or of CycloneDX; empty without one.
        statement: the reason in words; may be empty where there is a justification.
        author: who decided it: the owner of the waiver or the author of the document.
        document: the VEX document; empty for a waiver.
        issued: when the VEX statement was made, an RFC 3339 time; empty for a waiver, or when unknown.
        expires: the last day of a waiver, as ISO 8601; empty for VEX.
    """

    status: str
    justification: str
    statement: str
    author: str
    document: str = ""
    issued: str = ""
    expires: str = ""

    @property
    def reason(self) -> str:
        """Return it as one phrase for people."""
        why = ": ".join(text for text in (self.justification, self.statement) if text)
        if not self.document:
            return f"waived by {self.author} until {self.expires}: {why}"
        issued = f", {self.issued[:10]}" if self.issued else ""
        return f"VEX {self.status}{f' ({why})' if why else ''}, stated by {self.author} in {self.document}{issued}"
