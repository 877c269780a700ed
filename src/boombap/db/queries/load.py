"""Finds the text of a query for a server's version."""

from __future__ import annotations

from functools import cache
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDER = Path(__file__).parent


def query(name: str, major: int) -> str:
    """Give the SQL of ``name`` (``health/`` before a check's id) for a major version of PostgreSQL.

    Of ``name.sql``, ``name.13.sql``, ``name.17.sql`` the one with the highest number up to `major` is taken; the
    plain one counts as lowest.

    Raises:
        KeyError: when there is no such query.
    """
    path = Path(name)
    versions = _versions(path.parent.as_posix())[path.name]
    best = max(version for version in versions if version <= major)
    return versions[best].read_text(encoding="utf-8")


@cache
def _versions(folder: str) -> Mapping[str, Mapping[int, Path]]:
    found: dict[str, dict[int, Path]] = {}
    for path in (_FOLDER / folder).glob("*.sql"):
        name, _, version = path.stem.partition(".")
        found.setdefault(name, {})[int(version or 0)] = path
    return found
