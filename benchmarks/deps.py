"""Time, memory and findings of `deps` beside pip-audit and uv, all on the same database.

The other auditors ask `boombap deps serve`. Wanted is an OSV export with PyPI/all.zip; the synthetic database of
100,000 records is written here. `python benchmarks/deps.py --export FOLDER [--peers FOLDER] [--runs 20] [--sets 20]`
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import deps_peers as peers
from suite.advisories import write_export
from suite.measure import compare, machine, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_BOOMBAP = str(Path(sys.executable).with_name("boombap"))
_CLASSIC = """
import os, sys, time
from boombap.deps.classic import audit
from boombap.deps.manifest.read import read
audited = audit(read([sys.argv[1]]), os.environ["BOOMBAP_DEPS_DATABASE"], time.time())
print(audited.findings)
sys.exit(bool(audited.findings))
"""
_BARE = "python -c pass"
_VULNERABLE = (0, 1)
_SYNTHETIC_RECORDS = 100_000
_PACKAGES = 40_000
_FINDINGS = 950
_SEED = 20_250_212


def main() -> None:
    """Build the databases, compare findings, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(os.environ.get("BOOMBAP_DATA") or Path(__file__).parents[2] / "shared" / "data") / "osv"
    parser.add_argument("--export", type=Path, default=default, help="OSV export (default: osv in BOOMBAP_DATA)")
    parser.add_argument("--peers", type=Path, help="folder with the programs pip-audit and uv")
    parser.add_argument("--runs", type=int, default=20, help="counted runs of each command (default: 20)")
    parser.add_argument("--sets", type=int, default=20, help="random sets of 500 packages (default: 20)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="boombap-bench-") as folder:
        base = Path(folder)
        print(f"machine  {machine()}")
        environ = _environ(base / "real")
        versions = peers.known_versions(args.export / "PyPI/all.zip")
        _measure_sync(args.export, environ, max(3, args.runs // 4))
        with _serving(environ) as url:
            bench = _Bench(versions, base, environ, _peers(args.peers), url)
            _compare_findings(bench, args.sets)
            _measure_audit(bench, args.runs)
        _measure_synthetic(base, args.runs)


@dataclass(frozen=True, slots=True)
class _Bench:
    """What findings are compared and measured with: versions to draw from, programs, and where the service is."""

    versions: Mapping[str, Sequence[str]]
    base: Path
    environ: Mapping[str, str]
    programs: Mapping[str, str]
    url: str


def _environ(database: Path) -> dict[str, str]:
    """Give an environment without this machine's settings; byte code may be used, as after an install."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    # The export may be an old one; its age is not what is measured.
    settings = {"BOOMBAP_DEPS_DATABASE": str(database), "BOOMBAP_DEPS_MAX_AGE": "10years"}
    return {**kept, "HOME": str(database), **settings}


def _peers(folder: Path | None) -> dict[str, str]:
    found = {name: folder / name for name in ("pip-audit", "uv") if folder}
    return {name: str(path) for name, path in found.items() if path.exists()}


def _measure_sync(export: Path, environ: Mapping[str, str], runs: int) -> None:
    sync = [_BOOMBAP, "deps", "sync", "--quiet", "--from", str(export), "--ecosystem", "PyPI"]
    commands = {_BARE: [sys.executable, "-c", "pass"], "deps sync --rebuild": [*sync, "--rebuild"], "deps sync": sync}
    print(f"\ndata     {_size(export / 'PyPI/all.zip')}\n")
    print(table(compare(commands, environ, runs=runs), bare=_BARE, classic=_BARE))
    database = Path(environ["BOOMBAP_DEPS_DATABASE"]) / "PyPI.advisories"
    print(f"\ndatabase {database.stat().st_size / 1e6:.1f} MB")


def _size(archive: Path) -> str:
    with zipfile.ZipFile(archive) as packed:
        return f"{len(packed.namelist()):,} advisories of PyPI, {archive.stat().st_size / 1e6:.1f} MB packed"


@contextmanager
def _serving(environ: Mapping[str, str]) -> Iterator[str]:
    words = [_BOOMBAP, "deps", "serve", "--port", "0"]
    with subprocess.Popen(words, env=dict(environ), stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        found = re.search(r"http://\S+", server.stderr.readline())
        assert found, "the service did not start"
        try:
            yield found[0]
        finally:
            server.terminate()


def _compare_findings(bench: _Bench, sets: int) -> None:
    dice = random.Random(_SEED)
    same, total = dict.fromkeys(bench.programs, 0), 0
    for number in range(sets):
        file = peers.write_requirements(peers.draw(bench.versions, 500, dice), bench.base / f"set{number}")
        ours, leaders = peers.ours(file, _BOOMBAP, bench.environ)
        total += len(ours)
        for name, program in bench.programs.items():
            ask = peers.pip_audit if name == "pip-audit" else peers.uv
            theirs = ask(file, program, bench.url, bench.environ, leaders)
            same[name] += len(ours & theirs)
            if ours ^ theirs:
                print(f"set {number}: only ours {sorted(ours - theirs)[:5]}, only {name} {sorted(theirs - ours)[:5]}")
    said = ", ".join(f"{name} says {count:,} of them" for name, count in same.items()) or "no peer was named"
    print(f"\nparity   {sets} sets of 500 packages: {total:,} findings; {said}")


def _measure_audit(bench: _Bench, runs: int) -> None:
    dice = random.Random(_SEED)
    small = peers.write_requirements(peers.draw(bench.versions, 40, dice), bench.base / "small")
    large, found = _with_findings(bench, dice)
    audit = [_BOOMBAP, "deps", "audit"]
    commands = {
        _BARE: [sys.executable, "-c", "pass"],
        "deps audit, 40 packages": [*audit, str(small)],
        "deps audit, 500 packages": [*audit, str(large)],
        "deps audit --format json, 500": [*audit, "--format", "json", str(large)],
        "deps check --ci-mode, 500": [_BOOMBAP, "deps", "check", "--ci-mode", str(large)],
    }
    slow = {"classic audit, 500 packages": [sys.executable, "-c", _CLASSIC, str(large)]}
    if "pip-audit" in bench.programs:
        slow["pip-audit, 500 packages"] = peers.pip_audit_command(large, bench.programs["pip-audit"], bench.url)
    if "uv" in bench.programs:
        slow["uv audit, 500 packages"] = peers.uv_command(large, bench.programs["uv"], bench.url)
    print(f"\ndata     500 packages with {found:,} findings\n")
    figures = compare(commands, bench.environ, runs=runs, fine=_VULNERABLE)
    figures |= compare(slow, bench.environ, runs=max(3, runs // 5), fine=_VULNERABLE)
    print(table(figures, bare=_BARE, classic="classic audit, 500 packages"))


def _with_findings(bench: _Bench, dice: random.Random) -> tuple[Path, int]:
    """Give, of thirty random sets, the one whose number of findings is nearest to the budget's."""
    best: tuple[int, Path, int] | None = None
    for number in range(30):
        file = peers.write_requirements(peers.draw(bench.versions, 500, dice), bench.base / f"large{number}")
        count = len(peers.ours(file, _BOOMBAP, bench.environ)[0])
        if best is None or abs(count - _FINDINGS) < best[0]:
            best = (abs(count - _FINDINGS), file, count)
    assert best
    return best[1], best[2]


def _measure_synthetic(base: Path, runs: int) -> None:
    """Measure on as many records as the whole of OSV has for a large ecosystem."""
    export, environ = base / "synthetic-export", _environ(base / "synthetic")
    names = write_export(export, _SYNTHETIC_RECORDS, _PACKAGES, _SEED)
    words = [_BOOMBAP, "deps", "sync", "--quiet", "--from", str(export), "--ecosystem", "PyPI"]
    subprocess.run(words, env=environ, check=True)
    dice = random.Random(_SEED)
    file = base / "synthetic.txt"
    chosen = dice.sample(names, 500)
    file.write_text("".join(f"{name}=={dice.randint(0, 60)}.{dice.randint(0, 9)}\n" for name in chosen))
    commands = {_BARE: [sys.executable, "-c", "pass"], "deps audit, 500": [_BOOMBAP, "deps", "audit", str(file)]}
    size_mb = (base / "synthetic/PyPI.advisories").stat().st_size / 1e6
    print(f"\ndata     synthetic, {_SYNTHETIC_RECORDS:,} records, {size_mb:.0f} MB, 500 packages\n")
    print(table(compare(commands, environ, runs=runs, fine=_VULNERABLE), bare=_BARE, classic=_BARE))


if __name__ == "__main__":
    main()
