"""Which files of a tree say what a project depends on, and what becomes of each of the others that could.

Folders that a tool filled (node_modules, vendor) are not searched where the manifest of that tool is beside them.
Links to folders are not followed, so that no loop can hold the walk; links to files are, while they stay in the tree.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

from boombap.deps.manifest import third_party, unread
from boombap.deps.manifest.file_types import (
    CHECKED,
    DOCKERFILE,
    IMAGES,
    INSTALLED,
    SCRIPT,
    WORKFLOW,
    compiled_from,
    file_type_of,
    file_type_of_named,
    is_uncertain,
    superseded_by,
)
from boombap.deps.manifest.pypi import installed
from boombap.deps.model import InventoryFile, Skipped
from boombap.errors import NotFound, UsageError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from boombap.deps.manifest.file_types import FileType

_MOST = 10_000
_OUTSIDE = "is a link that leads out of the audited folder"
_UNSEARCHED = "is a link to a folder that is not searched"
# These are more often something else, so a folder of such a name is only a folder.
_NO_FOLDER = (IMAGES, DOCKERFILE, WORKFLOW, SCRIPT)


class Found(Record):
    """One file to read.

    Attributes:
        path: opens it.
        shown: its name as people see it: the path they gave and what lies below.
        file_type: what it is.
        root: the folder that references in it may not leave.
        is_named: whether somebody named the file itself.
        is_check: whether only what its lock lacks is of interest.
    """

    path: str
    shown: str
    file_type: FileType
    root: str
    is_named: bool = False
    is_check: bool = False


class Search:
    """What was found so far.

    Attributes:
        excluded: by pattern of names, the reason why such files are not read.
        found: the files to read.
        skipped: what could not be looked at.
        noted: files that are not read because a rule or another file makes them superfluous.
    """

    def __init__(self, excluded: Mapping[str, str]) -> None:
        self.excluded = excluded
        self.found: dict[str, Found] = {}
        self.skipped: list[Skipped] = []
        self.noted: list[InventoryFile] = []

    def fail(self, shown: str, reason: str, pin: str = "") -> None:
        """Note a file or a folder that cannot be looked at."""
        self.skipped.append(Skipped(shown, reason, shown, pin=pin, is_failure=True))

    def supersede(self, shown: str, by: str) -> None:
        """Note a file or a folder that another file says the same of."""
        self.noted.append(InventoryFile(shown, "superseded", f"{by} says it"))

    def excludes(self, shown: str) -> bool:
        """Tell whether a written rule leaves a file or a folder out, and note it then."""
        reason = next((reason for pattern, reason in self.excluded.items() if _is_named(shown, pattern)), "")
        if reason:
            self.noted.append(InventoryFile(shown, "excluded", reason))
        return bool(reason)


def _is_named(shown: str, pattern: str) -> bool:
    return fnmatchcase(shown, pattern.rstrip("/"))


def find(paths: Iterable[str], excluded: Mapping[str, str] | None = None, environments: Iterable[str] = ()) -> Search:
    """Return the manifests among and below some paths, in the order of their names, and what is not read.

    A virtual environment or a folder of installed packages, when named itself, stands for what is installed there.

    Raises:
        NotFound: when a path does not exist, or an environment holds no folder of packages.
        UsageError: when a named file is of no kind that is read.
    """
    search = Search(excluded or {})
    for path in paths:
        for item in _below(path, search):
            search.found.setdefault(os.path.realpath(item.path), item)
            if len(search.found) > _MOST:
                search.fail(path, f"holds more than {_MOST:,} manifests; the others were not read")
                break
    for path in environments:
        folders = list(_environment(path, search))
        if not folders:
            hint = "name a virtual environment, a prefix such as /usr, or a site-packages folder"
            raise NotFound(f"{path!r} holds no installed Python packages", hint=hint)
        for item in folders:
            search.found.setdefault(os.path.realpath(item.path), item)
    return search


def _below(path: str, search: Search) -> Iterator[Found]:
    shown = os.path.normpath(path).replace(os.sep, "/")
    if os.path.isdir(path):
        is_packages = os.path.basename(os.path.realpath(path)) in third_party.INSTALLED_NAMES
        if is_packages or os.path.isfile(os.path.join(path, "pyvenv.cfg")):
            yield from _environment(path, search)
            return
        yield from _Tree(path, "" if shown == "." else shown, search).walk()
        return
    if not os.path.lexists(path):
        raise NotFound(f"no such file or folder: {path!r}", hint="name a project's folder or one of its lock files")
    file_type = file_type_of_named(os.path.basename(path))
    if file_type is None:
        hint = "requirements.txt, pyproject.toml, lock files, SBOMs in JSON; docs/reference/deps.md lists them"
        raise UsageError(f"{path!r} is not a supported manifest or lock file", hint=hint)
    yield Found(path, shown, file_type, os.path.dirname(path) or ".", is_named=True)


def _environment(path: str, search: Search) -> Iterator[Found]:
    """Yield the folders of installed packages of an environment; what else it uses is a gap."""
    for folder in installed.folders(path):
        yield Found(folder, os.path.normpath(folder).replace(os.sep, "/"), INSTALLED, path, is_named=True)
    if installed.sees_others(path):
        shown = os.path.normpath(path).replace(os.sep, "/")
        search.fail(
            f"{shown}/pyvenv.cfg", "uses packages of the system too", "name that environment with --installed too"
        )


class _Tree:
    """The folder that is walked."""

    def __init__(self, root: str, shown_root: str, search: Search) -> None:
        self._root = root
        self._real_root = os.path.join(os.path.realpath(root), "")
        self._shown_root = shown_root
        self._search = search

    def walk(self) -> Iterator[Found]:
        """Yield the files to read; everything else that matters goes into the search."""
        pending = [""]
        while pending:
            folder = pending.pop()
            try:
                entries = sorted(os.scandir(os.path.join(self._root, folder)), key=lambda entry: entry.name)
            except OSError as error:
                self._search.fail(self._shown(folder) or ".", f"cannot be listed: {error.strerror}")
                continue
            names = {entry.name for entry in entries}
            below: list[str] = []
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from self._folder(entry, folder, names, below)
                elif not self._is_linked_folder(entry, folder) and (item := self._file(entry, folder, names)):
                    yield item
            pending += reversed(below)

    def _shown(self, *parts: str) -> str:
        return "/".join(part for part in (self._shown_root.rstrip("/"), *parts) if part).replace(os.sep, "/")

    def _folder(self, entry: os.DirEntry[str], folder: str, names: set[str], below: list[str]) -> Iterator[Found]:
        """Put a folder into `below` if it is to be walked; yield it if it holds installed packages."""
        shown = self._shown(folder, entry.name)
        if third_party.is_of_a_tool(entry.name, entry.path) or self._search.excludes(shown):
            return
        if manifest := third_party.filled_by(entry.name, names):
            self._search.supersede(shown, self._shown(folder, manifest))
        elif third_party.holds_only_packages(entry.name):
            self._search.fail(shown, "holds packages, and no manifest beside it names them", unread.SBOM_PIN)
        elif entry.name in third_party.INSTALLED_NAMES:
            yield Found(entry.path, shown, INSTALLED, self._root)
        elif "." in entry.name and file_type_of(entry.name) not in (None, *_NO_FOLDER):
            self._search.fail(shown, "is a folder where a file belongs")
        else:
            below.append(os.path.join(folder, entry.name))

    def _is_linked_folder(self, entry: os.DirEntry[str], folder: str) -> bool:
        """Tell whether a link leads to a folder, and note one that leads where nobody looks."""
        if not entry.is_symlink():
            return False
        if third_party.is_of_a_tool(entry.name, entry.path):
            return True
        is_lost = not os.path.exists(entry.path) and "." not in entry.name and not file_type_of(entry.name)
        if not is_lost and not os.path.isdir(entry.path):
            return False
        shown = self._shown(folder, entry.name)
        target = os.path.relpath(os.path.realpath(entry.path), self._real_root)
        if self._is_inside(entry) and not is_lost and not third_party.is_inside_one(target):
            return True  # what it leads to is found where it is
        if not self._search.excludes(shown):
            reason = "is a link to nothing" if is_lost else _UNSEARCHED if self._is_inside(entry) else _OUTSIDE
            self._search.fail(shown, reason, "audit what it leads to as well")
        return True

    def _is_inside(self, entry: os.DirEntry[str]) -> bool:
        return os.path.join(os.path.realpath(entry.path), "").startswith(self._real_root)

    def _file(self, entry: os.DirEntry[str], folder: str, names: set[str]) -> Found | None:
        """Return a file if it is to be read; a gap that it leaves is noted."""
        shown = self._shown(folder, entry.name)
        if entry.name == ".gitmodules":
            for name in third_party.unfetched_submodules(entry.path):
                self._search.fail(self._shown(folder, name), f"is a submodule of {shown} that was not fetched")
        checked, locks = CHECKED.get(entry.name) or compiled_from(entry.name)
        lock = next((lock for lock in locks if lock in names), "")
        file_type = checked if lock else self._file_type(entry, folder, names)
        if file_type is None or (file_type != IMAGES and self._search.excludes(shown)):
            return None
        by = lock or superseded_by(entry.name, names)
        if by:
            self._search.supersede(shown, self._shown(folder, by))
        if by and not lock:
            return None
        if entry.is_symlink() and not self._is_inside(entry):
            if file_type != IMAGES and not lock:
                self._search.fail(shown, _OUTSIDE)
            return None
        return Found(entry.path, shown, file_type, self._root, is_check=bool(lock))

    def _file_type(self, entry: os.DirEntry[str], folder: str, names: set[str]) -> FileType | None:
        """Return what a file is to be read as; where its name or text shows that it cannot be, that is noted."""
        file_type = file_type_of(entry.name, os.path.basename(folder))
        if not is_uncertain(file_type):
            return file_type
        gap = unread.by_name(entry.name, names) or _gap_in(entry)
        if gap is None:
            return file_type or (SCRIPT if _is_script(entry) else None)
        shown = self._shown(folder, entry.name)
        if not self._search.excludes(shown):
            self._search.fail(shown, gap.reason, gap.pin)
        return None


def _gap_in(entry: os.DirEntry[str]) -> unread.Gap | None:
    if not unread.has_marks(entry.name):
        return None
    text = _head(entry)
    return unread.Gap("cannot be read") if text is None else unread.by_text(entry.name, text)


def _is_script(entry: os.DirEntry[str]) -> bool:
    """Tell whether a file is a script that holds its requirements; programs often have a name without an ending."""
    if not entry.name.endswith(".py") and "." in entry.name:
        return False
    from boombap.deps.manifest.pypi.script import MARK

    return MARK.search(_head(entry) or b"") is not None


def _head(entry: os.DirEntry[str]) -> bytes | None:
    """Return the begin of a regular file; None when it cannot be read."""
    try:
        if not entry.is_file():
            return b""
        with open(entry.path, "rb", buffering=0) as file:
            return file.read(unread.SNIFFED_BYTES)
    except OSError:
        return None
