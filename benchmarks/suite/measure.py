"""Times whole commands in turn, so that a ratio between them holds while the machine's speed drifts."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_COLUMNS = ("min", "max", "cpu ms", "RSS MiB", "anon", "x bare", "classic/")
_LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True)
class Figures:
    """What the runs of one command took; times in milliseconds, memory in MiB."""

    name: str
    runs: int
    median_ms: float
    fastest_ms: float
    slowest_ms: float
    cpu_ms: float
    rss_mb: float
    anon_mb: float


def machine() -> str:
    """Give one line about where the figures come from."""
    cpu = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
            break
    return (
        f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def compare(
    commands: Mapping[str, Sequence[str]], environ: Mapping[str, str], *, runs: int, fine: Collection[int] = (0,)
) -> dict[str, Figures]:
    """Run every command once to warm up, then all of them in turn `runs` times.

    Args:
        fine: exit codes of a run that did its work.
    """
    samples: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            sample = measured(command, environ, fine)
            if turn:
                samples[name].append(sample)
    return {name: _figures(name, found) for name, found in samples.items()}


def measured(
    command: Sequence[str], environ: Mapping[str, str], fine: Collection[int] = (0,), answer: Path | None = None
) -> dict[str, float]:
    """Run one command once, and return `wall_s`, `cpu_s`, `rss_mb`, `anon_mb` and its exit code as `exit`.

    Args:
        fine: exit codes of a run that did its work.
        answer: a file that gets the output; None drops it.
    """
    kept = ["/bin/sh", "-c", 'exec "$@" > "$0"', str(answer), *command] if answer else command
    launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), *kept]
    done = subprocess.run(launcher, env=dict(environ), capture_output=True, text=True, check=True)
    sample: dict[str, float] = json.loads(done.stdout)
    if sample["exit"] not in fine:
        raise SystemExit(f"{' '.join(command)} ended with exit code {sample['exit']:.0f}: nothing to measure")
    return sample


def _figures(name: str, samples: Sequence[Mapping[str, float]]) -> Figures:
    walls = [1000 * sample["wall_s"] for sample in samples]
    return Figures(
        name=name,
        runs=len(samples),
        median_ms=statistics.median(walls),
        fastest_ms=min(walls),
        slowest_ms=max(walls),
        cpu_ms=1000 * statistics.median(sample["cpu_s"] for sample in samples),
        rss_mb=max(sample["rss_mb"] for sample in samples),
        anon_mb=max(sample["anon_mb"] for sample in samples),
    )


def table(figures: Mapping[str, Figures], *, bare: str, classic: str) -> str:
    """Give the figures as text, each with its ratio to bare Python and how many times the classic way takes."""
    head = f"{'command':<34}{'median ms':>10}" + "".join(f"{word:>9}" for word in _COLUMNS)
    lines = [head, "-" * len(head)]
    for one in figures.values():
        against = figures[classic].median_ms / one.median_ms
        lines.append(
            f"{one.name:<34}{one.median_ms:>10.0f}{one.fastest_ms:>9.0f}{one.slowest_ms:>9.0f}{one.cpu_ms:>9.0f}"
            f"{one.rss_mb:>9.1f}{one.anon_mb:>9.1f}{one.median_ms / figures[bare].median_ms:>9.1f}{against:>9.1f}"
        )
    return "\n".join(lines)
