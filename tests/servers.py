"""Real servers for the tests: PostgreSQL of every version at hand, a replica, PgBouncer, Valkey, Redis.

A missing server skips the test at a desk and fails it in CI, where PostgreSQL 15 and 18, PgBouncer, Redis and
Prometheus must be there. `.ci/fetch-test-servers` brings PostgreSQL 12, 14 and 17.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.errors import ConfigError
from boombap.local import folders, postgres, privilege, process, valkey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.local.process import Running

MAJORS = (12, 14, 15, 17, 18)
"""Every version that a test may ask for; 18 is the embedded one."""
EACH_MAJOR = [
    pytest.param(major, marks=[pytest.mark.slow] if MAJORS[0] < major < MAJORS[-1] else []) for major in MAJORS
]
"""For a test of every version: those between the oldest and the newest are for the long tests."""
_EXPECTED_IN_CI = {"15", "18", "pgbouncer", "prometheus", "redis"}
_DEBIAN = Path("/usr/lib/postgresql")
_BOUNCER_LIMIT_S = 10.0
# A test's data need not outlive a power cut.
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_wal_size": "256MB",
}


def find_postgres(major: int) -> Path | None:
    """Give the `bin` folder of a major version; None when it is not at hand."""
    places = [*_embedded(major), _DEBIAN / str(major) / "bin", _fetched() / f"postgres-{major}" / "bin"]
    return next((place for place in places if (place / "postgres").exists()), None)


def find_pgbouncer() -> Path | None:
    """Give PgBouncer's program; None when it is not at hand. Debian keeps it outside of an ordinary user's PATH."""
    path = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return Path(path) if path else None


def require(major: int) -> Path:
    """Give the `bin` folder of a major version, or skip the test; in CI a missing 15 or 18 fails it."""
    return find_postgres(major) or _missing(str(major), f"PostgreSQL {major} is not at hand")


def require_pgbouncer() -> Path:
    """Give PgBouncer's program, or skip the test; in CI its absence fails it."""
    return find_pgbouncer() or _missing("pgbouncer", "PgBouncer is not at hand")


@contextmanager
def running_postgres(
    major: int, folder: Path, *, tcp: bool = False, addresses: Sequence[str] = ("127.0.0.1",), **settings: str
) -> Iterator[Running]:
    """Run one version with fast settings, and stop it in the end.

    Args:
        major: skips the test when it is not at hand.
        folder: for data and socket; data that is there already is used.
        tcp: listen on a free port too; the password stands in `Running.password_file`.
        addresses: where, with `tcp`.
        settings: of postgresql.conf, over the fast ones.
    """
    port = free_port() if tcp else None
    try:
        yield postgres.start(folder, settings=_FAST | settings, binaries=require(major), port=port, addresses=addresses)
    finally:
        postgres.stop(folder)


@contextmanager
def replica_of(primary: Running, folder: Path, **settings: str) -> Iterator[Running]:
    """Run a hot standby that streams from `primary`; it is ready for queries, but may lag behind."""
    major = int(primary.version.split(".")[0])
    home = folders.private(folder.resolve() / postgres.NAME)
    program = require(major) / "pg_basebackup"
    if not program.exists():
        pytest.skip(f"PostgreSQL {major} at hand brings no pg_basebackup")
    argv = ["-D", str(home / "data"), "-d", primary.url, "-R", "-X", "stream", "-c", "fast", "--no-sync"]
    subprocess.run([program, *argv], check=True, capture_output=True, timeout=60)
    with running_postgres(major, folder, tcp=False, addresses=(), **settings) as replica:
        yield replica


@contextmanager
def running_valkey(folder: Path, *, tcp: bool = False, **settings: str) -> Iterator[Running]:
    """Run Valkey and stop it in the end; underscores in the names of settings become hyphens."""
    try:
        yield valkey.start(folder, settings=_directives(settings), port=free_port() if tcp else None)
    finally:
        valkey.stop(folder)


@contextmanager
def running_redis(folder: Path, *, tcp: bool = False, **settings: str) -> Iterator[Running]:
    """Run Debian's Redis, otherwise as `running_valkey`."""
    program = require_redis()
    try:
        yield valkey.start(folder, settings=_directives(settings), binary=program, port=free_port() if tcp else None)
    finally:
        valkey.stop(folder)


def _directives(settings: dict[str, str]) -> dict[str, str]:
    # The server looks ten times a second whether it shall end, unless told to look more often.
    return {"hz": "100", **{name.replace("_", "-"): value for name, value in settings.items()}}


@contextmanager
def running_sentinel(folder: Path, port: int, master_port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of Debian's Sentinels over a master that it calls `cache`."""
    home = folders.private(folder.resolve() / "sentinel")
    directives = (
        f"port {port}", "bind 127.0.0.1", "protected-mode no", f"dir {home}", "sentinel resolve-hostnames no",
        f"sentinel monitor cache 127.0.0.1 {master_port} 2", "sentinel down-after-milliseconds cache 500",
        "sentinel failover-timeout cache 3000",
    )  # fmt: skip
    folders.write_private(home / "sentinel.conf", "\n".join(directives) + "\n")
    child = process.spawn([require_redis("redis-sentinel"), home / "sentinel.conf"], home / "log")
    try:
        if not process.poll(lambda: child.poll() is not None or _listens(port), _BOUNCER_LIMIT_S):
            raise TimeoutError(f"the Sentinel does not answer: {process.tail(home / 'log')}")
        assert child.returncode is None, process.tail(home / "log")
        yield child
    finally:
        child.kill()
        child.wait()


def require_redis(program: str = "redis-server") -> Path:
    """Return a program of Redis, or skip the test; in CI its absence fails it."""
    path = shutil.which(program)
    return Path(path) if path else _missing("redis", f"{program} is not at hand")


def require_prometheus(program: str = "prometheus") -> Path:
    """Return a program of Prometheus, or skip the test; in CI its absence fails it."""
    path = shutil.which(program)
    return Path(path) if path else _missing("prometheus", f"{program} is not at hand")


def require_alertmanager() -> Path:
    """Return the Alertmanager under its own name or Debian's, or skip the test.

    Debian's program reads a template below /usr/share, so that its package must be installed, not only unpacked.
    """
    path = shutil.which("alertmanager") or shutil.which("prometheus-alertmanager")
    return Path(path) if path else _missing("alertmanager", "the Alertmanager is not at hand")


@dataclass(frozen=True, slots=True)
class Bouncer:
    """A running PgBouncer.

    Attributes:
        host: the folder of its socket.
        port: of its socket and on 127.0.0.1.
        url: of the database `boombap`, over the socket.
    """

    host: Path
    port: int
    url: str


@contextmanager
def running_pgbouncer(
    server: Running, folder: Path, *, pool_mode: str = "transaction", **settings: str
) -> Iterator[Bouncer]:
    """Run PgBouncer in front of a server; whoever reaches it is let in as the role `boombap`."""
    program, port = require_pgbouncer(), free_port()
    way = privilege.choose(folder.resolve() / "pgbouncer", program.parent, program.name)
    name = f".s.PGSQL.{port}"
    sockets = folders.sockets(way.home, name, way.user)
    lines = {"pool_mode": pool_mode, "listen_port": str(port), "unix_socket_dir": str(sockets), **settings}
    folders.write_private(way.home / "pgbouncer.ini", _bouncer_ini(server, lines), way.user)
    log = way.home / "log"
    child = process.spawn(way.command(program.name, way.home / "pgbouncer.ini"), log, user=way.user, group=way.group)
    try:
        if not process.poll(lambda: child.poll() is not None or _accepts(sockets / name), _BOUNCER_LIMIT_S):
            raise TimeoutError(f"PgBouncer does not answer: {process.tail(log)}")
        assert child.returncode is None, process.tail(log)
        yield Bouncer(sockets, port, f"postgresql:///boombap?host={sockets}&port={port}&user=boombap")
    finally:
        child.kill()
        child.wait()


_PORTS = random.SystemRandom()


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody uses now, and that no outgoing connection is given meanwhile."""
    while True:
        # Below the kernel's ephemeral ports: one of those was taken by a client before the server listened.
        port = _PORTS.randrange(15_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def has_ipv6() -> bool:
    """Tell whether ::1 can be listened on; containers often have no IPv6."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
            return True
    except OSError:
        return False


def _embedded(major: int) -> list[Path]:
    try:
        return [postgres.bundled()] if major == MAJORS[-1] else []
    except ConfigError:
        return []


def _fetched() -> Path:
    return Path(os.environ.get("BOOMBAP_TEST_SERVERS") or Path.home() / ".cache" / "boombap" / "test-servers")


def _missing(what: str, reason: str) -> Path:
    if os.environ.get("CI") and what in _EXPECTED_IN_CI:
        pytest.fail(f"{reason}, and CI must have it")
    pytest.skip(reason)


def _bouncer_ini(server: Running, settings: dict[str, str]) -> str:
    lines = {"listen_addr": "127.0.0.1", "auth_type": "any", "unix_socket_mode": "0700", **settings}
    body = "\n".join(f"{name} = {value}" for name, value in lines.items())
    return f"[databases]\n* = host={server.host} port={server.port} user=boombap\n\n[pgbouncer]\n{body}\n"


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _accepts(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
            return True
    except OSError:
        return False
