"""Time and memory of `db` on 57,718 tracks / 269,646 analyses, and of 200 databases at once, beside the classic way.

Starts an embedded PostgreSQL of its own in a temporary folder. `python benchmarks/db.py [--runs 20] [--databases 200]`
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from boombap.clients.postgres.session import Limits, Session
from boombap.clients.postgres.target import from_text
from boombap.demo import sample
from boombap.interrupt import Interrupt
from boombap.local import postgres
from suite.measure import compare, machine, table

if TYPE_CHECKING:
    from collections.abc import Mapping

_BIN = Path(sys.executable).parent
_CLASSIC = """
import os, sys
from boombap.clients.postgres.target import from_text
from boombap.db import classic, model
from boombap.interrupt import Interrupt
target = from_text(os.environ["DATABASE_URL"], origin="DATABASE_URL")
print(classic.diagnose(target, Interrupt(), model.QUICK if "--quick" in sys.argv else model.FULL))
"""
_SETTINGS = {
    "max_wal_size": "2GB",
    "shared_buffers": "256MB",
    "max_connections": "200",
    "io_method": "sync",
}


def main() -> None:
    """Prepare the databases, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="counted runs of each command (default: 20)")
    parser.add_argument(
        "--databases", type=int, default=200, help="databases in the fleet (default: 200; 0 leaves it out)"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="boombap-bench-") as folder:
        base = Path(folder)
        server = postgres.start(base / "local", settings=_SETTINGS)
        try:
            print(f"machine  {machine()}")
            print(f"server   PostgreSQL {server.version}, shared_buffers 256MB, io_method sync, on a socket")
            environ = _environ(base, server.url)
            _single(server.url, environ, args.runs)
            if args.databases:
                _fleet(server.url, base, environ, args.databases)
        finally:
            postgres.stop(base / "local")


def _environ(base: Path, url: str) -> dict[str, str]:
    """Give an environment without this machine's settings; byte code may be used, as after an install."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    return {**kept, "DATABASE_URL": url, "BOOMBAP_PATHS_DATA": str(base / "data")}


def _single(url: str, environ: Mapping[str, str], runs: int) -> None:
    session = Session(from_text(url, origin="the benchmark"), Limits(), Interrupt())
    loaded = sample.load(session, sample.FULL, faults=False)
    session.close()
    print(f"data     {loaded.tracks:,} tracks, {loaded.analyses:,} analyses, loaded in {loaded.seconds:.1f} s\n")
    python, boombap = sys.executable, str(_BIN / "boombap")
    figures = compare(
        {
            "python -c pass": [python, "-c", "pass"],
            "boombap --help": [boombap, "--help"],
            "boombap db --fast": [boombap, "db", "--fast"],
            "boombap db --quick": [boombap, "db", "--quick"],
            "boombap db": [boombap, "db"],
            "classic --quick": [python, "-c", _CLASSIC, "--quick"],
            "classic": [python, "-c", _CLASSIC],
        },
        environ,
        runs=runs,
    )
    print(table(figures, bare="python -c pass", classic="classic"))
    ratio = figures["classic --quick"].median_ms / figures["boombap db --quick"].median_ms
    print(f"\nengine=classic takes {ratio:.1f} times as long as engine=boombap for --quick ({runs} interleaved runs)")


def _fleet(url: str, base: Path, environ: Mapping[str, str], databases: int) -> None:
    session = Session(from_text(url, origin="the benchmark"), Limits(), Interrupt())
    session.alone("CREATE DATABASE template_sample")
    seed = Session(from_text(url, origin="the benchmark").at("template_sample"), Limits(), Interrupt())
    sample.load(seed, sample.Scale(100), faults=True)
    seed.close()
    names = [f"fleet_{number}" for number in range(databases)]
    for name in names:
        session.alone(f"CREATE DATABASE {name} TEMPLATE template_sample STRATEGY file_copy")
    session.close()
    targets = base / "targets.txt"
    targets.write_text("\n".join(f"{name} {url.replace('/boombap?', f'/{name}?')}" for name in names), encoding="utf-8")
    python, boombap = sys.executable, str(_BIN / "boombap")
    fleet = [boombap, "db", "--targets", str(targets), "--fail-on", "never"]
    figures = compare(
        {
            "python -c pass": [python, "-c", "pass"],
            f"db --targets, {databases}, full": fleet,
            f"db --targets, {databases}, --quick": [*fleet, "--quick"],
        },
        environ,
        runs=3,
    )
    print(f"\n{databases} databases of 100 tracks each, 16 at once (medians of 3 runs)\n")
    print(table(figures, bare="python -c pass", classic="python -c pass"))


if __name__ == "__main__":
    main()
