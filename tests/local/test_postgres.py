"""The embedded PostgreSQL: starts, stops, survives kills, and touches nobody's permissions."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
import pytest

import servers
from boombap.errors import AccessDenied, ConfigError, ExternalError, Interrupted
from boombap.interrupt import Interrupt
from boombap.local import folders, postgres, privilege, process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.local.process import Running

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another way")
FAST = {"fsync": "off", "shared_buffers": "16MB", "shared_preload_libraries": ""}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped server's folder, to be copied: initdb takes half a second."""
    base = tmp_path_factory.mktemp("made")
    postgres.start(base, settings=FAST, binaries=servers.require(18))
    postgres.stop(base)
    return base


@pytest.fixture
def base(made: Path, tmp_path: Path) -> Iterator[Path]:
    """A folder with a stopped server; whatever runs in it in the end is stopped."""
    copy = tmp_path / "base"
    shutil.copytree(made, copy)
    yield copy
    postgres.stop(copy)


@pytest.fixture
def shelter() -> Iterator[Path]:
    """A folder that `nobody` can reach, outside of pytest's own, which is 0700."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="bb-") as place:
        Path(place).chmod(0o711)
        yield Path(place) / "shelter"


def answer(url: str, query: str, password: str | None = None) -> object:
    connection = psycopg2.connect(url, password=password)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            row = cursor.fetchone()
            assert row is not None
            return row[0]
    finally:
        connection.close()


def permissions_above(path: Path) -> dict[Path, tuple[int, int]]:
    return {step: (step.stat().st_mode, step.stat().st_uid) for step in path.resolve().parents}


def processes_on(data: Path) -> list[int]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if process.is_ours(pid, str(data), "postgres")]


def everything_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if not path.is_symlink() and not stat.S_ISSOCK(path.stat().st_mode)]


def test_first_start_makes_role_database_and_private_files(tmp_path: Path) -> None:
    base = tmp_path / "missing" / "base"
    running = postgres.start(base, settings={"fsync": "off"})
    try:
        assert answer(running.url, "select current_user || '@' || current_database()") == "boombap@boombap"
        assert answer(running.url, "show shared_preload_libraries") == "pg_stat_statements"
        assert answer(running.url, "select upper('ä')") == "Ä"
        assert answer(running.url, "show listen_addresses") == ""
        assert running == postgres.status(base)
        assert (running.version, running.tcp_url, running.password_file) == (
            answer(running.url, "show server_version"),
            "",
            None,
        )
        assert [path for path in everything_in(base) if path.stat().st_mode & 0o077] == []
    finally:
        assert postgres.stop(base)


def test_stop_and_status_without_a_server(tmp_path: Path) -> None:
    assert postgres.status(tmp_path / "none") is None
    assert postgres.stop(tmp_path / "none") is False
    assert not (tmp_path / "none").exists()


def test_data_outlives_a_stop(base: Path) -> None:
    first = postgres.start(base, settings=FAST)
    assert answer(first.url, "create table kept as select 7 as n; commit; select n from kept") == 7
    assert postgres.stop(base)
    assert postgres.status(base) is None
    second = postgres.start(base, settings=FAST)
    assert second.pid != first.pid
    assert answer(second.url, "select n from kept") == 7


def test_two_starts_at_once_give_one_server(base: Path) -> None:
    seen: list[Running] = []
    threads = [threading.Thread(target=lambda: seen.append(postgres.start(base, settings=FAST))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == len(threads)
    assert len(set(seen)) == 1


def test_killed_server_starts_again(base: Path) -> None:
    killed = postgres.start(base, settings=FAST)
    os.kill(killed.pid, signal.SIGKILL)
    os.waitpid(killed.pid, 0)
    assert (killed.data / "postmaster.pid").exists()
    assert postgres.status(base) is None
    assert answer(postgres.start(base, settings=FAST).url, "select 1") == 1


def test_recycled_pid_is_neither_believed_nor_killed(base: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        data, run = base / "postgres" / "data", folders.private(base / "postgres" / "run")
        text = f"{stranger.pid}\n{data}\n1\n5432\n{run}\n\n  1 1\nready   \n"
        (data / "postmaster.pid").write_text(text)
        (run / ".s.PGSQL.5432.lock").write_text(text)
        assert postgres.status(base) is None
        assert postgres.stop(base) is False
        assert stranger.poll() is None
        assert postgres.start(base, settings=FAST).ready
        assert stranger.poll() is None
    finally:
        stranger.communicate(b"\n")


def test_broken_setting_shows_the_log_and_leaves_no_child(base: Path) -> None:
    with pytest.raises(ExternalError, match=r"did not start:.*wal_level"):
        postgres.start(base, settings=FAST | {"wal_level": "wrong"})
    assert processes_on(base / "postgres" / "data") == []
    assert postgres.start(base, settings=FAST).ready


@pytest.mark.parametrize(("name", "value"), [("bad name", "on"), ("fsync", "on\nport = 1")])
def test_setting_that_would_break_out_of_its_line(base: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match="not a setting"):
        postgres.start(base, settings={name: value})


def test_quoted_setting_arrives_whole(base: Path) -> None:
    running = postgres.start(base, settings=FAST | {"application_name": r"it's a \ path"})
    assert answer(running.url, "select reset_val from pg_settings where name = 'application_name'") == r"it's a \ path"


@pytest.mark.parametrize("looks", [1, 20])
def test_interrupted_first_start_leaves_nothing_half_made(tmp_path: Path, looks: int) -> None:
    interrupt = Interrupt()
    seen = 0

    def pause(seconds: float) -> None:
        nonlocal seen
        seen += 1
        if seen == looks:
            interrupt.set(signal.SIGINT)
        interrupt.sleep(seconds)

    with pytest.raises(Interrupted):
        postgres.start(tmp_path, settings=FAST, sleep=pause)
    assert [path.name for path in (tmp_path / "postgres").glob("data*")] == []
    with servers.running_postgres(18, tmp_path) as running:
        assert running.ready


def test_ctrl_c_while_the_server_starts_ends_it(base: Path) -> None:
    seen: list[int] = []

    def pause(_: float) -> None:
        seen.extend(processes_on(base / "postgres" / "data"))
        if seen:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        postgres.start(base, settings=FAST, sleep=pause)
    assert processes_on(base / "postgres" / "data") == []
    assert postgres.start(base, settings=FAST).ready


def test_tcp_asks_for_the_password(base: Path) -> None:
    running = postgres.start(base, settings=FAST, port=servers.free_port())
    assert running.password_file is not None
    password = running.password_file.read_text().strip()
    assert answer(running.tcp_url, "select 1", password=password) == 1
    assert password not in repr(running)
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(running.tcp_url, password="wrong")
    with pytest.raises(ConfigError, match="already runs without TCP port"):
        postgres.start(base, port=running.port + 1)


def test_listens_on_loopback_only(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="loopback only"):
        postgres.start(tmp_path, port=5999, addresses=["0.0.0.0"])


def test_long_path_gets_a_short_socket(made: Path, tmp_path: Path) -> None:
    base = tmp_path / ("long" * 25)
    shutil.copytree(made, base)
    running = postgres.start(base, settings=FAST)
    try:
        assert answer(running.url, "select 1") == 1
        assert running.host.parent == Path("/tmp")
        assert stat.S_IMODE(running.host.stat().st_mode) == 0o700
        assert postgres.status(base) == running
    finally:
        postgres.stop(base)
        shutil.rmtree(running.host)


def test_other_major_version_is_refused(base: Path) -> None:
    with pytest.raises(ConfigError, match="written by PostgreSQL 18, and 15"):
        postgres.start(base, binaries=servers.require(15))


def test_missing_extra_says_what_to_install() -> None:
    source = Path(postgres.__file__).parents[2]
    program = (
        f"import sys; sys.path.insert(0, {str(source)!r})\n"
        "from pathlib import Path\nfrom boombap.local import postgres, valkey\n"
        "for found in (postgres.bundled, valkey.bundled):\n"
        "    try: found()\n    except Exception as error: print(type(error).__name__, error)\n"
    )
    # -S leaves site-packages out, so neither package is there.
    ended = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    hint = "install it with: pip install 'boombap[local]'"
    assert ended.stdout.splitlines() == [
        f"ConfigError the embedded PostgreSQL is not installed; {hint}",
        f"ConfigError the embedded Valkey is not installed; {hint}",
    ]


def test_server_outlives_the_command_and_frees_its_output(base: Path) -> None:
    program = "import sys, pathlib; from boombap.local import postgres; postgres.start(pathlib.Path(sys.argv[1]))"
    source = str(Path(postgres.__file__).parents[2])
    # `communicate` ends only when every holder of the pipes has closed them.
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(base)],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
        env={"PYTHONPATH": os.pathsep.join([source, *sys.path]), "PGPORT": "1"},
    )
    assert ended.stdout + ended.stderr == ""
    running = postgres.status(base)
    assert running is not None
    assert answer(running.url, "select 1") == 1


@as_root
@pytest.mark.slow
def test_programs_and_data_under_a_private_folder(tmp_path: Path) -> None:
    private = folders.private(tmp_path / "home")
    binaries = _wheel_copied_to(private / "venv")
    before = permissions_above(binaries / "postgres") | permissions_above(private / "data")
    running = postgres.start(private / "data", settings=FAST, binaries=binaries)
    try:
        assert answer(running.url, "select 1") == 1
        assert permissions_above(binaries / "postgres") | permissions_above(private / "data") == before
    finally:
        postgres.stop(private / "data")


@as_root
@pytest.mark.slow
def test_nobody_runs_a_copy_when_namespaces_are_forbidden(tmp_path: Path, shelter: Path) -> None:
    private = folders.private(tmp_path / "home")
    binaries = _wheel_copied_to(private / "venv")
    for path in binaries.parent.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)  # as pip installs under a umask of 077
    before = permissions_above(binaries / "postgres") | permissions_above(shelter)
    choose = functools.partial(privilege.as_nobody, shelters=[shelter])
    running = postgres.start(private / "data", settings=FAST, binaries=binaries, choose=choose)
    try:
        assert answer(running.url, "select 1") == 1
        assert Path(f"/proc/{running.pid}").stat().st_uid == running.data.stat().st_uid != 0
        assert postgres.status(private / "data") == running
        assert permissions_above(binaries / "postgres") | permissions_above(shelter) == before
    finally:
        assert postgres.stop(private / "data")
    again = postgres.start(private / "data", settings=FAST, binaries=binaries, choose=choose)
    assert again.data == running.data
    assert postgres.stop(private / "data")


@as_root
def test_without_unshare_nobody_is_chosen(tmp_path: Path, shelter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose = functools.partial(privilege.choose, shelters=[shelter])
    binaries = postgres.bundled()
    with monkeypatch.context() as forbidden:
        forbidden.setenv("PATH", "/nonexistent")
        assert choose(tmp_path / "home", binaries, "postgres").user is not None
    assert choose(tmp_path / "home", binaries, "postgres").user is not None, "the data already belongs to nobody"
    assert choose(tmp_path / "other", binaries, "postgres").prefix[0] == "unshare"


@as_root
@pytest.mark.slow
def test_user_id_without_a_name_runs_in_a_namespace(tmp_path: Path, shelter: Path) -> None:
    shelter.mkdir()
    os.chown(shelter, 54321, 54321)
    source = Path(postgres.__file__).parents[2]
    program = (
        f"import sys; sys.path[:0] = [{str(source)!r}]\n"
        "from pathlib import Path\nfrom boombap.local import postgres\n"
        "base = Path(sys.argv[1])\n"
        "print(postgres.start(base, binaries=Path(sys.argv[2]), settings={'fsync': 'off'}).ready)\n"
        "print(postgres.stop(base))\n"
    )
    python = shutil.which("python3", path="/usr/bin")
    debian = servers.find_postgres(15)
    if python is None or debian is None or not str(debian).startswith("/usr"):
        pytest.skip("no Python or PostgreSQL that every user can reach")
    ended = subprocess.run(
        [python, "-I", "-c", program, shelter / "base", debian],
        capture_output=True,
        text=True,
        check=False,
        user=54321,
        group=54321,
        extra_groups=[],
        cwd="/",
    )
    assert (ended.stdout, ended.stderr) == ("True\nTrue\n", "")


@as_root
def test_programs_that_do_not_run_bind_no_one_to_a_way(tmp_path: Path, shelter: Path) -> None:
    broken = tmp_path / "installation" / "bin"
    broken.mkdir(parents=True)
    (broken / "postgres").write_text("#!/bin/sh\nexit 1\n")
    (broken / "postgres").chmod(0o755)
    choose = functools.partial(privilege.choose, shelters=[shelter])
    with pytest.raises(ExternalError, match="cannot run"):
        postgres.start(tmp_path / "base", binaries=broken, choose=choose)
    assert not (tmp_path / "base" / "postgres").is_symlink()


@as_root
def test_no_way_is_one_clear_error(base: Path, tmp_path: Path, shelter: Path) -> None:
    unreachable = functools.partial(privilege.as_nobody, shelters=[tmp_path / "shelter"])
    with pytest.raises(AccessDenied, match="does not run as root, and `nobody` can reach none of"):
        postgres.start(tmp_path / "new", choose=unreachable)
    reachable = functools.partial(privilege.as_nobody, shelters=[shelter])
    with pytest.raises(AccessDenied, match="belongs to root"):
        postgres.start(base, choose=reachable)
    assert postgres.start(base, settings=FAST).ready


@as_root
def test_data_of_another_user_is_refused(base: Path) -> None:
    os.chown(base / "postgres" / "data", 12345, -1)
    with pytest.raises(AccessDenied, match="belongs to user 12345"):
        postgres.start(base)
    os.chown(base / "postgres" / "data", 0, -1)


@pytest.mark.parametrize("major", servers.MAJORS[:-1])
def test_every_version_starts(major: int, tmp_path: Path) -> None:
    with servers.running_postgres(major, tmp_path) as running:
        assert str(answer(running.url, "show server_version")).startswith(running.version)


@pytest.mark.parametrize("major", [15, 18])
@pytest.mark.slow
def test_replica_streams(major: int, tmp_path: Path) -> None:
    with (
        servers.running_postgres(major, tmp_path / "primary") as primary,
        servers.replica_of(primary, tmp_path / "replica") as replica,
    ):
        assert answer(replica.url, "select pg_is_in_recovery()") is True


def test_ipv6(tmp_path: Path) -> None:
    with servers.running_postgres(18, tmp_path, tcp=True, addresses=("::1",)) as running:
        assert "[::1]" in running.tcp_url
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(running.tcp_url, password="wrong")


def test_pgbouncer_in_front(tmp_path: Path) -> None:
    with servers.running_postgres(15, tmp_path) as running, servers.running_pgbouncer(running, tmp_path) as bouncer:
        assert answer(bouncer.url, "select current_user") == "boombap"


def _wheel_copied_to(folder: Path) -> Path:
    package = postgres.bundled().parent.parent
    shutil.copytree(package / "pginstall", folder / package.name / "pginstall")
    shutil.copytree(package.with_name(f"{package.name}.libs"), folder / f"{package.name}.libs")
    return folder / package.name / "pginstall" / "bin"
