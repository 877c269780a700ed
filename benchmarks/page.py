"""Write `benchmarks/index.html` and the README's picture from the results in `benchmarks/results`.

`python benchmarks/page.py`; with `--check` it only says whether both are current.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from suite.charts import overview
from suite.page import html, shown
from suite.results import FOLDER, read_all

_HERE = Path(__file__).parent


def main() -> int:
    """Write both files, or compare them.

    Returns:
        0, or 1 where `--check` finds a file that is not current.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where a file is not current")
    parser.add_argument("--results", type=Path, default=FOLDER, help="folder of the results")
    parser.add_argument("--output", type=Path, default=_HERE, help="folder of both files")
    args = parser.parse_args()
    every = read_all(args.results)
    pages = {"index.html": html(every), "overview.svg": overview(shown(every)) + "\n"}
    stale = [name for name, page in pages.items() if _read(args.output / name) != page]
    if args.check:
        for name in stale:
            print(f"{name} is not current; write it with `python benchmarks/page.py`", file=sys.stderr)
        return int(bool(stale))
    for name in stale:
        (args.output / name).write_text(pages[name], encoding="utf-8")
    return 0


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None


if __name__ == "__main__":
    sys.exit(main())
