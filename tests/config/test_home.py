"""An empty HOME counts as one that is not set, wherever a home folder is asked for."""

from __future__ import annotations

import os
from pathlib import Path
from pwd import getpwuid

import pytest

from boombap.config import kinds
from boombap.config.home import expand_user, home_folder
from boombap.config.load import load
from boombap.ctx.repository.roots import is_too_wide
from boombap.deps.advisories.export_source import open_origin
from boombap.local import folders

OWN = Path(getpwuid(os.getuid()).pw_dir)


@pytest.mark.parametrize(
    ("environ", "home"),
    [({"HOME": "/home/dj"}, Path("/home/dj")), ({"HOME": ""}, OWN), ({}, OWN), ({"HOME": "/"}, Path("/"))],
)
def test_the_home_folder(environ: dict[str, str], home: Path) -> None:
    assert home_folder(environ) == home


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}])
def test_no_folder_of_ours_is_below_the_root_of_the_file_system(tmp_path: Path, environ: dict[str, str]) -> None:
    paths = load(environ=environ, folder=tmp_path).paths
    assert (paths.cache, paths.data) == (OWN / ".cache/boombap", OWN / ".local/share/boombap")
    assert paths.state == OWN / ".local/state/boombap"


def test_an_empty_home_is_not_the_root_of_the_file_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "")
    assert folders.root() == OWN / ".local/share/boombap/local"
    assert expand_user("~/exports") == OWN / "exports"
    assert kinds.PATH.parse("~/exports") == OWN / "exports"
    assert open_origin("~/exports", pytest.fail).label == str(OWN / "exports")
    assert is_too_wide(str(OWN))


def test_other_paths_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/dj")
    assert expand_user("~") == Path("/home/dj")
    assert expand_user("a/~") == Path("a/~")
    assert expand_user("~root") == Path(getpwuid(0).pw_dir)
    with pytest.raises(RuntimeError):
        expand_user("~nobody-has-this-name/x")
