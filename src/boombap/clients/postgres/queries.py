"""Finds the text of a query among the `.sql` files of a tool, by its name and the server's version."""

from __future__ import annotations

from functools import cache
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Queries:
    """The `.sql` files of one folder, each named after the function that runs it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str, major: int = 0) -> str:
        """Return the SQL of `name` (with its folder before it, as in ``health/blocking``) for a version of PostgreSQL.

        Of ``name.sql``, ``name.13.sql``, ``name.17.sql`` the one with the highest number up to `major` is taken; the
        plain one counts as lowest.

        Raises:
            KeyError: when there is no such query.
        """
        path = Path(name)
        versions = _versions(self._folder / path.parent)[path.name]
        best = max(version for version in versions if version <= major)
        return _text(versions[best])


@cache
def _versions(folder: Path) -> Mapping[str, Mapping[int, Path]]:
    paths: dict[str, dict[int, Path]] = {}
    for path in folder.glob("*.sql"):
        name, _, version = path.stem.partition(".")
        paths.setdefault(name, {})[int(version or 0)] = path
    return paths


@cache
def _text(path: Path) -> str:
    # A writer runs the same query a hundred times a second.
    return path.read_text(encoding="utf-8")
