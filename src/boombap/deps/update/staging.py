"""A copy of a project's files in which changes are tried and audited before anybody's file is touched."""

from __future__ import annotations

import os
from pathlib import Path

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.file_types import file_type_of
from boombap.deps.manifest.read import read
from boombap.errors import ExternalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from boombap.deps.model import Reading


class Stage:
    """The copy.

    Attributes:
        files: the names of the files in it, as people see them.
    """

    def __init__(self, files: Iterable[str], folder: str) -> None:
        self._folder = os.path.realpath(folder)
        paths = {file: os.path.abspath(file) for file in files if os.path.isfile(file)}
        self.files = tuple(paths)
        self._top = os.path.commonpath([os.path.dirname(path) for path in paths.values()]) if paths else "/"
        self._shown: dict[str, str] = {}
        self._before: dict[str, bytes] = {}
        for file, path in paths.items():
            copy = self.path(file)
            self._shown[copy] = file
            self._before[file] = _content(path)
            Path(copy).parent.mkdir(parents=True, exist_ok=True)
            Path(copy).write_bytes(self._before[file])

    def path(self, file: str) -> str:
        """Return the path of the copy of a file."""
        return os.path.join(self._folder, os.path.relpath(os.path.abspath(file), self._top))

    def content(self, file: str) -> bytes:
        """Return the bytes of the copy."""
        return Path(self.path(file)).read_bytes()

    def before(self, file: str) -> bytes:
        """Return the bytes that the file had."""
        return self._before[file]

    def write(self, file: str, content: bytes) -> None:
        """Change the copy."""
        Path(self.path(file)).write_bytes(content)

    def settle(self) -> None:
        """Take the contents of now for those that the files had: the next change begins with them."""
        self._before = {file: self.content(file) for file in self.files}

    def reading(self) -> Reading:
        """Return what the copies say, under the names of the files that they are copies of."""
        if not self.files:
            return read(())
        # Names that a search passes over were given by hand.
        odd = [path for path, file in self._shown.items() if file_type_of(*_name_and_folder(file)) is None]
        found = read([self._folder, *odd])
        return found.replace(
            dependencies=tuple(one.replace(file=self._named(one.file)) for one in found.dependencies),
            skipped=tuple(one.replace(file=self._named(one.file), what=self._named(one.what)) for one in found.skipped),
            lints=tuple(one.replace(file=self._named(one.file)) for one in found.lints),
            files=tuple(self._named(file) for file in found.files),
        )

    def _named(self, path: str) -> str:
        return self._shown.get(path, path)


def _name_and_folder(file: str) -> tuple[str, str]:
    folder, _, name = os.path.abspath(file).rpartition("/")
    return name, os.path.basename(folder)


def _content(path: str) -> bytes:
    try:
        return safe_text.content(path)
    except safe_text.Malformed as error:
        raise ExternalError(f"{path} {error.reason}") from None
