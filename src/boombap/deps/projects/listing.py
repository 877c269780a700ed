"""The file that names projects."""

from __future__ import annotations

import re

from boombap.deps.projects.model import Project
from boombap.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

_NAMED = re.compile(r"(?P<name>\S+)[ \t]+(?P<path>\S.*)")


def read(file: Path) -> tuple[Project, ...]:
    """Read projects, one a line: a path, or a name and a path; ``#`` starts a comment line.

    A path is relative to the folder of the file. A path with a space needs a name before it.

    Raises:
        ConfigError: when the file cannot be read, names nothing, or a name twice.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"cannot read the projects in {file}: {reason}") from None
    projects = [_parsed(line.strip(), file) for line in lines if line.strip() and not line.strip().startswith("#")]
    if not projects:
        raise ConfigError(f"{file} names no project", hint="write one path a line, with a name before it if you like")
    names = [project.name for project in projects]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ConfigError(f"{file} has {twice} twice", hint="give each project a name of its own")
    return tuple(projects)


def _parsed(line: str, file: Path) -> Project:
    named = _NAMED.fullmatch(line)
    name, path = (named["name"], named["path"]) if named else (line, line)
    return Project(name, str(file.parent / path))
