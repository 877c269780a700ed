"""Lock files that only their own tool can write: it runs in a copy of the project's manifest, never in the project."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from boombap.deps.manifest.collector import masked
from boombap.deps.update.solver import run
from boombap.errors import NotFound, TimedOut
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_LIMIT_S = 300.0
_REASON_CHARACTERS = 200


class Tool(Record):
    """Who writes a lock file.

    Attributes:
        program: its name on the path.
        words: before the packages.
        form: of each package; ``{name}`` and ``{fixed}``, the lowest version without a finding.
        beside: files that it reads, copied where they are there.
        after: words after the packages.
    """

    program: str
    words: tuple[str, ...]
    form: str
    beside: tuple[str, ...]
    after: tuple[str, ...] = ()


_QUIET_NPM = ("--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
TOOLS: dict[str, Tool] = {
    # npm and poetry take the newest version that the ranges of the project allow; uv takes the one that is named.
    "package-lock.json": Tool("npm", ("update",), "{name}", ("package.json", ".npmrc"), _QUIET_NPM),
    "poetry.lock": Tool(
        "poetry", ("update", "--lock", "--no-interaction"), "{name}", ("pyproject.toml", "poetry.toml", "README.md")
    ),
    "uv.lock": Tool(
        "uv",
        ("lock", "--quiet"),
        "--upgrade-package={name}=={fixed}",
        ("pyproject.toml", "uv.toml", ".python-version", "README.md"),
    ),
}


def relocked(
    lock: Path, planned: Mapping[str, bytes], targets: Mapping[str, str], uv: str, pause: Callable[[float], None]
) -> bytes | str:
    """Return the new content of a lock file in which some packages have moved, or in one phrase why there is none.

    Args:
        lock: the project's own file; only what lies beside it is read.
        planned: contents as far as the plan has come, by name, of the lock file and of files beside it.
        targets: the lowest version without a finding, by the package's name.
        uv: the path of uv.
        pause: waits; ends the wait when the run is interrupted.
    """
    tool = TOOLS[lock.name]
    program = uv if tool.program == "uv" else shutil.which(tool.program)
    if not program:
        return f"{tool.program} is not installed"
    packages = [tool.form.format(name=name, fixed=fixed) for name, fixed in targets.items()]
    with tempfile.TemporaryDirectory(prefix="boombap-") as folder:
        for name in (lock.name, *tool.beside):
            if name in planned:
                Path(folder, name).write_bytes(planned[name])
            elif (lock.parent / name).is_file():
                shutil.copyfile(lock.parent / name, Path(folder, name))
        return _answer([program, *tool.words, *packages, *tool.after], Path(folder, lock.name), pause)


def _answer(command: Sequence[str], copy: Path, pause: Callable[[float], None]) -> bytes | str:
    name = Path(command[0]).name
    try:
        code, out, error = run(command, str(copy.parent), pause, limit_s=_LIMIT_S)
    except (NotFound, TimedOut) as failure:
        return str(failure)
    if code:
        reason = masked(" ".join((error or out).split())[:_REASON_CHARACTERS])
        return f"{name} ended with exit code {code}: {reason}"
    return copy.read_bytes()
