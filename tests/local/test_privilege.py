"""As whom a server runs that refuses root: which shelters are trusted, and what `nobody` may do there."""

from __future__ import annotations

import os
import pwd
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.errors import AccessDenied
from boombap.local import privilege

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its server another user")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that `nobody` can reach, outside of pytest's own, which is 0700."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="bb-") as place:
        Path(place).chmod(0o711)
        yield Path(place)


def programs(folder: Path, script: str) -> Path:
    """Return a folder with a program that says who runs it."""
    binaries = folder / "installation" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "server").write_text(f"#!/bin/sh\n{script}\n")
    for path in (binaries.parent, binaries, binaries / "server"):
        path.chmod(0o755)
    return binaries


def made(folder: Path, mode: int, owner: int = 0) -> Path:
    folder.mkdir()
    folder.chmod(mode)
    os.chown(folder, owner, owner)
    return folder


def linked(place: Path) -> Path:
    (place / "link").symlink_to(made(place / "other", 0o711))
    return place / "link"


@pytest.mark.parametrize(
    "make",
    [
        lambda place: made(place / "s", 0o711, owner=12345),
        lambda place: made(place / "s", 0o733),
        lambda place: made(place / "s", 0o731),
        lambda place: made(place / "s", 0o713),
        lambda place: made(place / "s", 0o700),
        lambda place: made(place / "closed", 0o700) / "s",
        linked,
    ],
    ids=["another user's", "everybody's", "its group's", "others'", "closed", "in a closed one", "a link"],
)
def test_a_shelter_that_somebody_else_could_change_is_not_used(open_folder: Path, make: Callable[[Path], Path]) -> None:
    """Programs are copied there and run: whoever may write there would have his own run in their place."""
    shelter = make(open_folder)
    with pytest.raises(AccessDenied, match="can reach none of"):
        privilege.as_nobody(open_folder / "home", programs(open_folder, "id -u"), "server", shelters=[shelter])
    assert not (open_folder / "home").is_symlink()
    assert not list(shelter.glob("*"))


def test_the_next_shelter_is_taken_where_one_is_not_trusted(open_folder: Path) -> None:
    shelters = [made(open_folder / "all", 0o777), open_folder / "own"]
    way = privilege.as_nobody(open_folder / "home", programs(open_folder, "id -u"), "server", shelters=shelters)
    assert way.home.parent == open_folder / "own"
    assert (open_folder / "own").stat().st_mode & 0o777 == 0o711


def test_nobody_has_none_of_root_s_rights_and_groups(open_folder: Path) -> None:
    """A server that a stranger breaks into must not read what root's groups may read."""
    before = os.getgroups()
    os.setgroups([0, 4])
    try:
        binaries = programs(open_folder, "echo $(id -u) $(id -g) $(id -G)")
        way = privilege.as_nobody(open_folder / "home", binaries, "server", shelters=[open_folder / "shelter"])
    finally:
        os.setgroups(before)
    nobody = pwd.getpwnam("nobody")
    assert way.version == f"{nobody.pw_uid} {nobody.pw_gid} {nobody.pw_gid}"
    assert (way.user, way.group) == (nobody.pw_uid, nobody.pw_gid)
    assert (way.home.stat().st_uid, way.home.stat().st_mode & 0o777) == (nobody.pw_uid, 0o700)
