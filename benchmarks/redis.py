"""`redis keys`, `purge` and `info` on many keys beside redis-py and redis-cli, and our client beside redis-py.

Starts an embedded Valkey (its socket) and, where it is installed, Debian's redis-server (TCP), both empty and in a
temporary folder. `python benchmarks/redis.py [--keys 1000000] [--runs 3]`
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from boombap.clients.redis.connection import Connection, Limits
from boombap.clients.redis.target import from_text
from boombap.interrupt import Interrupt
from boombap.local import valkey
from suite.keys import fill
from suite.measure import compare, machine, measured, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from boombap.local.process import Running

_BIN = Path(sys.executable).parent
_BOOMBAP = str(_BIN / "boombap")
_CLIENTS = [sys.executable, "-P", str(Path(__file__).with_name("redis_clients.py"))]
_COLUMNS = ("slowest", "cpu s", "server s", "longest ms", "RSS MiB", "anon")


class Server(NamedTuple):
    """A server under test.

    Attributes:
        cli: the options of redis-cli that reach it.
    """

    name: str
    url: str
    cli: list[str]
    connection: Connection


class Taken(NamedTuple):
    """What one run took.

    Attributes:
        server_s: CPU time of the server.
        longest_ms: the longest that one command held the server (LATENCY LATEST); 0 for less than a millisecond.
    """

    wall_s: float
    cpu_s: float
    server_s: float
    longest_ms: int
    rss_mb: float
    anon_mb: float


def main() -> None:
    """Start the servers, fill each, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=1_000_000, help="mixed keys (default: 1,000,000)")
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each scan (default: 3)")
    args = parser.parse_args()
    print(f"machine  {machine()}")
    with tempfile.TemporaryDirectory(prefix="boombap-bench-") as folder, ExitStack() as stack:
        base = Path(folder)
        environ = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
        environ["BOOMBAP_PATHS_STATE"] = str(base / "state")
        for server in _servers(base, stack):
            print(f"\nserver   {server.name}")
            _clients(server, environ)
            fill(server.connection, args.keys)
            print(f"\ndata     {args.keys:,} mixed keys, {_info(server, 'memory', 'used_memory_human')}")
            _scans(server, environ, args.runs)
            _starts(server, environ)
            _purges(server, environ, args.keys)


def _servers(base: Path, stack: ExitStack) -> Iterator[Server]:
    """Yield each server once it runs, after the one before has been stopped: they would share the cores."""
    program = shutil.which("redis-server")
    if program is None:
        print("\nno redis-server at hand: Valkey only")
    else:
        port = _free_port()
        with _running(base / "redis", binary=Path(program), port=port, settings={"requirepass": '""'}) as running:
            url, cli = f"redis://127.0.0.1:{port}/0", ["-p", str(port)]
            yield _connected(f"Redis {running.version}, TCP on loopback", url, cli, stack)
    with _running(base / "valkey") as running:
        path = str(running.host / "valkey.sock")
        yield _connected(f"Valkey {running.version}, on its socket", running.url, ["-s", path], stack)


@contextmanager
def _running(
    base: Path, *, binary: Path | None = None, port: int | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[Running]:
    try:
        yield valkey.start(base, binary=binary, port=port, settings=settings)
    finally:
        valkey.stop(base)


def _connected(name: str, url: str, cli: list[str], stack: ExitStack) -> Server:
    connection = Connection(from_text(url, origin="the benchmark"), Limits(read_s=60.0), Interrupt())
    stack.enter_context(closing(connection))
    connection.call("CONFIG", "SET", "latency-monitor-threshold", 1)
    return Server(name, url, cli, connection)


def _clients(server: Server, environ: Mapping[str, str]) -> None:
    print(f"\n{'one operation at a time':<34}{'p50 us':>10}{'p99 us':>10}{'mean us':>10}")
    for name, figures in _asked(server, environ, "single").items():
        print(f"{name:<34}{figures['p50_us']:>10.1f}{figures['p99_us']:>10.1f}{figures['mean_us']:>10.1f}")
    print(f"\n{'pipelines of 1,000, on 1,000 keys':<34}{'ops/s':>10}{'slowest':>10}{'cpu us':>10}")
    for name, figures in _asked(server, environ, "pipeline").items():
        print(f"{name:<34}{figures['per_s']:>10,.0f}{figures['slowest_per_s']:>10,.0f}{figures['cpu_us']:>10.2f}")


def _asked(server: Server, environ: Mapping[str, str], mode: str) -> dict[str, dict[str, float]]:
    done = subprocess.run([*_CLIENTS, mode, server.url], env=dict(environ), capture_output=True, text=True, check=True)
    answer: dict[str, dict[str, float]] = json.loads(done.stdout)
    return answer


def _scans(server: Server, environ: Mapping[str, str], runs: int) -> None:
    commands = {
        "boombap redis keys": [_BOOMBAP, "redis", "keys", "--fresh", "--fail-on", "never", "--url", server.url],
        "redis-py, SCAN and MEMORY USAGE": [*_CLIENTS, "scan", server.url],
    }
    if shutil.which("redis-cli"):
        commands["redis-cli --memkeys"] = ["redis-cli", *server.cli, "--memkeys"]
        commands["redis-cli --bigkeys"] = ["redis-cli", *server.cli, "--bigkeys"]
    taken: dict[str, list[Taken]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            found = _measured(server, command, environ)
            if turn:
                taken[name].append(found)
    _print(f"scans ({runs} interleaved runs)", taken)


def _purges(server: Server, environ: Mapping[str, str], keys: int) -> None:
    commands = {
        "boombap redis purge": [
            _BOOMBAP,
            "redis",
            "purge",
            "--match",
            "*",
            "--everything",
            "--yes",
            "--url",
            server.url,
        ],
        "redis-py, SCAN and UNLINK": [*_CLIENTS, "purge", server.url],
    }
    if shutil.which("redis-cli"):
        cli = " ".join(["redis-cli", *server.cli])
        commands["redis-cli --scan | xargs unlink"] = ["sh", "-c", f"{cli} --scan | xargs {cli} unlink"]
    taken = {}
    for name, command in commands.items():
        if not server.connection.call("DBSIZE"):
            fill(server.connection, keys)
        taken[name] = [_measured(server, command, environ)]
        if left := server.connection.call("DBSIZE"):
            raise SystemExit(f"{name} has left {left} keys")
    _print("purge of everything (one run; boombap scans first for its plan, and last to check)", taken)


def _starts(server: Server, environ: Mapping[str, str]) -> None:
    python = sys.executable
    figures = compare(
        {
            "python -c pass": [python, "-c", "pass"],
            "boombap redis info": [_BOOMBAP, "redis", "info", "--fail-on", "never", "--url", server.url],
            "redis-py, PING": [python, "-Pc", f"import redis; redis.Redis.from_url({server.url!r}).ping()"],
        },
        environ,
        runs=20,
    )
    print()
    print(table(figures, bare="python -c pass", classic="redis-py, PING").replace("classic/", "  peer/ "))


def _measured(server: Server, command: Sequence[str], environ: Mapping[str, str]) -> Taken:
    server.connection.call("LATENCY", "RESET")
    before_s = _server_s(server)
    sample = measured(command, environ)
    events = server.connection.call("LATENCY", "LATEST")
    longest_ms = max((int(event[3]) for event in events if event[0] in {b"command", b"fast-command"}), default=0)
    return Taken(
        sample["wall_s"], sample["cpu_s"], _server_s(server) - before_s, longest_ms, sample["rss_mb"], sample["anon_mb"]
    )


def _server_s(server: Server) -> float:
    return sum(float(_info(server, "cpu", name)) for name in ("used_cpu_user", "used_cpu_sys"))


def _info(server: Server, section: str, name: str) -> str:
    reply: bytes = server.connection.call("INFO", section)
    facts = dict(line.partition(":")[::2] for line in reply.decode("utf-8", "replace").splitlines())
    return facts[name]


def _print(title: str, taken: Mapping[str, Sequence[Taken]]) -> None:
    print(f"\n{title}\n{'command':<34}{'median s':>10}" + "".join(f"{word:>11}" for word in _COLUMNS))
    for name, runs in taken.items():
        middle: Callable[[int], float] = lambda column, runs=runs: statistics.median(run[column] for run in runs)  # type: ignore[misc]
        print(
            f"{name:<34}{middle(0):>10.2f}{max(run.wall_s for run in runs):>11.2f}{middle(1):>11.2f}"
            f"{middle(2):>11.2f}{max(run.longest_ms for run in runs):>11}{max(run.rss_mb for run in runs):>11.1f}"
            f"{max(run.anon_mb for run in runs):>11.1f}"
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
