"""Which folder is searched: the repository around a folder, and never a whole system or everything that a user has."""

from __future__ import annotations

import os

from boombap.config.home import home_folder
from boombap.ctx.repository.git import git_folder
from boombap.errors import NotFound, UsageError

_WAY_OUT = "change into a project, or name one with --root FOLDER"


def root_of(folder: str) -> str:
    """Return the top of the repository around a folder, the folder itself outside any.

    Raises:
        NotFound: when the folder does not exist.
        UsageError: for ``/``, the home folder and the parents of the home folder; all but ``/`` are a project when
            they are themselves the work tree of a repository, as a home folder with dotfiles is.
    """
    # POSIX keeps two leading slashes, and so does realpath: "//" is the same folder as "/".
    folder = "/" + os.path.realpath(folder).lstrip("/")
    if not os.path.isdir(folder):
        raise NotFound(f"{folder} is not a folder")
    parent = folder
    while parent != "/":
        if os.path.exists(os.path.join(parent, ".git")) and (not is_too_wide(parent) or _is_work_tree(parent)):
            return parent
        parent = os.path.dirname(parent)
    if is_too_wide(folder):
        raise UsageError(f"{folder} is not a project: it is {_what(folder)}", hint=_WAY_OUT)
    return folder


def is_too_wide(folder: str) -> bool:
    """Tell whether a folder is ``/``, the home folder or a parent of it, under whatever name."""
    try:
        asked = os.stat(folder)
        return any(os.path.samestat(asked, os.stat(place)) for place in _home_and_above())
    except OSError:
        return False


def _home_and_above() -> list[str]:
    home = os.path.realpath(home_folder())
    places = ["/"]
    while os.path.dirname(home) != home:
        if os.path.isdir(home):
            places.append(home)
        home = os.path.dirname(home)
    return places


def _is_work_tree(folder: str) -> bool:
    state = git_folder(folder)
    return bool(state) and os.path.isfile(os.path.join(state, "HEAD")) and not os.path.samefile(folder, "/")


def _what(folder: str) -> str:
    if os.path.samefile(folder, "/"):
        return "the root of the file system"
    home = home_folder()
    return (
        "the home folder" if os.path.isdir(home) and os.path.samefile(folder, home) else "a parent of the home folder"
    )
