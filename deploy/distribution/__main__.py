"""`make dist`: the wheel, the source archive, a wheelhouse for each platform, an SBOM for each, and SHA256SUMS.

Two runs on one commit give the same bytes: times are those of the commit, or of SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from distribution import archives, sbom, wheelhouse
from distribution.wheelhouse import PLATFORMS, Wheelhouse

ROOT = Path(__file__).resolve().parents[2]


def main(argv: list[str] | None = None) -> int:
    """Fill the folder of the distribution, and return the exit code."""
    parser = argparse.ArgumentParser(prog="make dist", description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder that is filled (default: dist)")
    parser.add_argument("--platform", action="append", choices=sorted(PLATFORMS), help="one platform; repeatable")
    parser.add_argument("--no-wheelhouses", action="store_true", help="the wheel and the source archive only")
    args = parser.parse_args(argv)
    shutil.rmtree(args.output, ignore_errors=True)
    args.output.mkdir(parents=True)
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or _commit_time())
    wheel, source = archives.build(ROOT, args.output, epoch)
    print(f"{wheel.name}\n{source.name}")
    names = [] if args.no_wheelhouses else args.platform or list(PLATFORMS)
    with ThreadPoolExecutor(2) as threads:
        houses = list(threads.map(lambda name: wheelhouse.fill(args.output, name, wheel), names))
    for house in houses:
        sbom.write(house, epoch)
        print(_summary(house))
    _write_sums(args.output)
    return 0


def _commit_time() -> str:
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "0"


def _summary(house: Wheelhouse) -> str:
    size_mb = sum(path.stat().st_size for path in house.folder.glob("*.whl")) / 1e6
    missing = ", ".join(sorted(house.missing)) or "nothing"
    stopped = ", ".join(house.stopped) or "none"
    count = len(list(house.folder.glob("*.whl")))
    return (
        f"{house.folder.name}: {count} wheels, {size_mb:.0f} MB; missing: {missing}; commands that need them: {stopped}"
    )


def _write_sums(output: Path) -> None:
    files = sorted(path for path in output.rglob("*") if path.is_file())
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(output)}\n" for path in files]
    (output / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
