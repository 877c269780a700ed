"""Scrapes of the collector: time at 500 and 5,000 series, and its memory after many of them.

The series are those that runs left: files of the snapshot folder. The source that is asked is the index of code search
in an empty cache, which answers at once that it has nothing. Each scrape is a request on one open connection, as
Prometheus sends it, with gzip. Started as `python benchmarks/metrics.py [--scrapes N]`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

from suite.measure import machine
from suite.series import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

_SERIES = (500, 5_000)
_WARM_UP = 20
_TIMED = 300
_HEADERS = {"Accept": "application/openmetrics-text;version=1.0.0", "Accept-Encoding": "gzip"}


def main() -> None:
    """Print a line for each number of series, and the memory after the last one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scrapes", type=int, default=10_000, help="before memory is read again (default: 10000)")
    args = parser.parse_args()
    print(machine())
    print(f"{'series':>8}{'p50 ms':>10}{'p99 ms':>10}{'kB':>8}{'RSS MiB':>10}{f'after {args.scrapes:,}':>14}")
    for series in _SERIES:
        with tempfile.TemporaryDirectory() as folder, collector(Path(folder), series) as (process, connection):
            scraped(connection, _WARM_UP)
            before_mb = rss_mb(process.pid)
            times, size = scraped(connection, _TIMED)
            scraped(connection, max(0, args.scrapes - _WARM_UP - _TIMED))
            after_mb = rss_mb(process.pid)
        cuts = statistics.quantiles(times, n=100)
        print(
            f"{series:>8,}{1000 * cuts[49]:>10.2f}{1000 * cuts[98]:>10.2f}{size / 1000:>8.1f}{before_mb:>10.1f}"
            f"{after_mb:>14.1f}"
        )


@contextmanager
def collector(folder: Path, series: int) -> Iterator[tuple[subprocess.Popen[str], HTTPConnection]]:
    """Run `metrics serve` over files with a number of series, and yield it with an open connection."""
    fill(folder / "state" / "metrics", series)
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("BOOMBAP_")},
        "BOOMBAP_PATHS_STATE": str(folder / "state"),
        "BOOMBAP_PATHS_CACHE": str(folder / "cache"),
        "BOOMBAP_METRICS_SOURCES": "ctx",
    }
    words = [sys.executable, "-m", "boombap", "metrics", "serve", "--port", "0"]
    with subprocess.Popen(words, env=environ, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        port = int(process.stderr.readline().split("127.0.0.1:")[1].partition("/")[0])
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            yield process, connection
        finally:
            connection.close()
            process.terminate()


def scraped(connection: HTTPConnection, count: int) -> tuple[list[float], int]:
    """Scrape that often; return the seconds of each, and the bytes of the last answer."""
    times, size = [], 0
    for _ in range(count):
        started_s = time.perf_counter()
        connection.request("GET", "/metrics", headers=_HEADERS)
        response = connection.getresponse()
        size = len(response.read())
        times.append(time.perf_counter() - started_s)
        if response.status != 200:
            raise SystemExit(f"the collector answered {response.status}: nothing to measure")
    return times, size


def rss_mb(pid: int) -> float:
    """Return the memory of a process in MiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
