"""What one file says, gathered entry by entry: pinned, or skipped with the reason and the way to pin it."""

from __future__ import annotations

import re

from boombap.deps.model import Dependency, Reading, Skipped
from boombap.deps.package_names import normalise
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.model import Lint, Scope
    from boombap.deps.versions.ranges import Form

NOT_PINNED = "not pinned to a version"
LOCAL = "comes from a local folder or file"
FROM_GIT = "comes from version control"
FROM_URL = "comes from an address, not from the index"
NO_VERSION = "names no version"

_LONGEST = 200
_USER = re.compile(r"(?<=://)[^/?#\s]*@")
# The query is optional, so that an address without one is passed over at once.
_QUERY = re.compile(r"(?<=\w://)([^\s?#]*+)(\?[^\s#]*+)?")
# What people write into addresses and options instead: tokens as path segments or as the value of an option.
_TOKEN = re.compile(r"(?:gh[pousr]_|github_pat_|glpat-|pypi-|npm_)[\w-]{8,}")
_DEVELOPMENT = re.compile(r"(?:^|[-_./])(?:dev|devel|development|tests?|testing|lint|docs?|ci|typing|build)(?:[-_.]|$)")


class Bounds(Record):
    """Which versions an entry asks for.

    Attributes:
        text: the range as written; empty for any version.
        form: whose rules it follows.
        is_conditional: whether it counts in some environments only.
        marker: these environments, where the entry says them as PEP 508 does.
    """

    text: str = ""
    form: Form = "pep440"
    is_conditional: bool = False
    marker: str = ""


class UpdateOptions(Record):
    """A package that an entry asks for in some version.

    Attributes:
        ecosystem: of the package.
        normal: its normalised name.
        bounds: the versions that answer.
    """

    ecosystem: str
    normal: str
    bounds: Bounds


class ManifestCollector:
    """What one file says so far.

    Attributes:
        file: its name as people see it.
        ecosystem: of its entries, unless an entry says another.
        scope: of its entries, unless an entry says another.
        is_lock: whether it pins everything, the transitive packages included.
        dependencies: what is pinned.
        skipped: what is not.
        wanted: by the place in `skipped`, the package that a lock beside the file may pin.
        files: the files that were read for it.
        lints: what is doubtful about it.
        includes: the files that are installed together with it, as people see them.
        made_from: names of the files that a tool compiled it from; None when no tool says so.
        own: packages of the project itself, which a lock names without a release.
        is_constraint: whether it is read only for the versions that it allows.
        is_check: whether it is read only to see that the lock beside it answers it.
        has_hashes: whether its packages have hashes, so that pip wants the file to be complete.
        pythons: the releases of Python that the project supports; None when the file does not say.
    """

    def __init__(self, file: str, ecosystem: str, *, is_lock: bool = False, scope: Scope = "runtime") -> None:
        self.file = file
        self.ecosystem = ecosystem
        self.is_lock = is_lock
        self.scope = scope
        self.dependencies: list[Dependency] = []
        self.skipped: list[Skipped] = []
        self.wanted: dict[int, UpdateOptions] = {}
        self.files: list[str] = [file]
        self.lints: list[Lint] = []
        self.includes: list[str] = []
        self.made_from: frozenset[str] | None = None
        self.own: set[str] = set()
        self.is_constraint = False
        self.is_check = False
        self.has_hashes = False
        self.pythons: Bounds | None = None

    def add(
        self,
        name: str,
        version: str,
        *,
        line: int = 0,
        scope: Scope | None = None,
        is_direct: bool | None = None,
        ecosystem: str = "",
        source: str = "",
        marker: str = "",
    ) -> None:
        """Note a package in one exact version; without a name or a version it is skipped."""
        ecosystem = ecosystem or self.ecosystem
        if not name.strip() or not version.strip():
            self.skip(name or "an entry", NO_VERSION, line=line, scope=scope)
            return
        normal = normalise(ecosystem, name)
        place = (self.file, line, scope or self.scope, is_direct, masked(source), marker.strip())
        self.dependencies.append(Dependency(ecosystem, name, normal, version.strip(), *place))

    def skip(
        self,
        what: str,
        reason: str,
        *,
        line: int = 0,
        pin: str = "",
        scope: Scope | None = None,
        wanted: str = "",
        bounds: Bounds = Bounds(),  # noqa: B008 - frozen
        is_failure: bool = False,
    ) -> None:
        """Note what cannot be audited.

        Args:
            what: the entry, as it is written.
            reason: one phrase.
            line: counted from 1.
            pin: how to make it auditable.
            scope: of the entry.
            wanted: the package it asks for in some version; a lock beside the file may pin it.
            bounds: the versions that it asks for.
            is_failure: whether a whole file is missing with it.
        """
        if wanted:
            self.wanted[len(self.skipped)] = UpdateOptions(self.ecosystem, normalise(self.ecosystem, wanted), bounds)
        self.skipped.append(Skipped(masked(what), reason, self.file, line, pin, scope or self.scope, is_failure))

    def fail(self, reason: str, line: int = 0) -> None:
        """Note that the file as a whole could not be read; what it gave so far is not the whole of it."""
        self.skipped.append(Skipped(self.file, reason, self.file, line, scope=self.scope, is_failure=True))

    def reading(self) -> Reading:
        """Return what was gathered."""
        return Reading(tuple(self.dependencies), tuple(self.skipped), tuple(self.lints), tuple(self.files))


def masked(text: str) -> str:
    """Return a text from a file without passwords, tokens and query strings in its addresses, and not too long.

    >>> masked("git+https://me:secret@git.example.org/x?token=1")
    'git+https://***@git.example.org/x?***'
    """
    if "://" in text:
        text = _QUERY.sub(lambda found: f"{found[1]}?***" if found[2] else found[1], _USER.sub("***@", text))
    if "_" in text or "-" in text:
        text = _TOKEN.sub("***", text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def scope_of(file: str) -> Scope:
    """Guess the scope of a file's entries from its name.

    >>> scope_of("requirements-dev.txt"), scope_of("requirements/base.txt"), scope_of("latest.txt")
    ('dev', 'runtime', 'runtime')
    """
    folder, _, name = file.replace("\\", "/").rpartition("/")
    near = folder.rpartition("/")[2]
    return "dev" if _DEVELOPMENT.search(name.lower()) or near in ("dev", "tests", "test", "docs") else "runtime"
