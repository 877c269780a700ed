"""requirements.txt as pip reads it: which lines pin a package, and which files they lead to.

Nothing but `re` is needed; 100,000 lines are a second. Environment markers do not leave a package out: it is installed
somewhere. Source of the line rules: pip's documentation, "Requirements File Format", and PEP 508.
"""

from __future__ import annotations

import os
import re

from boombap.deps import lint
from boombap.deps.manifest import safe_text
from boombap.deps.manifest.collector import (
    FROM_GIT,
    FROM_URL,
    LOCAL,
    NOT_PINNED,
    Bounds,
    ManifestCollector,
    masked,
    scope_of,
)
from boombap.deps.manifest.pypi import markers
from boombap.deps.package_names import normalise
from boombap.deps.versions.ranges import satisfies
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.model import Skipped

_COMMENT_LINE = re.compile(r"\s*#")
_NAME = r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
# Runs are possessive: where two of them may lie beside each other, a pattern would try every way to share the blanks.
_EXTRAS = r"[ \t]*+(?:\[[^\]]*+\])?+[ \t]*+"
_VERSION = r"([A-Za-z0-9][\w.!+-]*+)[ \t]*+"
# What most lines are. A version of arbitrary equality (===) may be any text without spaces.
_PINNED = re.compile(rf"\s*+{_NAME}{_EXTRAS}\(?+[ \t]*+(===?+)[ \t]*+{_VERSION}\)?+[ \t]*+(?:;|$)", re.ASCII)
_NAMED = re.compile(rf"\s*+{_NAME}{_EXTRAS}(.*)$", re.ASCII | re.DOTALL)
_EXACT = re.compile(rf"===?[ \t]*+{_VERSION}(?=,|$)", re.ASCII)
_OPTION = re.compile(r"(?<=\s)--?(?:hash|config-settings?|global-option|install-option|C)\b")
# As a shell cuts a line, quotes and all.
_SHELL_WORDS = re.compile(r"(?:\"[^\"]*+\"?+|'[^']*+'?+|[^\s\"'])++")
_QUOTES = re.compile(r"[\"']")
_FOLLOWED = {"-r": "-r", "--requirement": "-r", "--requirements": "-r", "-c": "-c", "--constraint": "-c"}
_EDITABLE = frozenset(("-e", "--editable"))
_VCS = ("git+", "hg+", "svn+", "bzr+", "git:", "git@")
_SDISTS = (".tar.gz", ".zip", ".tar.bz2", ".tgz")
_WHEEL_PARTS = (5, 6)  # name, version, perhaps a build number, Python, ABI, platform
_DEEPEST = 50
_HEAD_LINES, _HEAD_CHARACTERS = 12, 4_000


class IncludeBoundary:
    """How far references to other files may lead.

    Attributes:
        root: the folder they must stay in.
        is_open: whether they may leave it.
    """

    def __init__(self, root: str, *, is_open: bool = False) -> None:
        self.root = os.path.realpath(root)
        self.is_open = is_open

    def holds(self, path: str) -> bool:
        """Tell whether a file may be read; symbolic links count as what they lead to.

        A requirements file elsewhere in the same git work tree may be: it is part of the same project. A file of
        another name may not, because what cannot be understood in it would be shown.
        """
        real = os.path.realpath(path)
        if self.is_open or real.startswith(os.path.join(self.root, "")):
            return True
        tree = _work_tree(self.root) if real.endswith((".txt", ".in")) else ""
        return bool(tree) and real.startswith(os.path.join(tree, ""))


def _work_tree(folder: str) -> str:
    """Return the git work tree that holds a folder; empty outside of one."""
    while not os.path.lexists(os.path.join(folder, ".git")):
        folder, name = os.path.split(folder)
        if not name:
            return ""
    return folder


class _Constraint(Record):
    """One pin of a constraints file: the name as written, the version, the file, its line, and the marker."""

    name: str
    version: str
    collector: ManifestCollector
    line: int
    marker: str


class _Visit:
    """One run over a file and everything that it leads to."""

    def __init__(self, fence: IncludeBoundary) -> None:
        self.fence = fence
        self.seen: set[tuple[str, bool]] = set()
        self.collectors: list[ManifestCollector] = []
        self.constraints: dict[str, list[_Constraint]] = {}


def read(path: str, shown: str, fence: IncludeBoundary) -> list[ManifestCollector]:
    """Return the collectors of a file and of every file that its ``-r`` and ``-c`` lines name, the file itself first.

    A package that a constraint pins counts with the constraint's version; so does one that only a constraint names,
    because a package of the project may bring it.

    Raises:
        Malformed: when the file itself cannot be read.
    """
    visit = _Visit(fence)
    _visit(visit, path, shown, depth=0, is_constraint=False)
    _apply_constraints(visit)
    return visit.collectors


def _visit(visit: _Visit, path: str, shown: str, *, depth: int, is_constraint: bool) -> None:
    visit.seen.add((os.path.realpath(path), is_constraint))
    text = safe_text.text(path)
    collector = ManifestCollector(shown, "PyPI", scope=scope_of(shown))
    collector.made_from = _made_from(text)
    collector.is_constraint = is_constraint
    visit.collectors.append(collector)
    hashes = lint.Hashes(shown)
    for line, entry in logical_lines(text):
        match = _PINNED.match(entry)
        if match and not is_constraint:
            marker = _marker(entry[match.end() :])
            collector.add(match[1], match[3], line=line, source=_one_line(entry), marker=marker)
        else:
            _entry(visit, collector, path, entry, line, depth=depth, is_constraint=is_constraint)
    hashes.examine(text)
    collector.lints += hashes.lints()


def _made_from(text: str) -> frozenset[str] | None:
    """Return the file names in the comment that pip-compile and uv put at the top of what they write."""
    head = text[:_HEAD_CHARACTERS].split("\n")
    comments = [line for line in head[:_HEAD_LINES] if line.startswith("#")]
    if not any("autogenerated by" in line for line in comments):
        return None
    return frozenset(word.rpartition("/")[2] for line in comments for word in line.split())


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    r"""Yield the entries of a file with their first line: continued lines joined, comments and empty lines left out.

    >>> list(logical_lines("# top\na==1 \\\n  --hash=sha256:0 # why\n\nb"))
    [(2, 'a==1   --hash=sha256:0'), (5, 'b')]
    """
    parts: list[str] = []
    begun = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if parts or line.endswith("\\"):
            begun = begun or number
            is_comment = _COMMENT_LINE.match(line) is not None
            if line.endswith("\\") and not is_comment:
                parts.append(line.strip("\\"))
                continue
            parts.append(" " + line if is_comment else line)
            line, number = "".join(parts), begun  # noqa: PLW2901 - the joined line takes the place of its last one
            parts, begun = [], 0
        if "#" in line:
            line = _uncommented(line)  # noqa: PLW2901
        if line and not line.isspace():
            yield number, line
    if parts and (rest := _uncommented("".join(parts)).strip()):
        yield begun, rest


def _uncommented(line: str) -> str:
    """Return a line without its comment, which begins at the line's begin or after a blank."""
    at = line.find("#")
    while at > 0 and not line[at - 1].isspace():
        at = line.find("#", at + 1)
    return line if at < 0 else line[:at].rstrip()


def _entry(
    visit: _Visit, collector: ManifestCollector, path: str, entry: str, line: int, *, depth: int, is_constraint: bool
) -> None:
    stripped = entry.strip()
    if stripped.startswith("-"):
        _flag(visit, collector, path, stripped, line, depth=depth, is_constraint=is_constraint)
        return
    cut = _OPTION.search(stripped)
    if cut:
        stripped = stripped[: cut.start()].rstrip()
    requirement, _, marker = stripped.partition(";") if " @ " not in stripped else stripped.partition(" ;")
    requirement, marker = requirement.strip(), marker.strip()
    if is_constraint:
        _constrain(visit, collector, requirement, line, marker)
        return
    _requirement(collector, requirement, line, marker)


def _marker(rest: str) -> str:
    """Return the marker in what follows a pin, without the options behind it."""
    cut = _OPTION.search(rest)
    return (rest[: cut.start()] if cut else rest).strip()


def add_requirement(collector: ManifestCollector, text: str, line: int) -> None:
    """Take in one requirement as a requirements file has it, without options and references."""
    requirement, _, marker = text.partition(";") if " @ " not in text else text.partition(" ;")
    _requirement(collector, requirement.strip(), line, marker.strip())


def _requirement(collector: ManifestCollector, requirement: str, line: int, marker: str) -> None:
    match = _NAMED.match(requirement)
    if match is None or _is_place(requirement):
        _place(collector, "", requirement, line, marker)
        return
    name, rest = match[1], match[2].strip()
    if rest.startswith("@"):
        _place(collector, name, rest[1:].strip(), line, marker)
        return
    exact = exact_version(rest)
    if exact:
        collector.add(name, exact, line=line, source=_one_line(requirement), marker=marker)
    elif rest and rest[0] not in "<>=!~(":
        collector.skip(_one_line(requirement), "cannot be understood", line=line, pin=f"write {name}==VERSION")
    else:
        bounds = Bounds(rest, is_conditional=bool(marker), marker=marker)
        pin = f"write {name}==VERSION"
        collector.skip(_one_line(requirement), NOT_PINNED, line=line, pin=pin, wanted=name, bounds=bounds)


def exact_version(specifiers: str) -> str:
    """Return the version that a set of specifiers pins; empty when it pins none.

    >>> exact_version("==1.0,!=1.1"), exact_version("==1.*"), exact_version(">=1,<2"), exact_version("(===2-x)")
    ('1.0', '', '', '2-x')
    """
    match = _EXACT.search(specifiers.strip().removeprefix("(").removesuffix(")").strip())
    return match[1] if match else ""


def _is_place(requirement: str) -> bool:
    first = requirement.split(" ", 1)[0]
    is_file = first.startswith((".", "/", "\\", "~")) or first.lower().endswith((".whl", ".tar.gz", ".zip", ".tgz"))
    return is_file or ("://" in first and "@" not in first.split("://")[0]) or first.startswith(_VCS)


def _place(collector: ManifestCollector, name: str, place: str, line: int, marker: str) -> None:
    """Note a requirement that names where it comes from; an archive says its version in its file name."""
    place = place.strip()
    shown = masked(f"{name} @ {place}" if name else place)
    if place.startswith(_VCS):
        what = name or _egg(place) or "the package"
        collector.skip(shown, FROM_GIT, line=line, pin=f"write {what}==VERSION if a release will do")
        return
    archive, version = _archive(place)
    if version:
        collector.add(name or archive, version, line=line, source=shown, marker=marker)
        return
    reason = FROM_URL if "://" in place and not place.startswith("file:") else LOCAL
    collector.skip(shown, reason, line=line, pin=f"write {name or _egg(place) or 'NAME'}==VERSION if the index has it")


def _archive(place: str) -> tuple[str, str]:
    """Return the name and the version that the file name of a wheel or a source archive says; empty for another."""
    from urllib.parse import unquote

    file = unquote(place.partition("#")[0].partition("?")[0]).replace("\\", "/").rpartition("/")[2]
    if file.endswith(".whl"):
        parts = file.removesuffix(".whl").split("-")
        return (parts[0].replace("_", "-"), parts[1]) if len(parts) in _WHEEL_PARTS else ("", "")
    ending = next((one for one in _SDISTS if file.endswith(one)), "")
    name, _, version = file.removesuffix(ending).rpartition("-") if ending else ("", "", "")
    return (name, version) if name and version[:1].isdigit() else ("", "")


def _egg(place: str) -> str:
    match = re.search(r"[#&]egg=([\w.-]+)", place)
    return match[1] if match else ""


def _flag(
    visit: _Visit, collector: ManifestCollector, path: str, entry: str, line: int, *, depth: int, is_constraint: bool
) -> None:
    options = _options(entry)
    if not options:
        collector.skip(_one_line(entry), "cannot be understood", line=line)
    for flag, value in options:
        if flag in _EDITABLE:
            _editable(collector, value, line)
        elif flag in _FOLLOWED:
            is_inner_constraint = is_constraint or _FOLLOWED[flag] == "-c"
            _follow(visit, collector, path, value, line, depth=depth, is_constraint=is_inner_constraint)
        # The others (--index-url, --only-binary …) say how to install, not what.


def _options(entry: str) -> list[tuple[str, str]]:
    """Return every option of a line with its value; pip reads them all.

    >>> _options("--pre -r base.txt"), _options("-rbase.txt"), _options("--requirement='a b.txt'")
    ([('--pre', ''), ('-r', 'base.txt')], [('-r', 'base.txt')], [('--requirement', 'a b.txt')])
    """
    options: list[tuple[str, str]] = []
    for word in _SHELL_WORDS.findall(entry):
        text = _QUOTES.sub("", word)
        if options and not options[-1][1] and text.startswith("="):
            text = text[1:]  # ``--requirement = base.txt``
        flag, equals, value = text.partition("=")
        if text[:2] in ("-r", "-c", "-e") and text[:2] != text:
            options.append((text[:2], text[2:].removeprefix("=")))
        elif text.startswith("-") and text != "-":
            options.append((flag, value) if equals else (text, ""))
        elif options:
            # A value with blanks that nobody quoted is taken whole, as a folder's name may be written.
            flag, value = options[-1]
            options[-1] = (flag, f"{value} {text}".strip())
        else:
            return []
    return options


def _editable(collector: ManifestCollector, value: str, line: int) -> None:
    if value.startswith(_VCS) or "://" in value or " @ " in value:
        collector.skip(f"-e {value}", FROM_GIT, line=line, pin=f"write {_egg(value) or 'NAME'}==VERSION")
    else:
        collector.skip(f"-e {value}", LOCAL, line=line, pin="audit the files in that folder too")


def _follow(
    visit: _Visit, collector: ManifestCollector, path: str, value: str, line: int, *, depth: int, is_constraint: bool
) -> None:
    written = f"{'-c' if is_constraint else '-r'} {value}"
    if "://" in value:
        collector.skip(written, "is at an address", line=line, pin="audit a copy of that file", is_failure=True)
        return
    target = os.path.join(os.path.dirname(path), value)
    shown = os.path.normpath(os.path.join(os.path.dirname(collector.file), value)).replace(os.sep, "/")
    if not is_constraint:
        collector.includes.append(shown)
    if (os.path.realpath(target), is_constraint) in visit.seen:
        return
    if not visit.fence.holds(target):
        reason, pin = "leads out of the audited folder", "audit a folder that holds both files"
        collector.skip(written, reason, line=line, pin=pin, is_failure=True)
        return
    if depth >= _DEEPEST:
        collector.skip(written, f"is more than {_DEEPEST} files deep", line=line, is_failure=True)
        return
    try:
        _visit(visit, target, shown, depth=depth + 1, is_constraint=is_constraint)
    except safe_text.Malformed as error:
        inner = ManifestCollector(shown, "PyPI")
        inner.fail(f"{error.reason} (named in {collector.file}, line {line})", error.line)
        visit.collectors.append(inner)


def _constrain(visit: _Visit, collector: ManifestCollector, requirement: str, line: int, marker: str) -> None:
    match = _NAMED.match(requirement)
    exact = exact_version(match[2]) if match else ""
    if match and exact:
        normal = normalise("PyPI", match[1])
        known = visit.constraints.setdefault(normal, [])
        # Of two for the same environments the first counts.
        if all(marker != one.marker for one in known):
            known.append(_Constraint(match[1], exact, collector, line, marker))
    # A constraint that pins nothing asks for nothing either.


def _apply_constraints(visit: _Visit) -> None:
    if not visit.constraints:
        return
    for collector in visit.collectors:
        kept = []
        for at, skipped in enumerate(collector.skipped):
            wish = collector.wanted.get(at)
            reason = (
                _constrained(collector, skipped, wish.bounds, visit.constraints[wish.normal])
                if (wish and wish.normal in visit.constraints)
                else skipped.reason
            )
            if reason:
                kept.append((skipped.replace(reason=reason), wish))
        collector.skipped = [skipped for skipped, _ in kept]
        collector.wanted = {at: wish for at, (_, wish) in enumerate(kept) if wish}
    pinned = {dependency.normal for collector in visit.collectors for dependency in collector.dependencies}
    for normal, listed in visit.constraints.items():
        for one in listed if normal not in pinned else ():
            source_ = f"{one.name}=={one.version}"
            one.collector.add(one.name, one.version, line=one.line, is_direct=False, source=source_, marker=one.marker)


def _constrained(collector: ManifestCollector, skipped: Skipped, bounds: Bounds, listed: list[_Constraint]) -> str:
    """Pin an entry to what its constraints allow, and return why they do not; empty when they do."""
    allowed = [one for one in listed if satisfies(bounds.form, bounds.text, one.version)]
    if not allowed:
        return f"is constrained to {listed[0].version} in {listed[0].collector.file}, which does not satisfy it"
    if not markers.cover((one.marker for one in allowed), bounds.marker):
        first = allowed[0]
        return f"is constrained to {first.version} in {first.collector.file} {markers.only_where(first.marker)}"
    for one in allowed:
        collector.add(one.name, one.version, line=skipped.line, source=skipped.what, marker=one.marker)
    return ""


def _one_line(entry: str) -> str:
    cut = _OPTION.search(entry)
    return " ".join((entry[: cut.start()] if cut else entry).split())
