"""Where the home folder of the user is: an empty `HOME` counts as one that is not set.

Python reads an empty `HOME` as ``/``: what belongs below the home folder would go to the root of the file system.
"""

from __future__ import annotations

import os
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def home_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the home folder: `HOME`, without it what the password file says; ``/`` for a user that it does not know.

    Container runtimes set `HOME` to ``/`` for such a user as well.

    >>> home_folder({"HOME": "/home/dj"})
    PosixPath('/home/dj')
    """
    return Path(environ.get("HOME") or _home_of_user())


def _home_of_user() -> str:
    from pwd import getpwuid

    try:
        return getpwuid(os.getuid()).pw_dir or "/"
    except KeyError:
        return "/"


def expand_user(text: str) -> Path:
    """Return a path with ``~`` and ``~name`` at its start replaced by that home folder.

    Raises:
        RuntimeError: for a name that the password file does not know.
    """
    path = Path(text)
    if path.parts[:1] == ("~",):
        return home_folder().joinpath(*path.parts[1:])
    return path.expanduser()
