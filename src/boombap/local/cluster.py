"""The data folder of the local PostgreSQL: made once, beside its final place, and then renamed.

An interrupted start therefore never leaves half a cluster. Role and database are both called ``boombap``. Anyone who
can enter the 0700 folder of the socket is trusted; over TCP the password is asked for.
"""

from __future__ import annotations

import re
import shutil
import signal
import time

from boombap.errors import AccessDenied, ConfigError, ExternalError, TimedOut
from boombap.local import folders, process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from boombap.local.privilege import Way

NAME = "boombap"
"""The role, which owns the cluster, and its database."""
_LIMIT_S = 120.0
_SETTINGS_FILE = "boombap.conf"
_SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
# initdb knows the built-in C.UTF-8 since 17: letters beyond ASCII have upper and lower case on every system.
_BUILTIN_LOCALE_SINCE = 17


def password_file(home: Path) -> Path:
    """Return the file that holds the role's password."""
    return home / "password"


def ensure(way: Way, major: int, *, sync: bool, sleep: Callable[[float], None] = time.sleep) -> Path:
    """Return the data folder, and make the cluster if there is none.

    Args:
        way: how the programs are run.
        major: the version of the programs.
        sync: flush the new files to disk; without it a power cut may cost the cluster.
        sleep: waits between two checks.

    Raises:
        ConfigError: when the data belongs to another major version.
        AccessDenied: when the data belongs to another user.
        ExternalError: when the cluster cannot be made.
    """
    data = way.home / "data"
    if not data.exists():
        return _make(way, data, major, sleep, sync=sync)
    _check_owner(data, way)
    _check_version(data, major)
    return data


def write_settings(data: Path, settings: Mapping[str, str], owner: int | None = None) -> None:
    """Write the server's settings to the data folder; what ALTER SYSTEM has set wins over them.

    Raises:
        ConfigError: when a name or value cannot be written in the file.
    """
    lines = [_line(name, value) for name, value in settings.items()]
    folders.write_private(data / _SETTINGS_FILE, "".join(lines), owner)


def _make(way: Way, data: Path, major: int, sleep: Callable[[float], None], *, sync: bool) -> Path:
    for left_over in way.home.glob("data.new*"):
        shutil.rmtree(left_over)
    fresh = data.with_name("data.new")
    try:
        folders.private(fresh, way.user)
        _write_password(way)
        _init(way, fresh, major, sleep, sync=sync)
        _create_database(way, fresh, sleep)
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"include_if_exists = '{_SETTINGS_FILE}'\n")
        return fresh.rename(data)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _write_password(way: Way) -> None:
    import secrets

    folders.write_private(password_file(way.home), secrets.token_urlsafe(24) + "\n", way.user)


def _init(way: Way, data: Path, major: int, sleep: Callable[[float], None], *, sync: bool) -> None:
    argv = [
        f"--pgdata={data}",
        f"--username={NAME}",
        f"--pwfile={password_file(way.home)}",
        "--auth-local=trust",
        "--auth-host=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
    ]
    if major >= _BUILTIN_LOCALE_SINCE:
        argv += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if not sync:
        argv.append("--no-sync")
    _run(way, "initdb", argv, sleep)


def _create_database(way: Way, data: Path, sleep: Callable[[float], None]) -> None:
    """Create the database in single-user mode: not every installation brings `psql` or `createdb`."""
    # Without exit_on_error the single-user server ends with 0 after an error.
    argv = ["--single", "-D", str(data), "-c", "exit_on_error=on", "-c", "fsync=off", "postgres"]
    _run(way, "postgres", argv, sleep, stdin=f"CREATE DATABASE {NAME};\n".encode())


def _run(way: Way, program: str, argv: list[str], sleep: Callable[[float], None], stdin: bytes = b"") -> None:
    log = way.home / "log"
    child = process.spawn(way.command(program, *argv), log, user=way.user, group=way.group, stdin=stdin)
    with process.put_down_on_failure(child, signal.SIGTERM):
        if not process.poll(lambda: child.poll() is not None, _LIMIT_S, sleep):
            raise TimedOut(f"{program} did not end within {_LIMIT_S:.0f} s", hint=f"see {log}")
    if child.returncode != 0:
        raise ExternalError(f"{program} failed: {process.tail(log)}")


def _check_owner(data: Path, way: Way) -> None:
    import os

    owner = data.stat().st_uid
    if owner == (os.geteuid() if way.user is None else way.user):
        return
    raise AccessDenied(
        f"the data folder {data} belongs to user {owner}", hint="run as that user, or choose another data folder"
    )


def _check_version(data: Path, major: int) -> None:
    written = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    if written == str(major):
        return
    raise ConfigError(
        f"the data in {data} was written by PostgreSQL {written}, and {major} is installed",
        hint=f"install {written}, or remove the folder to start empty",
    )


def _line(name: str, value: str) -> str:
    if not _SETTING_NAME.fullmatch(name) or "\n" in value or "\r" in value:
        raise ConfigError(f"{name!r} is not a setting of PostgreSQL that fits on one line")
    quoted = value.replace("\\", "\\\\").replace("'", "''")
    return f"{name} = '{quoted}'\n"
