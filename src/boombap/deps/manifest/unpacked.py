"""What is installed below the root of an unpacked image: Python and npm packages, programs of Go, system packages.

Links are not followed: what they lead to in the image is found where it is.
"""

from __future__ import annotations

import os
import re

from boombap.deps.manifest import third_party, unread
from boombap.deps.manifest.file_types import GO_PROGRAM, INSTALLED, NODE_MODULES, SYSTEM_PACKAGES
from boombap.deps.manifest.find import Found
from boombap.deps.manifest.image import go_program
from boombap.deps.manifest.image.system_packages import PLACES
from boombap.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boombap.deps.manifest.file_types import FileType
    from boombap.deps.manifest.find import Search

_KERNEL = frozenset(("proc", "sys", "dev"))
_ARCHIVES = re.compile(r"\.(?:jar|war|ear|whl|nupkg|phar)$", re.IGNORECASE)
_GEMS = re.compile(r"(?:^|/)specifications(?:/default)?$")
_COMPOSER = re.compile(r"/composer/installed\.json$")
_PIN = unread.SBOM_PIN
_ANY_EXECUTE = 0o111


def find_installed(root: str, search: Search, check: Callable[[], None]) -> None:
    """Put what is installed below a root into a search.

    Args:
        root: the folder of the unpacked image.
        search: gets the places to read, and what cannot be looked at.
        check: called before each folder; may raise to end the run.

    Raises:
        NotFound: when the root is not a folder.
    """
    if not os.path.isdir(root):
        raise NotFound(f"{root!r} is not a folder", hint="name the folder into which an image was unpacked")
    before = len(search.found), len(search.skipped), len(search.noted)
    for item in _Root(root, search).walk(check):
        search.found.setdefault(os.path.realpath(item.path), item)
    if before == (len(search.found), len(search.skipped), len(search.noted)):
        search.fail(_normal(root), "holds nothing installed that is read here", _PIN)


def _normal(path: str) -> str:
    return os.path.normpath(path).replace(os.sep, "/")


class _Root:
    """The folder that is walked."""

    def __init__(self, root: str, search: Search) -> None:
        self._root = root
        self._shown_root = _normal(root).rstrip("/")
        self._search = search

    def walk(self, check: Callable[[], None]) -> Iterator[Found]:
        """Yield the places to read; what cannot be looked at goes into the search."""
        pending = [""]
        while pending:
            check()
            folder = pending.pop()
            try:
                entries = sorted(os.scandir(os.path.join(self._root, folder)), key=lambda entry: entry.name)
            except OSError as error:
                self._search.fail(self._shown(folder), f"cannot be listed: {error.strerror}")
                continue
            yield from self._folder(folder, entries)
            below = []
            for entry in entries:
                place = os.path.join(folder, entry.name)
                if entry.is_symlink() or self._search.excludes(self._shown(place)):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    below += [] if self._is_of_kernel(place) else [place]
                elif entry.is_file(follow_symlinks=False):
                    yield from self._file(entry, place)
            pending += reversed(below)

    def _shown(self, place: str) -> str:
        return f"{self._shown_root}/{place}".replace(os.sep, "/") if place else self._shown_root or "/"

    def _found(self, place: str, file_type: FileType) -> Found:
        return Found(os.path.join(self._root, place), self._shown(place), file_type, self._root, is_named=True)

    def _is_of_kernel(self, place: str) -> bool:
        return place in _KERNEL and os.path.ismount(os.path.join(self._root, place))

    def _folder(self, place: str, entries: list[os.DirEntry[str]]) -> Iterator[Found]:
        name = os.path.basename(place)
        gems = sum(entry.name.endswith(".gemspec") for entry in entries)
        if name in third_party.INSTALLED_NAMES or _holds_distributions(entries):
            yield self._found(place, INSTALLED)
        elif name == "node_modules":
            yield self._found(place, NODE_MODULES)
        elif place.replace(os.sep, "/") in PLACES:
            yield self._found(place, SYSTEM_PACKAGES)
        elif gems and _GEMS.search(self._shown(place)):
            self._search.fail(self._shown(place), f"names {gems} installed gems, which are not read here", _PIN)

    def _file(self, entry: os.DirEntry[str], place: str) -> Iterator[Found]:
        if place.replace(os.sep, "/") in PLACES:
            yield self._found(place, SYSTEM_PACKAGES)
        elif _ARCHIVES.search(entry.name):
            self._search.fail(self._shown(place), "is an archive of packages, which is not read here", _PIN)
        elif _COMPOSER.search(self._shown(place)):
            self._search.fail(self._shown(place), "names installed packages of Composer, which are not read here", _PIN)
        elif self._is_program(entry, place):
            yield self._found(place, GO_PROGRAM)

    def _is_program(self, entry: os.DirEntry[str], place: str) -> bool:
        try:
            return go_program.is_one(entry.path)
        except OSError as error:
            # Only what may be run is a program; a file such as etc/shadow holds none.
            if entry.stat(follow_symlinks=False).st_mode & _ANY_EXECUTE:
                self._search.fail(self._shown(place), f"cannot be read: {error.strerror}")
            return False


def _holds_distributions(entries: list[os.DirEntry[str]]) -> bool:
    return any(entry.name.endswith(".dist-info") and entry.is_dir(follow_symlinks=False) for entry in entries)
