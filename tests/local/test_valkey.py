"""The embedded Valkey: starts, stops, survives kills, asks for a password on TCP."""

from __future__ import annotations

import os
import signal
import socket
import stat
import threading
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

import servers
from boombap.errors import AccessDenied, ConfigError, ExternalError, Interrupted
from boombap.local import valkey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boombap.local.process import Running


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Path]:
    """A folder of which any server is stopped in the end."""
    yield tmp_path / "base"
    valkey.stop(tmp_path / "base")


def talk(running: Running, commands: str) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(unquote(urlsplit(running.url).path))
        connection.sendall(f"{commands}\r\n".encode())
        return connection.recv(4096)


def test_start_status_stop(base: Path) -> None:
    running = valkey.start(base)
    assert talk(running, "SET a 1") == b"+OK\r\n"
    assert valkey.status(base) == running == valkey.start(base)
    assert running.version.count(".") == 2
    assert stat.S_IMODE((running.host / "valkey.sock").stat().st_mode) == 0o600
    assert [path for path in (base / "valkey").rglob("*") if path.stat().st_mode & 0o077] == []
    assert valkey.stop(base)
    assert valkey.status(base) is None
    assert valkey.stop(base) is False


def test_stop_without_a_server_makes_no_folder(tmp_path: Path) -> None:
    assert valkey.stop(tmp_path / "none") is False
    assert not (tmp_path / "none").exists()


def test_two_starts_at_once_give_one_server(base: Path) -> None:
    seen: list[Running] = []
    threads = [threading.Thread(target=lambda: seen.append(valkey.start(base))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == len(threads)
    assert len(set(seen)) == 1


def test_killed_server_starts_again(base: Path) -> None:
    killed = valkey.start(base)
    os.kill(killed.pid, signal.SIGKILL)
    os.waitpid(killed.pid, 0)
    assert valkey.status(base) is None
    assert talk(valkey.start(base), "PING") == b"+PONG\r\n"


def test_recycled_pid_is_neither_believed_nor_killed(base: Path) -> None:
    valkey.start(base)
    valkey.stop(base)
    (base / "valkey" / "pid").write_text(str(os.getpid()))
    assert valkey.status(base) is None
    assert valkey.stop(base) is False
    assert valkey.start(base).pid != os.getpid()


def test_tcp_asks_for_the_password(base: Path) -> None:
    running = valkey.start(base, port=servers.free_port())
    assert running.password_file is not None
    password = running.password_file.read_text().strip()
    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(64).startswith(b"-NOAUTH")
        connection.sendall(f"AUTH {password}\r\n".encode())
        assert connection.recv(64) == b"+OK\r\n"
    assert password not in repr(running)
    with pytest.raises(ConfigError, match="already runs without TCP port"):
        valkey.start(base, port=running.port + 1)


def test_settings_go_over_the_defaults_but_never_open_it(base: Path) -> None:
    running = valkey.start(base, settings={"maxmemory": "10mb", "bind": "::1", "port": "6399"})
    assert b"10485760" in talk(running, "CONFIG GET maxmemory")
    assert b"127.0.0.1" in talk(running, "CONFIG GET bind")
    assert running.port == 0


def test_kept_data_outlives_a_stop(base: Path) -> None:
    keeping = {"appendonly": "yes"}
    talk(valkey.start(base, settings=keeping), "SET a 1")
    valkey.stop(base)
    assert talk(valkey.start(base, settings=keeping), "GET a") == b"$1\r\n1\r\n"


def test_broken_setting_shows_the_log_and_leaves_no_child(base: Path) -> None:
    with pytest.raises(ExternalError, match=r"did not start:.*maxmemory"):
        valkey.start(base, settings={"maxmemory": "much"})
    assert valkey.status(base) is None
    with pytest.raises(ConfigError, match="one line"):
        valkey.start(base, settings={"maxmemory": "1mb\nport 6379"})


def test_interrupted_start_leaves_no_server(base: Path) -> None:
    def pause(_: float) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        valkey.start(base, sleep=pause)
    assert valkey.status(base) is None
    assert valkey.start(base).ready


def test_folder_open_to_others_is_refused(base: Path) -> None:
    (base / "valkey").mkdir(parents=True)
    (base / "valkey").chmod(0o755)
    with pytest.raises(AccessDenied, match="not a folder that only user"):
        valkey.start(base)
    assert stat.S_IMODE((base / "valkey").stat().st_mode) == 0o755
