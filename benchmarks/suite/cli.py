"""The command line of the suite."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from . import memory, results
from .environment import compile_byte_code
from .interleave import compared
from .model import TOOLS, Setting
from .report import text
from .workloads import ctx, db, deps, metrics, redis, spotify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from .model import Case, Compared

    Workload = Callable[[Setting], AbstractContextManager[list[Case]]]

_WORKLOADS: dict[str, Workload] = {
    "db": db.cases,
    "spotify": spotify.cases,
    "ctx": ctx.cases,
    "deps": deps.cases,
    "redis": redis.cases,
    "metrics": metrics.cases,
}
_RUNS, _QUICK_RUNS = 20, 8
_MEMORY = "memory"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what is asked for, and write the results.

    Returns:
        0, or 1 where answers of the two engines differed.
    """
    args = _parser().parse_args(argv)
    origin = results.origin(is_quick=args.quick)
    compile_byte_code()
    runs = args.runs or (_QUICK_RUNS if args.quick else _RUNS)
    with tempfile.TemporaryDirectory(prefix="boombap-bench-") as folder:
        base = Path(folder)
        cases = [case for tool in TOOLS if tool in args.tools for case in _measured(tool, base, runs, args)]
        operation = redis.operation(_setting(base, "client", args)) if "redis" in args.tools else None
        together = memory.together(_setting(base, _MEMORY, args)) if _MEMORY in args.tools else None
    taken = results.Results(origin, cases, operation, together)
    print(text(taken))
    print(f"\nwritten to {results.write(taken, args.output)}")
    return int(bool(taken.wrong))


def _parser() -> argparse.ArgumentParser:
    names = (*TOOLS, _MEMORY)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suite", description=__doc__)
    parser.add_argument("--tools", nargs="+", choices=names, default=names, help="only these (default: all)")
    parser.add_argument("--quick", action="store_true", help="small data and few runs, to see that everything works")
    parser.add_argument(
        "--runs", type=_runs, help=f"counted runs of each engine (default: {_RUNS}, quick {_QUICK_RUNS})"
    )
    parser.add_argument("--output", type=Path, default=results.FOLDER, help="folder of the results")
    return parser


def _runs(word: str) -> int:
    if not word.isdecimal() or not int(word):
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number above 0")
    return int(word)


def _measured(tool: str, base: Path, runs: int, args: argparse.Namespace) -> Iterator[Compared]:
    setting = _setting(base, tool, args)
    with _WORKLOADS[tool](setting) as cases:
        for case in cases:
            print(f"measuring {case.name} …", file=sys.stderr)
            yield compared(case, runs, setting.folder)


def _setting(base: Path, name: str, args: argparse.Namespace) -> Setting:
    folder = base / name
    folder.mkdir()
    return Setting(folder, args.quick)
