"""Which versions fit together: `uv pip compile`, asked with everything held that need not move.

uv takes its index from its own configuration and from the options that the requirements file itself has. It builds
nothing: a source archive would run code of the package before anybody has looked at the plan.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from boombap.deps.manifest.collector import masked
from boombap.deps.manifest.pypi.requirements import exact_version, logical_lines
from boombap.deps.package_names import normalise
from boombap.errors import ExternalError, NotFound, TimedOut
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_LIMIT_S = 300.0
_STEP_S = 0.05
_NO_SOLUTION = ("No solution found", "unsatisfiable", "no versions of", "no usable wheels", "building source")
_NAME = re.compile(r"\s*+([A-Za-z0-9][\w.-]*+)[^=]*+(={2,3}[^\s;]*)", re.ASCII)
_HASH = re.compile(r"--hash[=\s]+(\S+)")
_WORDS_OF_REASON = 300


class Question(Record):
    """What to solve.

    Attributes:
        wanted: requirements, one a line: pins as ``name==version``, targets as ``name>=version``.
        bounds: further requirements that count only where something needs the package.
        options: lines of the requirements file that say where packages come from.
        folder: where relative paths in the options begin.
        has_prereleases: whether a pin of the project is a pre-release already.
        with_hashes: whether the answer is to have hashes.
        resolution: ``lowest-direct`` for the smallest change, ``highest`` to see whether anything fits at all.
    """

    wanted: tuple[str, ...]
    folder: str
    bounds: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    has_prereleases: bool = False
    with_hashes: bool = False
    resolution: str = "lowest-direct"


class Solution(Record):
    """What the solver chose.

    Attributes:
        versions: by normal name.
        hashes: by normal name; empty where none were asked for.
    """

    versions: Mapping[str, str]
    hashes: Mapping[str, tuple[str, ...]]


class Unsolvable(ExternalError):
    """No versions fit together; the message is the solver's reason, shortened and without secrets."""


def find_uv() -> str:
    """Return the path of the program uv.

    Raises:
        NotFound: when it is not installed.
    """
    try:
        import uv
    except ImportError:
        import shutil

        found = shutil.which("uv")
        if found is None:
            raise NotFound(
                "uv is not installed, and nothing else can tell which versions fit together",
                hint="install boombap[deps-update]",
            ) from None
        return found
    return str(uv.find_uv_bin())


def solve(question: Question, program: str, pause: Callable[[float], None]) -> Solution:
    """Ask uv.

    Args:
        question: what to solve.
        program: the path of uv.
        pause: waits; `Interrupt.sleep` makes the wait end with `Interrupted`.

    Raises:
        Unsolvable: when no versions fit together.
        ExternalError: when uv fails otherwise.
    """
    with tempfile.TemporaryDirectory(prefix="boombap-") as folder:
        wanted, bounds = Path(folder, "wanted.in"), Path(folder, "bounds.in")
        wanted.write_text("\n".join((*question.options, *question.wanted, "")), encoding="utf-8")
        bounds.write_text("\n".join((*question.bounds, "")), encoding="utf-8")
        command = [program, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-build", "--no-progress"]
        command += ["--resolution", question.resolution, "--color", "never", "--constraint", str(bounds)]
        command += ["--prerelease", "if-necessary-or-explicit" if question.has_prereleases else "disallow"]
        command += ["--generate-hashes"] if question.with_hashes else []
        return _read(_run([*command, str(wanted)], question.folder, pause))


def _run(command: Sequence[str], folder: str, pause: Callable[[float], None]) -> str:
    code, out, error = run(command, folder, pause, limit_s=_LIMIT_S)
    if code == 0:
        return out
    reason = masked(" ".join(error.split())[:_WORDS_OF_REASON])
    if any(sign in error for sign in _NO_SOLUTION):
        raise Unsolvable(reason.partition("No solution found when resolving dependencies:")[2].strip(" ╰─▶") or reason)
    raise ExternalError(f"uv ended with exit code {code}: {reason}", hint="check the index that uv is configured for")


def run(
    command: Sequence[str],
    folder: str,
    pause: Callable[[float], None],
    *,
    limit_s: float | None,
    environ: Mapping[str, str] | None = None,
) -> tuple[int, str, str]:
    """Run a program in a folder and give its exit code and what it wrote; it ends with the run that started it.

    Args:
        command: the program and its arguments.
        folder: where it runs.
        pause: waits; ends the wait when the run is interrupted.
        limit_s: how long it may take; None for as long as it likes.
        environ: its environment; None for that of this process.

    Raises:
        NotFound: when the program cannot be started.
        TimedOut: when it takes longer than its limit.
    """
    import signal
    import subprocess
    import time

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
        try:
            child = subprocess.Popen(
                command,
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=error,
                start_new_session=True,
            )
        except OSError as failure:
            raise NotFound(f"cannot start {command[0]}: {failure.strerror}") from None
        deadline = time.monotonic() + limit_s if limit_s is not None else None
        try:
            while child.poll() is None:
                if deadline is not None and time.monotonic() > deadline:
                    raise TimedOut(f"{Path(command[0]).name} took longer than {limit_s:.0f} s")
                pause(_STEP_S)
        finally:
            _end(child.pid, signal.SIGKILL)
            child.wait()
        return child.returncode, _text(out), _text(error)


def _end(group: int, signum: int) -> None:
    import contextlib
    import os

    # The program's own children too: a test runner leaves servers behind when only itself is ended.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signum)


def _text(file: object) -> str:
    file.seek(0)  # type: ignore[attr-defined]
    return str(file.read().decode("utf-8", "replace"))  # type: ignore[attr-defined]


def _read(output: str) -> Solution:
    versions: dict[str, str] = {}
    hashes: dict[str, tuple[str, ...]] = {}
    for _, entry in logical_lines(output):
        match = _NAME.match(entry)
        if match:
            normal = normalise("PyPI", match[1])
            versions[normal] = exact_version(match[2])
            hashes[normal] = tuple(_HASH.findall(entry))
    return Solution(versions, hashes)
