"""The project's own Python files: what is below some paths, without installed packages and without end."""

from __future__ import annotations

import os

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MAX_FILES = 20_000
"""A monorepo of 2 million lines has about as many."""
_OTHERS = frozenset({"node_modules", "site-packages", "dist-packages", "__pycache__"})


class SourceTree(Record):
    """What a walk found.

    Attributes:
        files: Python files, in the order of their names.
        environments: virtual environments, which are not searched.
        unread: what could not be looked at, with the reason.
    """

    files: tuple[str, ...]
    environments: tuple[str, ...]
    unread: tuple[str, ...]


def find_sources(paths: Iterable[str], check: Callable[[], None], max_files: int = MAX_FILES) -> SourceTree:
    """Return the Python files below folders, and beside files; links to folders are not followed.

    Args:
        paths: of the audit.
        check: ends the run when it was interrupted.
        max_files: no more than these are returned.
    """
    files: dict[str, str] = {}
    environments: list[str] = []
    unread: list[str] = []
    for path in paths:
        top = path if os.path.isdir(path) else os.path.dirname(path) or "."
        for folder, file in _walk(top, environments, unread):
            check()
            place = os.path.join(folder, file)
            files.setdefault(os.path.realpath(place), os.path.normpath(place))
            if len(files) > max_files:
                unread.append(f"{path}: it holds more than {max_files:,} Python files")
                return SourceTree(tuple(files.values())[:max_files], tuple(environments), tuple(unread))
    return SourceTree(tuple(files.values()), tuple(environments), tuple(unread))


def _walk(top: str, environments: list[str], unread: list[str]) -> Iterator[tuple[str, str]]:
    def fail(error: OSError) -> None:
        unread.append(f"{error.filename}: cannot be listed: {error.strerror}")

    for folder, names, files in os.walk(top, onerror=fail):
        inner = sorted(name for name in names if name not in _OTHERS)
        is_environment = {name: os.path.isfile(os.path.join(folder, name, "pyvenv.cfg")) for name in inner}
        environments += [os.path.join(folder, name) for name in inner if is_environment[name]]
        names[:] = [name for name in inner if not is_environment[name] and not name.startswith(".")]
        yield from ((folder, file) for file in sorted(files) if file.endswith((".py", ".pyw")))
