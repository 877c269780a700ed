"""What flows through `deps`: dependencies from files, advisories from the database, findings, coverage, a verdict."""

from __future__ import annotations

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from boombap.deps.acceptance import Acceptance
    from boombap.deps.evidence import Usage

    Scope = Literal["runtime", "dev", "optional"]
    Level = Literal["critical", "high", "medium", "low", "none", "unknown"]
    FileState = Literal["read", "superseded", "excluded", "gap"]
    Kind = Literal["vulnerability", "malicious", "unsound", "unmaintained", "notice"]

FILE_STATES: tuple[FileState, ...] = ("read", "superseded", "excluded", "gap")
ECOSYSTEMS = ("PyPI", "npm", "Go", "crates.io", "RubyGems", "Packagist", "Maven")
"""As OSV names them; `Dependency.ecosystem` is one of these, or another that is then not audited."""

SCOPES: tuple[Scope, ...] = ("runtime", "dev", "optional")
KINDS: tuple[Kind, ...] = ("vulnerability", "malicious", "unsound", "unmaintained", "notice")
LEVELS: tuple[Level, ...] = ("critical", "high", "medium", "low", "none", "unknown")
# The qualitative scale of CVSS 3.1 (section 5) and 4.0 (section 6), from the lower bound of each level.
_BOUNDS: tuple[tuple[float, Level], ...] = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"))


class Dependency(Record):
    """One package in one exact version, as one file says.

    Attributes:
        ecosystem: as OSV names it, see `ECOSYSTEMS`.
        name: as it is written.
        normal: as the ecosystem compares names (`deps.package_names.normalise`).
        version: as it is written, without operators; never empty.
        file: relative to where the audit began, with ``/``.
        line: counted from 1; 0 where the format gives none.
        scope: runtime, dev or optional.
        is_direct: whether the project asked for it itself; None where the format does not say.
        source: the text it was read from, with secrets masked; empty where the format has no such line.
        marker: the environments in which it counts, as the file writes them; empty for all.
    """

    ecosystem: str
    name: str
    normal: str
    version: str
    file: str
    line: int = 0
    scope: Scope = "runtime"
    is_direct: bool | None = None
    source: str = ""
    marker: str = ""


class Skipped(Record):
    """What could not be audited, and why; never a silent gap.

    Attributes:
        what: the package, line, file or advisory, with secrets masked.
        reason: one phrase, for example ``not pinned to a version``.
        file: relative to where the audit began; empty when it is about no file.
        line: counted from 1; 0 when unknown.
        pin: how to make it auditable, for example ``write fastapi==0.109.1``; empty when nothing can be advised.
        scope: of the dependency, as far as known.
        is_failure: whether a whole file could not be read, as against one entry that names no version.
    """

    what: str
    reason: str
    file: str = ""
    line: int = 0
    pin: str = ""
    scope: Scope = "runtime"
    is_failure: bool = False


class Lint(Record):
    """Something about a file that makes its audit or its installation less certain; it is not a vulnerability.

    Attributes:
        rule: in snake_case, stable, for example ``orphan_hash``.
        summary: one sentence for a person.
        file: relative to where the audit began.
        line: counted from 1; 0 when it is about the whole file.
        remedy: what to do.
    """

    rule: str
    summary: str
    file: str
    line: int = 0
    remedy: str = ""


class InventoryFile(Record):
    """A file that could name dependencies, or a folder of such files.

    Attributes:
        file: relative to where the audit began, with ``/``.
        state: ``read``; ``superseded`` by a file that says the same in more detail; ``excluded`` by a rule that
            somebody wrote; ``gap`` when it was not read, or not all of it.
        reason: why it is in this state; empty for ``read``.
    """

    file: str
    state: FileState
    reason: str = ""


class Reading(Record):
    """What the files of a project say.

    Attributes:
        dependencies: pinned to a version, in the order of files and lines; a package may occur more than once.
        skipped: what names no version or could not be read.
        lints: what is doubtful about the files.
        files: what was read, relative to where the audit began.
        inventory: every file that could name dependencies, in the order of their names.
    """

    dependencies: tuple[Dependency, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    lints: tuple[Lint, ...] = ()
    files: tuple[str, ...] = ()
    inventory: tuple[InventoryFile, ...] = ()


class Severity(Record):
    """How bad an advisory is.

    Attributes:
        score: from 0 to 10; None when no source gives any, which is UNKNOWN and never "low".
        basis: ``CVSS:4.0``, ``CVSS:3.1``, ``CVSS:3.0``, ``CVSS:2.0``, ``database``, ``alias ID``; empty when unknown.
        vector: the CVSS vector behind it; empty without one.
    """

    score: float | None = None
    basis: str = ""
    vector: str = ""

    @property
    def level(self) -> Level:
        """Return the word for the score."""
        if self.score is None:
            return "unknown"
        return next((level for bound, level in _BOUNDS if self.score >= bound), "none")


UNKNOWN = Severity()


class AffectedRange(Record):
    """A run of affected versions, as sort keys of `deps.versions` that compare as text.

    Attributes:
        low: the key of the first affected version.
        high: the key of its end; empty when every later version is affected.
        is_closed: whether the end itself is affected (``last_affected``, or a single version).
        fixed: the version that ends it, as written; empty without a fix.
    """

    low: str
    high: str = ""
    is_closed: bool = False
    fixed: str = ""

    def holds(self, key: str) -> bool:
        """Tell whether a version, given as its key, is in it."""
        return self.low <= key and (not self.high or key < self.high or (self.is_closed and key == self.high))


class Advisory(Record):
    """One advisory about one package.

    Attributes:
        id: for example ``PYSEC-2024-38``.
        aliases: other ids of the same thing, the transitive ones included, sorted; without `id`.
        summary: one line.
        severity: how bad it is.
        ranges: which versions it is about; empty when `assessable` says why not.
        gap: why no version can be held against it (``only git ranges``); empty when one can.
        kev: the day on which it entered the catalogue of known exploited vulnerabilities; empty when it has not.
        epss: the probability of exploitation in the next 30 days, 0 to 1; None when unknown.
        published: an RFC 3339 time; empty when unknown.
        modified: likewise.
    """

    id: str
    aliases: tuple[str, ...] = ()
    summary: str = ""
    severity: Severity = UNKNOWN
    ranges: tuple[AffectedRange, ...] = ()
    gap: str = ""
    kev: str = ""
    epss: float | None = None
    published: str = ""
    modified: str = ""


class Finding(Record):
    """One vulnerable dependency and one thing that is wrong with it: a group of advisories that are aliases.

    Attributes:
        dependency: as one file says it; where several do, one that is used at run time.
        id: the leading id of the group, the one that people know: of the package's own database first.
        aliases: every other id of the group, those of general databases last.
        summary: one line.
        severity: the worst of the group.
        fixed: versions above the installed one that no advisory of the group is about, lowest first.
        kev: as in `Advisory`, of any in the group.
        epss: the highest in the group.
        kind: one of `KINDS`; malicious when the package itself is malware.
        advisories: the ids in the group that this version matched.
        also: the other places that name the same package in the same version.
        usage: where the project's code imports it; None when nobody asked, or for another ecosystem than PyPI.
    """

    dependency: Dependency
    id: str
    aliases: tuple[str, ...] = ()
    summary: str = ""
    severity: Severity = UNKNOWN
    fixed: tuple[str, ...] = ()
    kev: str = ""
    epss: float | None = None
    kind: Kind = "vulnerability"
    advisories: tuple[str, ...] = ()
    also: tuple[Dependency, ...] = ()
    usage: Usage | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """Return every id of the group, the leading one first."""
        return (self.id, *self.aliases)


class Source(Record):
    """The database of one ecosystem, as the audit found it.

    Attributes:
        ecosystem: as OSV names it.
        records: advisories in it.
        built_at_s: when it was built, in seconds since 1970.
        newest: the latest ``modified`` in it, an RFC 3339 time.
        sha256: of the archive it was built from.
        origin: where that came from, with secrets masked.
        unreadable: records of it that are no OSV records.
        age_s: seconds since it was last seen to be current.
        content_age_s: seconds since its newest advisory was written; since 1970 when that is unknown.
        export_age_s: seconds since the export was written, as its server says; None when nobody says.
        is_sample: whether it holds made-up records for a demonstration.
        kev_date: day of the catalogue of exploited vulnerabilities that was taken in; empty without one.
        epss_date: day of the exploitation probabilities; empty without them.
    """

    ecosystem: str
    records: int
    built_at_s: int
    newest: str
    sha256: str
    origin: str
    age_s: int
    content_age_s: int
    export_age_s: int | None = None
    unreadable: int = 0
    is_sample: bool = False
    kev_date: str = ""
    epss_date: str = ""

    @property
    def exploits(self) -> str:
        """Return what it knows about exploitation, for people: ``, KEV of 2026-11-20``; empty without anything."""
        kev = f", KEV of {self.kev_date}" if self.kev_date else ""
        return f"{kev}, EPSS of {self.epss_date}" if self.epss_date else kev


class Coverage(Record):
    """How much of what there is was looked at; a part of every verdict.

    Attributes:
        audited: packages, each version counted once, that were held against a database.
        skipped: what was not, and why.
        unassessable: advisories about audited packages that name no comparable version.
        unknown_severity: findings whose severity nobody gives.
        sources: the databases.
        missing: ecosystems of dependencies without a database.
    """

    audited: int = 0
    skipped: tuple[Skipped, ...] = ()
    unassessable: tuple[Skipped, ...] = ()
    unknown_severity: int = 0
    sources: tuple[Source, ...] = ()
    missing: tuple[str, ...] = ()


class Audit(Record):
    """What an audit found and how much it saw.

    Attributes:
        findings: the worst first.
        coverage: what was looked at.
        files: what was read, relative to where the audit began.
        lints: what is doubtful about the files.
        dependencies: everything that the files name in a version, audited or not.
        inventory: every file that could name dependencies, in the order of their names.
        engine: ``native`` or ``classic``.
    """

    findings: tuple[Finding, ...]
    coverage: Coverage
    files: tuple[str, ...] = ()
    lints: tuple[Lint, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    inventory: tuple[InventoryFile, ...] = ()
    engine: str = "native"

    @property
    def excluded(self) -> tuple[InventoryFile, ...]:
        """Return what a written rule leaves out."""
        return tuple(item for item in self.inventory if item.state == "excluded")


class Violation(Record):
    """One reason why the answer is no, or why there is none.

    Attributes:
        rule: the policy's key that is broken: ``severity``, ``kev``, ``epss``, ``unknown_severity``, ``malicious``,
            ``expired_waiver``, ``max_db_age``, ``max_unaudited``, ``no_database``, ``sample_database``,
            ``unreadable`` or ``nothing_to_audit``.
        summary: one sentence.
        finding: what it is about; None when it is about coverage.
    """

    rule: str
    summary: str
    finding: Finding | None = None


class Verdict(Record):
    """The policy's answer.

    Attributes:
        violations: findings that block.
        gaps: reasons why the result is incomplete: coverage and age.
        shown: findings that do not block, each with the reason.
        waived: findings that somebody accepted until a date, or that a VEX document decides.
        acceptances: why, in the order of `waived`.
        unapplied_vex: products in VEX documents that no package can be compared with.
        known: findings that the baseline has already.
        is_enforced: False in an environment that only warns.
    """

    violations: tuple[Violation, ...] = ()
    gaps: tuple[Violation, ...] = ()
    shown: tuple[tuple[Finding, str], ...] = ()
    waived: tuple[Finding, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()
    unapplied_vex: tuple[Skipped, ...] = ()
    known: tuple[Finding, ...] = ()
    is_enforced: bool = True

    @property
    def word(self) -> Literal["pass", "fail", "unknown"]:
        """Return the answer in one word; a gap is stronger than a violation, as in the exit codes."""
        return "unknown" if self.gaps else "fail" if self.violations else "pass"


class Report(Record):
    """An audit with the policy's answer: what every form of report shows.

    Attributes:
        audit: what was found and seen.
        verdict: what follows.
        made_at: an RFC 3339 time.
        version: of boombap.
        floor: the severity from which findings are shown; empty for all.
        hidden: how many findings are below it.
    """

    audit: Audit
    verdict: Verdict
    made_at: str
    version: str
    floor: str = ""
    hidden: int = 0

    @property
    def by_status(self) -> tuple[tuple[Finding, str, str], ...]:
        """Return every finding in order of urgency, with blocks, shown, waived or known, and the reason."""
        status: dict[int, tuple[str, str]] = {id(one): ("known", "the baseline has it") for one in self.verdict.known}
        status |= {id(one): ("waived", "waived") for one in self.verdict.waived}
        accepted = zip(self.verdict.waived, self.verdict.acceptances, strict=False)
        status |= {id(one): ("waived", acceptance.reason) for one, acceptance in accepted}
        status |= {id(one): ("shown", reason) for one, reason in self.verdict.shown}
        status |= {id(one.finding): ("blocks", one.rule) for one in self.verdict.violations if one.finding}
        return tuple((one, *status.get(id(one), ("shown", ""))) for one in self.audit.findings)
