"""requirements.txt as pip reads it: which lines pin a package, and which files they lead to.

Nothing but `re` is needed; 100,000 lines are a second. Environment markers do not leave a package out: it is installed
somewhere. Source of the line rules: pip's documentation, "Requirements File Format", and PEP 508.
"""

from __future__ import annotations

import os
import re

from boombap.deps import lint
from boombap.deps.manifest import source
from boombap.deps.manifest.sheet import FROM_GIT, FROM_URL, LOCAL, NOT_PINNED, Sheet, masked, scope_of
from boombap.deps.names import normalise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMENT = re.compile(r"(?:^|\s+)#.*$", re.MULTILINE)
_COMMENT_LINE = re.compile(r"\s*#")
_NAME = r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
_EXTRAS = r"[ \t]*(?:\[[^\]]*\])?[ \t]*"
# What most lines are. A version of arbitrary equality (===) may be any text without spaces.
_PINNED = re.compile(rf"\s*{_NAME}{_EXTRAS}\(?[ \t]*(===?)[ \t]*([A-Za-z0-9][\w.!+-]*)[ \t]*\)?[ \t]*(?:;|$)", re.ASCII)
_NAMED = re.compile(rf"\s*{_NAME}{_EXTRAS}(.*)$", re.ASCII | re.DOTALL)
_EXACT = re.compile(r"===?[ \t]*([A-Za-z0-9][\w.!+-]*)[ \t]*(?=,|$)", re.ASCII)
_OPTION = re.compile(r"\s+--?(?:hash|config-settings?|global-option|install-option|C)\b")
_FLAG = re.compile(r"\s*(-{1,2}[A-Za-z][\w-]*)(?:\s*=\s*|\s+|(?<=-[rce])(?=[^\s=]))?(.*)$", re.DOTALL)
_FOLLOWED = {"-r": "-r", "--requirement": "-r", "--requirements": "-r", "-c": "-c", "--constraint": "-c"}
_EDITABLE = frozenset(("-e", "--editable"))
_VCS = ("git+", "hg+", "svn+", "bzr+", "git:", "git@")
_SDISTS = (".tar.gz", ".zip", ".tar.bz2", ".tgz")
_WHEEL_PARTS = (5, 6)  # name, version, perhaps a build number, Python, ABI, platform
_DEEPEST = 50


class Fence:
    """How far references to other files may lead.

    Attributes:
        root: the folder they must stay in.
        is_open: whether they may leave it.
    """

    def __init__(self, root: str, *, is_open: bool = False) -> None:
        self.root = os.path.realpath(root)
        self.is_open = is_open

    def holds(self, path: str) -> bool:
        """Tell whether a file may be read; symbolic links count as what they lead to."""
        return self.is_open or os.path.realpath(path).startswith(os.path.join(self.root, ""))


class _Visit:
    """One run over a file and everything that it leads to."""

    def __init__(self, fence: Fence) -> None:
        self.fence = fence
        self.seen: set[str] = set()
        self.sheets: list[Sheet] = []
        self.constraints: dict[str, tuple[str, Sheet, int, str]] = {}


def read(path: str, shown: str, fence: Fence) -> list[Sheet]:
    """Give the sheets of a file and of every file that its ``-r`` and ``-c`` lines name, the file itself first.

    A package that a constraint pins counts with the constraint's version; so does one that only a constraint names,
    because a package of the project may bring it.

    Raises:
        Malformed: when the file itself cannot be read.
    """
    visit = _Visit(fence)
    _visit(visit, path, shown, depth=0, is_constraint=False)
    _apply_constraints(visit)
    return visit.sheets


def _visit(visit: _Visit, path: str, shown: str, *, depth: int, is_constraint: bool) -> None:
    visit.seen.add(os.path.realpath(path))
    text = source.text(path)
    sheet = Sheet(shown, "PyPI", scope=scope_of(shown))
    visit.sheets.append(sheet)
    hashes = lint.Hashes(shown)
    for line, entry in logical_lines(text):
        match = _PINNED.match(entry)
        if match and not is_constraint:
            sheet.add(match[1], match[3], line=line, is_direct=None, source=_one_line(entry))
        else:
            _entry(visit, sheet, path, entry, line, depth=depth, is_constraint=is_constraint)
    hashes.examine(text)
    sheet.lints += hashes.lints()


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    r"""Give the entries of a file with their first line: continued lines joined, comments and empty lines left out.

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
            line = _COMMENT.sub("", line)  # noqa: PLW2901
        if line and not line.isspace():
            yield number, line
    if parts and (rest := _COMMENT.sub("", "".join(parts)).strip()):
        yield begun, rest


def _entry(visit: _Visit, sheet: Sheet, path: str, entry: str, line: int, *, depth: int, is_constraint: bool) -> None:
    stripped = entry.strip()
    if stripped.startswith("-"):
        _flag(visit, sheet, path, stripped, line, depth=depth, is_constraint=is_constraint)
        return
    cut = _OPTION.search(stripped)
    if cut:
        stripped = stripped[: cut.start()].rstrip()
    requirement, _, _ = stripped.partition(";") if " @ " not in stripped else stripped.partition(" ;")
    requirement = requirement.strip()
    if is_constraint:
        _constrain(visit, sheet, requirement, line)
        return
    _requirement(sheet, requirement, line)


def _requirement(sheet: Sheet, requirement: str, line: int, scope: str = "") -> None:
    match = _NAMED.match(requirement)
    if match is None or _is_place(requirement):
        _place(sheet, "", requirement, line)
        return
    name, rest = match[1], match[2].strip()
    if rest.startswith("@"):
        _place(sheet, name, rest[1:].strip(), line)
        return
    exact = exact_version(rest)
    if exact:
        sheet.add(name, exact, line=line, source=_one_line(requirement))
    elif rest and rest[0] not in "<>=!~(":
        sheet.skip(_one_line(requirement), "cannot be understood", line=line, pin=f"write {name}==VERSION")
    else:
        sheet.skip(_one_line(requirement), NOT_PINNED, line=line, pin=f"write {name}==VERSION", wanted=name)


def exact_version(specifiers: str) -> str:
    """Give the version that a set of specifiers pins; empty when it pins none.

    >>> exact_version("==1.0,!=1.1"), exact_version("==1.*"), exact_version(">=1,<2"), exact_version("(===2-x)")
    ('1.0', '', '', '2-x')
    """
    match = _EXACT.search(specifiers.strip().removeprefix("(").removesuffix(")").strip())
    return match[1] if match else ""


def _is_place(requirement: str) -> bool:
    first = requirement.split(" ", 1)[0]
    is_file = first.startswith((".", "/", "\\", "~")) or first.lower().endswith((".whl", ".tar.gz", ".zip", ".tgz"))
    return is_file or ("://" in first and "@" not in first.split("://")[0]) or first.startswith(_VCS)


def _place(sheet: Sheet, name: str, place: str, line: int) -> None:
    """Note a requirement that names where it comes from; an archive says its version in its file name."""
    place = place.strip()
    shown = masked(f"{name} @ {place}" if name else place)
    if place.startswith(_VCS):
        what = name or _egg(place) or "the package"
        sheet.skip(shown, FROM_GIT, line=line, pin=f"write {what}==VERSION if a release will do")
        return
    archive, version = _archive(place)
    if version:
        sheet.add(name or archive, version, line=line, source=shown)
        return
    reason = FROM_URL if "://" in place and not place.startswith("file:") else LOCAL
    sheet.skip(shown, reason, line=line, pin=f"write {name or _egg(place) or 'NAME'}==VERSION if the index has it")


def _archive(place: str) -> tuple[str, str]:
    """Give the name and the version that the file name of a wheel or a source archive says; empty for another."""
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


def _flag(visit: _Visit, sheet: Sheet, path: str, entry: str, line: int, *, depth: int, is_constraint: bool) -> None:
    match = _FLAG.match(entry)
    if match is None:
        sheet.skip(_one_line(entry), "cannot be understood", line=line)
        return
    flag, value = match[1], match[2].strip().strip("'\"")
    if flag[:2] in ("-r", "-c", "-e") and not flag.startswith("--") and len(flag) > 2:  # noqa: PLR2004 - "-rfile"
        flag, value = flag[:2], flag[2:] + match[2].strip()
    if flag in _EDITABLE:
        _editable(sheet, value, line)
    elif flag in _FOLLOWED:
        is_inner_constraint = is_constraint or _FOLLOWED[flag] == "-c"
        _follow(visit, sheet, path, value, line, depth=depth, is_constraint=is_inner_constraint)
    # The others (--index-url, --only-binary …) say how to install, not what.


def _editable(sheet: Sheet, value: str, line: int) -> None:
    if value.startswith(_VCS) or "://" in value or " @ " in value:
        sheet.skip(f"-e {value}", FROM_GIT, line=line, pin=f"write {_egg(value) or 'NAME'}==VERSION")
    else:
        sheet.skip(f"-e {value}", LOCAL, line=line, pin="audit the files in that folder too")


def _follow(visit: _Visit, sheet: Sheet, path: str, value: str, line: int, *, depth: int, is_constraint: bool) -> None:
    written = f"{'-c' if is_constraint else '-r'} {value}"
    if "://" in value:
        sheet.skip(written, "lies at an address", line=line, pin="audit a copy of that file")
        return
    target = os.path.join(os.path.dirname(path), value)
    if os.path.realpath(target) in visit.seen:
        return
    if not visit.fence.holds(target):
        sheet.skip(written, "leads out of the audited folder", line=line, pin="audit a folder that holds both files")
        return
    if depth >= _DEEPEST:
        sheet.skip(written, f"lies more than {_DEEPEST} files deep", line=line)
        return
    shown = os.path.normpath(os.path.join(os.path.dirname(sheet.file), value)).replace(os.sep, "/")
    try:
        _visit(visit, target, shown, depth=depth + 1, is_constraint=is_constraint)
    except source.Malformed as error:
        inner = Sheet(shown, "PyPI")
        inner.fail(f"{error.reason} (named in {sheet.file}, line {line})", error.line)
        visit.sheets.append(inner)


def _constrain(visit: _Visit, sheet: Sheet, requirement: str, line: int) -> None:
    match = _NAMED.match(requirement)
    exact = exact_version(match[2]) if match else ""
    if match and exact:
        normal = normalise("PyPI", match[1])
        visit.constraints.setdefault(normal, (exact, sheet, line, match[1]))
    # A constraint that pins nothing asks for nothing either.


def _apply_constraints(visit: _Visit) -> None:
    if not visit.constraints:
        return
    for sheet in visit.sheets:
        kept = []
        for at, skipped in enumerate(sheet.skipped):
            normal = sheet.wanted.get(at, ("", ""))[1]
            if normal in visit.constraints:
                version, _, _, name = visit.constraints[normal]
                sheet.add(name, version, line=skipped.line, source=skipped.what)
            else:
                kept.append((skipped, sheet.wanted.get(at)))
        sheet.skipped = [skipped for skipped, _ in kept]
        sheet.wanted = {at: wanted for at, (_, wanted) in enumerate(kept) if wanted}
    pinned = {dependency.normal for sheet in visit.sheets for dependency in sheet.dependencies}
    for normal, (version, sheet, line, name) in visit.constraints.items():
        if normal not in pinned:
            sheet.add(name, version, line=line, is_direct=False, source=f"{name}=={version}")


def _one_line(entry: str) -> str:
    cut = _OPTION.search(entry)
    return " ".join((entry[: cut.start()] if cut else entry).split())
