"""The indexes in the cache, and the facts that each holds about itself: what costs the same for a tree of any size."""

from __future__ import annotations

import os
import sqlite3

from boombap.ctx.indexing import store
from boombap.errors import AccessDenied


def index_files(cache: str) -> list[str]:
    """Return the file of each index, sorted by name.

    Args:
        cache: the folder that holds all indexes.

    Raises:
        AccessDenied: when the folder cannot be listed.
    """
    return _files(cache, ".db")


def unfinished_files(cache: str) -> list[str]:
    """Return the file of each index that is being written, or whose writer was killed; as `index_files`."""
    return _files(cache, ".db" + store.UNFINISHED)


def _files(cache: str, ending: str) -> list[str]:
    folder = os.path.join(cache, "ctx")
    try:
        return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(ending))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise AccessDenied(f"the cache {folder} cannot be read: {error.strerror}") from None


def read_facts(path: str) -> dict[str, object]:
    """Return the facts of an index by name, none for a damaged one.

    Raises:
        OSError: when the file cannot be read.
    """
    with open(path, "rb"):
        pass  # what may not be read is an OSError here; SQLite would not tell it from a damaged file
    try:
        database = store.connect(path)
        try:
            return dict(database.execute("SELECT name, value FROM meta"))
        finally:
            database.close()
    except (sqlite3.Error, ValueError):  # of a damaged file even a text may not be UTF-8
        return {}
