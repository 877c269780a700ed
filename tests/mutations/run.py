"""Break the product one line at a time, and see whether its tests notice: `make mutate`.

Each entry of `guards.toml` names a rule, the line that holds it, and a line that does not. The tests of that rule run
on a copy of the project with the line broken; when they pass, nothing guards the rule, and this ends with 1. A line
that is not in its file any more is an error too: the entry goes with the code.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parent.parent.parent
GUARDS = Path(__file__).parent / "guards.toml"
_WORKERS = 2
_LIMIT_S = 120
_WHOLE_LIMIT_S = 600
_COPIED = (
    "src",
    "tests",
    "docs",
    "benchmarks",
    "deploy",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "requirements.txt",
)
# pytest: tests failed. Everything else is a mistake of the entry, for example a line that breaks the syntax.
_TESTS_FAILED = 1


@dataclass(frozen=True)
class Guard:
    """One rule of the product.

    Attributes:
        rule: what holds, in a few words.
        file: below ``src/boombap``; ``../..`` leads to the top of the project.
        line: the text that holds it; it stands once in the file.
        broken: what it is replaced by; empty removes it.
        tests: files below ``tests`` of which one must fail.
        only: an expression for pytest's ``-k``, where the file takes long.
    """

    rule: str
    file: str
    line: str
    broken: str
    tests: tuple[str, ...]
    only: str = ""


@dataclass(frozen=True)
class Result:
    """What became of one broken line: noticed, or why not."""

    guard: Guard
    trouble: str
    seconds: float


def main(argv: Sequence[str] | None = None) -> int:
    """Break each line in turn; return 0 when every break was noticed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("words", nargs="*", help="only rules whose file or text holds one of these words")
    guards = [guard for guard in read(GUARDS) if _is_chosen(guard, parser.parse_args(argv).words)]
    stale = [guard for guard in guards if _places(guard) != 1]
    for guard in stale:
        print(f"stale      {guard.file}: {guard.rule}: the line stands {_places(guard)} times in the file")
    if stale or not guards:
        return 1
    results = list(_run(guards))
    missed = [result for result in results if result.trouble]
    print(f"{len(results) - len(missed)} of {len(results)} breaks were noticed")
    return 1 if missed else 0


def read(path: Path) -> list[Guard]:
    """Read the list of guards."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["guard"]
    return [Guard(**(entry | {"tests": tuple(entry["tests"])})) for entry in entries]


def _is_chosen(guard: Guard, words: Sequence[str]) -> bool:
    return not words or any(word in f"{guard.file} {guard.rule}" for word in words)


def _places(guard: Guard) -> int:
    path = ROOT / "src" / "boombap" / guard.file
    return path.read_text(encoding="utf-8").count(guard.line) if path.is_file() else 0


def _run(guards: Sequence[Guard]) -> Iterator[Result]:
    """Work on two copies at the same time, each with its own queue of guards."""
    waiting, results = list(reversed(guards)), []
    with tempfile.TemporaryDirectory(prefix="boombap-mutate-") as folder:
        whole = Path(folder) / "whole"
        _check_whole(whole, guards)
        crew = [
            threading.Thread(target=_work, args=(whole, Path(folder) / str(number), waiting, results))
            for number in range(min(_WORKERS, len(guards)))
        ]
        for thread in crew:
            thread.start()
        for thread in crew:
            thread.join()
    yield from results


def _check_whole(copy: Path, guards: Sequence[Guard]) -> None:
    """Run every test that is named, with no line broken: a test that fails anyway would notice everything."""
    _copy(copy)
    print(f"{len(guards)} rules; their tests on the whole project first …", flush=True)
    done = _pytest(copy, sorted({name for guard in guards for name in guard.tests}), _WHOLE_LIMIT_S)
    if done.returncode:
        raise SystemExit(f"the tests fail with no line broken:\n{done.stdout[-3000:]}")


def _work(whole: Path, copy: Path, waiting: list[Guard], results: list[Result]) -> None:
    # Of the copy that was checked: the project itself may be edited meanwhile.
    shutil.copytree(whole, copy)
    while waiting:
        try:
            guard = waiting.pop()
        except IndexError:  # the other worker was faster
            return
        result = _break(copy, guard)
        results.append(result)
        print(f"{'MISSED' if result.trouble else 'noticed':<10} {result.seconds:5.1f} s  {guard.file}: {guard.rule}")
        if result.trouble:
            print(f"           {result.trouble}")
        sys.stdout.flush()


def _copy(copy: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    copy.mkdir()
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=ignored)
        else:
            shutil.copy(source, copy / name)
    # Compiled once: what is written later is compiled again in memory, so that no stale byte code is run.
    subprocess.run([sys.executable, "-m", "compileall", "-q", "src", "tests"], cwd=copy, check=True)


def _break(copy: Path, guard: Guard) -> Result:
    path = copy / "src" / "boombap" / guard.file
    whole = path.read_text(encoding="utf-8")
    begun_s = time.monotonic()
    _write(path, whole.replace(guard.line, guard.broken))
    try:
        trouble = _trouble(copy, guard)
    finally:
        _write(path, whole)
    return Result(guard, trouble, time.monotonic() - begun_s)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def _trouble(copy: Path, guard: Guard) -> str:
    """Return why a break counts as missed; empty when a test has failed."""
    if guard.file.endswith(".py"):
        try:
            compile((copy / "src" / "boombap" / guard.file).read_text(encoding="utf-8"), guard.file, "exec")
        except SyntaxError as error:
            return f"the broken line is not Python: {error}"
    try:
        done = _pytest(copy, guard.tests, _LIMIT_S, guard.only)
    except subprocess.TimeoutExpired:
        return ""  # it hangs: nobody overlooks that
    if done.returncode == _TESTS_FAILED:
        return ""
    return f"pytest ended with {done.returncode}: {done.stdout.strip().splitlines()[-1:]}"


def _pytest(copy: Path, tests: Sequence[str], limit_s: float, only: str = "") -> subprocess.CompletedProcess[str]:
    options = ["-q", "-x", "-p", "no:randomly", "-p", "no:cacheprovider", "--timeout=30", "--no-header", "-m", ""]
    options += ["-k", only] if only else []
    words = [sys.executable, "-m", "pytest", *options, *(f"tests/{name}" for name in tests)]
    environ = os.environ | {"PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(words, cwd=copy, env=environ, capture_output=True, text=True, timeout=limit_s, check=False)


if __name__ == "__main__":
    raise SystemExit(main())
