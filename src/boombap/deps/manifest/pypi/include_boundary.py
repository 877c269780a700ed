"""How far the ``-r`` and ``-c`` lines of a requirements file may lead."""

from __future__ import annotations

import os


class IncludeBoundary:
    """How far references to other files may lead.

    Attributes:
        root: the folder they must stay in.
        is_open: whether they may leave it.
    """

    def __init__(self, root: str, *, is_open: bool = False) -> None:
        self.root = os.path.realpath(root)
        self.is_open = is_open

    def holds(self, path: str) -> bool:
        """Tell whether a file may be read; symbolic links count as what they lead to.

        A requirements file elsewhere in the same git work tree may be: it is part of the same project. A file of
        another name may not, because what cannot be understood in it would be shown.
        """
        real = os.path.realpath(path)
        if self.is_open or real.startswith(os.path.join(self.root, "")):
            return True
        tree = _work_tree(self.root) if real.endswith((".txt", ".in")) else ""
        return bool(tree) and real.startswith(os.path.join(tree, ""))


def _work_tree(folder: str) -> str:
    """Return the git work tree that holds a folder; empty outside of one."""
    while not os.path.lexists(os.path.join(folder, ".git")):
        folder, name = os.path.split(folder)
        if not name:
            return ""
    return folder
