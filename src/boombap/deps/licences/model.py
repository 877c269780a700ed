"""What is known about the licence of a package."""

from __future__ import annotations

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from boombap.deps.model import Dependency, Skipped

    Answer = Literal["allowed", "denied", "unknown"]

ANSWERS: tuple[Answer, ...] = ("denied", "unknown", "allowed")
"""The most urgent first."""


class Stated(Record):
    """What a file says about a licence.

    Attributes:
        text: as it is written; several texts are joined by semicolons.
        origin: the field and where it is, for example ``License-Expression``, ``classifiers`` or ``package-lock.json``.
        expression: as SPDX writes it; empty when the text names no licence for certain.
        reason: why there is no expression; empty when there is one.
    """

    text: str
    origin: str
    expression: str = ""
    reason: str = ""


class PackageLicence(Record):
    """The licence of one package in one version, and what the policy says.

    Attributes:
        dependency: as the first file names it.
        stated: what is known.
        answer: one of `ANSWERS`.
        reason: why.
    """

    dependency: Dependency
    stated: Stated
    answer: Answer
    reason: str


class LicenceReport(Record):
    """The licences of all packages.

    Attributes:
        packages: the most urgent first.
        skipped: what could not be looked at.
    """

    packages: tuple[PackageLicence, ...]
    skipped: tuple[Skipped, ...]

    def lacks_more_than(self, limit: int) -> bool:
        """Tell whether a whole file could not be read, or more entries than a limit name no version."""
        return any(each.is_failure for each in self.skipped) or len(self.skipped) > limit

    def count(self, answer: Answer) -> int:
        """Return how many packages have an answer."""
        return sum(package.answer == answer for package in self.packages)
