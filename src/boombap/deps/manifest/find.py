"""Which files of a tree say what a project depends on.

Folders with code of others (node_modules, .venv, vendor) are passed over: what lies there is in a lock file above.
Links to folders are not followed, so that no loop can hold the walk; links to files are, while they stay in the tree.
"""

from __future__ import annotations

import os

from boombap.deps.manifest.file_types import (
    CHECKED,
    DOCKERFILE,
    IMAGES,
    INSTALLED,
    UNLOCKED,
    UNREAD,
    compiled_from,
    file_type_of,
    file_type_of_named,
    is_superseded,
)
from boombap.deps.model import Skipped
from boombap.errors import NotFound, UsageError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boombap.deps.manifest.file_types import FileType

PASSED_OVER = frozenset(
    (
        ".git .hg .svn .bzr .tox .nox .venv venv __pycache__ .mypy_cache .ruff_cache .pytest_cache .cache .eggs "
        "node_modules bower_components jspm_packages .yarn .pnpm-store site-packages dist-packages __pypackages__ "
        "vendor target .bundle .gradle .m2 .cargo .terraform"
    ).split()
)
_MOST = 10_000


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


def find(paths: Iterable[str]) -> tuple[list[Found], list[Skipped]]:
    """Return the manifests among and below some paths, in the order of their names, and what could not be looked at.

    A virtual environment or a folder of installed packages, when named itself, stands for what is installed there.

    Raises:
        NotFound: when a path does not exist.
        UsageError: when a named file is of no kind that is read.
    """
    found: dict[str, Found] = {}
    skipped: list[Skipped] = []
    for path in paths:
        for one in _below(path, skipped):
            found.setdefault(os.path.realpath(one.path), one)
            if len(found) > _MOST:
                skipped.append(Skipped(path, f"holds more than {_MOST:,} manifests; the others were not read"))
                break
    return list(found.values()), skipped


def _below(path: str, skipped: list[Skipped]) -> Iterator[Found]:
    shown = os.path.normpath(path).replace(os.sep, "/")
    if os.path.isdir(path):
        installed = _installed(path)
        if installed:
            for folder in installed:
                yield Found(folder, os.path.normpath(folder).replace(os.sep, "/"), INSTALLED, path, is_named=True)
            return
        yield from _walk(path, "" if shown == "." else shown, skipped)
        return
    if not os.path.lexists(path):
        raise NotFound(f"no such file or folder: {path!r}", hint="name a project's folder or one of its lock files")
    file_type = file_type_of_named(os.path.basename(path))
    if file_type is None:
        hint = "requirements.txt, pyproject.toml, lock files, SBOMs in JSON; docs/reference/deps.md lists them"
        raise UsageError(f"{path!r} is not a supported manifest or lock file", hint=hint)
    yield Found(path, shown, file_type, os.path.dirname(path) or ".", is_named=True)


def _installed(path: str) -> list[str]:
    if os.path.basename(os.path.realpath(path)) in ("site-packages", "dist-packages"):
        return [path]
    if not os.path.isfile(os.path.join(path, "pyvenv.cfg")):
        return []
    library = os.path.join(path, "lib")
    versions = sorted(os.listdir(library)) if os.path.isdir(library) else []
    folders = [os.path.join(library, version, "site-packages") for version in versions]
    folders.append(os.path.join(path, "Lib", "site-packages"))
    return [folder for folder in folders if os.path.isdir(folder)]


def _walk(root: str, shown_root: str, skipped: list[Skipped]) -> Iterator[Found]:
    tree = _Tree(root, shown_root, skipped)
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            entries = sorted(os.scandir(os.path.join(root, folder)), key=lambda entry: entry.name)
        except OSError as error:
            shown = tree.shown(folder) or "."
            skipped.append(Skipped(shown, f"cannot be listed: {error.strerror}", shown, is_failure=True))
            continue
        names = {entry.name for entry in entries}
        if folder and "pyvenv.cfg" in names:
            continue
        below = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        pending += [os.path.join(folder, name) for name in reversed(below) if name not in PASSED_OVER]
        for entry in entries:
            if not _is_folder(entry) and (one := tree.judge(entry, folder, names)):
                yield one


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links that lead to each other; reading one says so
        return False


class _Tree:
    """The folder that is walked, and what in it cannot be read."""

    def __init__(self, root: str, shown_root: str, skipped: list[Skipped]) -> None:
        self._root = root
        self._real_root = os.path.join(os.path.realpath(root), "")
        self._shown_root = shown_root
        self._skipped = skipped

    def shown(self, *parts: str) -> str:
        """Return a path below the folder as people see it."""
        return "/".join(part for part in (self._shown_root.rstrip("/"), *parts) if part).replace(os.sep, "/")

    def judge(self, entry: os.DirEntry[str], folder: str, names: set[str]) -> Found | None:
        """Return a file if it is to be read; a gap that it leaves is noted."""
        checked, locks = CHECKED.get(entry.name) or compiled_from(entry.name)
        is_check = bool(names.intersection(locks))
        file_type = checked if is_check else file_type_of(entry.name, os.path.basename(folder))
        shown = self.shown(folder, entry.name)
        if file_type is None:
            self._note_gap(entry.name, names, shown)
            return None
        if is_superseded(entry.name, names) and not is_check:
            return None
        if entry.is_symlink() and not os.path.realpath(entry.path).startswith(self._real_root):
            if file_type not in (DOCKERFILE, IMAGES) and not is_check:
                reason = "is a link that leads out of the audited folder"
                self._skipped.append(Skipped(shown, reason, shown, is_failure=True))
            return None
        return Found(entry.path, shown, file_type, self._root, is_check=is_check)

    def _note_gap(self, name: str, names: set[str], shown: str) -> None:
        locks, way = UNLOCKED.get(name, ((), ""))
        if name in UNREAD:
            reason, pin = "is of a format that is not read yet", "audit an SBOM of the project"
        elif way and not names.intersection(locks):
            reason, pin = "names packages, but no lock file lies beside it", f"make one with {way}"
        else:
            return
        self._skipped.append(Skipped(shown, reason, shown, pin=pin))
