"""Where the servers' files lie, and that their folders are private."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from boombap.errors import AccessDenied, ConfigError, Interrupted
from boombap.local import folders


def test_root_follows_the_xdg_base_directory_specification() -> None:
    assert folders.root(Path("/data")) == Path("/data/boombap/local")
    assert folders.root() == Path.home() / ".local/share/boombap/local"


def test_private_folder_is_0700_and_its_parents_stay(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert stat.S_IMODE(folders.private(tmp_path / "a").stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert folders.private(tmp_path / "a") == tmp_path / "a"


def test_link_and_file_are_no_private_folders(tmp_path: Path) -> None:
    folders.private(tmp_path / "a")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    (tmp_path / "file").touch(mode=0o600)
    for name in ("link", "file"):
        with pytest.raises(AccessDenied, match="not a folder"):
            folders.private(tmp_path / name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_private_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    """Its owner could put a socket of his own where a server's is looked for."""
    os.chown(folders.private(tmp_path / "a"), 12345, -1)
    with pytest.raises(AccessDenied, match="only user 0 can enter"):
        folders.private(tmp_path / "a")
    assert folders.private(tmp_path / "a", 12345) == tmp_path / "a"


def test_socket_lies_in_home_while_its_path_is_short(tmp_path: Path) -> None:
    room = folders.SOCKET_PATH_LIMIT - len(f"{tmp_path}/run/")
    assert folders.sockets(tmp_path, "x" * room) == tmp_path / "run"
    short = folders.private(tmp_path.parent / "s")
    assert folders.sockets(tmp_path / "deep" / "er", "x" * (room - 30), short_parent=short).exists()


def test_socket_path_too_long_even_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="more than 107 bytes; choose a data folder with a shorter path"):
        folders.sockets(tmp_path / ("x" * 90), "s", short_parent=tmp_path / ("ä" * 40))


def test_short_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    expected = folders.sockets(home, "s", short_parent=tmp_path)
    expected.chmod(0o755)
    with pytest.raises(AccessDenied, match="only user"):
        folders.sockets(home, "s", short_parent=tmp_path)


def test_private_file_replaces_the_one_before(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("before")
    (tmp_path / "f").chmod(0o644)
    folders.write_private(tmp_path / "f", "after")
    assert (tmp_path / "f").read_text() == "after"
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600


def test_lock_waits_and_hears_an_interrupt(tmp_path: Path) -> None:
    def pause(_: float) -> None:
        raise Interrupted

    with folders.locked(tmp_path, "one"):
        with folders.locked(tmp_path, "two"):
            pass
        with pytest.raises(Interrupted), folders.locked(tmp_path, "one", pause):
            pass
    with folders.locked(tmp_path, "one", pause):
        pass


def test_unwritable_base_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AccessDenied, match="cannot write to the data folder"), folders.locked(tmp_path / "file", "x"):
        pass
