"""Our client and redis-py (with hiredis) on one server, in turn; and redis-py doing by hand what `keys` and `purge` do.

Started by `redis.py` as `python -P redis_clients.py MODE URL`: without -P that script would be imported as redis-py.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Clients = dict[str, Callable[[], object]]

_VALUE = b"x" * 100
_ROUNDS = 10
_SINGLE = 2_000
_PIPELINED = 50_000
_CHUNK = 1_000


def main() -> None:
    """Do what the command line asks, and print figures as JSON where there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=("single", "pipeline", "scan", "purge"))
    parser.add_argument("url")
    args = parser.parse_args()
    work: dict[str, Callable[[str], object]] = {"single": single, "pipeline": pipelined, "scan": scan, "purge": purge}
    json.dump(work[args.mode](args.url), sys.stdout)


def single(url: str) -> dict[str, dict[str, float]]:
    """Return percentiles of one operation after the other, in microseconds."""
    ours, peer = _ours(url), _redis_py(url)
    operations: Clients = {
        "GET, boombap": lambda: ours.call("GET", "bench:single"),
        "GET, redis-py": lambda: peer.get("bench:single"),
        "SET, boombap": lambda: ours.call("SET", "bench:single", _VALUE),
        "SET, redis-py": lambda: peer.set("bench:single", _VALUE),
    }
    peer.set("bench:single", _VALUE)
    taken: dict[str, list[float]] = {name: [] for name in operations}
    for turn in range(_ROUNDS + 1):
        for name, operation in operations.items():
            times = [_timed(operation) for _ in range(_SINGLE)]
            if turn:
                taken[name] += times
    peer.delete("bench:single")
    return {name: _percentiles(times) for name, times in taken.items()}


def pipelined(url: str) -> dict[str, dict[str, float]]:
    """Return commands a second and the client's CPU per command, of pipelines of 1,000 commands."""
    ours, peer = _ours(url), _redis_py(url)
    keys = [f"bench:pipeline:{number}" for number in range(_CHUNK)]

    def by_peer(name: str, *words: bytes) -> None:
        pipe = peer.pipeline(transaction=False)
        for key in keys:
            pipe.execute_command(name, key, *words)
        pipe.execute()

    operations: Clients = {
        "SET, boombap": lambda: ours.pipeline([("SET", key, _VALUE) for key in keys]),
        "SET, redis-py": lambda: by_peer("SET", _VALUE),
        "GET, boombap": lambda: ours.pipeline([("GET", key) for key in keys]),
        "GET, redis-py": lambda: by_peer("GET"),
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in operations}
    for turn in range(_ROUNDS + 1):
        for name, operation in operations.items():
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            for _ in range(_PIPELINED // _CHUNK):
                operation()
            if turn:
                taken[name].append((time.perf_counter() - wall_s, time.process_time() - cpu_s))
    peer.delete(*keys)
    return {
        name: {
            "per_s": _PIPELINED / statistics.median(wall_s for wall_s, _ in times),
            "slowest_per_s": _PIPELINED / max(wall_s for wall_s, _ in times),
            "cpu_us": 1e6 * statistics.median(cpu_s for _, cpu_s in times) / _PIPELINED,
        }
        for name, times in taken.items()
    }


def scan(url: str) -> dict[str, int]:
    """Add up the memory of each prefix, as a script with redis-py does it: SCAN, then MEMORY USAGE in a pipeline."""
    peer = _redis_py(url)
    sizes: Counter[bytes] = Counter()
    cursor, is_begun = 0, False
    while cursor or not is_begun:
        is_begun = True
        cursor, keys = peer.scan(cursor, count=_CHUNK)
        pipe = peer.pipeline(transaction=False)
        for key in keys:
            pipe.memory_usage(key)
        for key, size in zip(keys, pipe.execute(), strict=True):
            sizes[key.partition(b":")[0]] += size or 0
    return {prefix.decode("ascii", "replace"): size for prefix, size in sizes.items()}


def purge(url: str) -> dict[str, int]:
    """Delete every key, as a script with redis-py does it: SCAN, then UNLINK of each batch."""
    peer = _redis_py(url)
    cursor, is_begun, gone = 0, False, 0
    while cursor or not is_begun:
        is_begun = True
        cursor, keys = peer.scan(cursor, match="*", count=_CHUNK)
        gone += peer.unlink(*keys) if keys else 0
    return {"gone": gone}


def _ours(url: str) -> Any:  # noqa: ANN401 - imported here, so that a script of redis-py does not pay for it
    from boombap.clients.redis.connection import Connection, Limits
    from boombap.clients.redis.target import from_text
    from boombap.interrupt import Interrupt

    return Connection(from_text(url, origin="the benchmark"), Limits(), Interrupt())


def _redis_py(url: str) -> Any:  # noqa: ANN401 - to a type checker `redis` is the benchmark of that name
    return importlib.import_module("redis").Redis.from_url(url, protocol=3)


def _timed(operation: Callable[[], object]) -> float:
    started_s = time.perf_counter()
    operation()
    return time.perf_counter() - started_s


def _percentiles(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "p50_us": 1e6 * ordered[len(ordered) // 2],
        "p99_us": 1e6 * ordered[len(ordered) * 99 // 100],
        "mean_us": 1e6 * statistics.fmean(ordered),
    }


if __name__ == "__main__":
    main()
