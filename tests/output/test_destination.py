"""An answer goes to a file that is whole or not there; a device or a pipe is written as it is."""

from __future__ import annotations

import os
import stat
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from boombap.errors import ExternalError
from boombap.output.destination import destination
from boombap.output.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path


def write(file: Path | None, text: str = "a song") -> None:
    with destination(file, Terminal()) as terminal:
        terminal.write(text)


def test_without_a_file_the_answer_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    write(None)
    assert capsys.readouterr().out == "a song\n"


@pytest.mark.parametrize("name", ["a", "a" * 255])
def test_a_file_is_private_and_alone_in_its_folder(isolated: Path, name: str) -> None:
    (isolated / name).write_text("old")
    (isolated / name).chmod(0o644)
    write(isolated / name)
    assert (isolated / name).read_text() == "a song\n"
    assert stat.S_IMODE((isolated / name).stat().st_mode) == 0o600
    assert list(isolated.iterdir()) == [isolated / name]


def test_a_link_stays_a_link(isolated: Path) -> None:
    (isolated / "link").symlink_to("a")
    write(isolated / "link")
    assert (isolated / "link").is_symlink()
    assert (isolated / "a").read_text() == "a song\n"


def test_what_was_there_stays_when_the_answer_fails(isolated: Path) -> None:
    (isolated / "a").write_text("old")
    with suppress(KeyError), destination(isolated / "a", Terminal()) as terminal:
        terminal.write("half")
        raise KeyError
    assert [(file.name, file.read_text()) for file in isolated.iterdir()] == [("a", "old")]


def test_a_pipe_is_written(isolated: Path) -> None:
    os.mkfifo(isolated / "pipe")
    writer = threading.Thread(target=write, args=(isolated / "pipe",))
    writer.start()
    assert (isolated / "pipe").read_text() == "a song\n"
    writer.join()
    assert (isolated / "pipe").is_fifo()


def test_a_device_is_written(isolated: Path) -> None:
    (isolated / "null").symlink_to("/dev/null")
    write(isolated / "null")
    assert list(isolated.iterdir()) == [isolated / "null"]


@pytest.mark.parametrize("name", ["no/such/a", ".", "a" * 300, "a" * 100_000, "/dev/full", "a/b"])
def test_what_cannot_be_written_is_named(isolated: Path, name: str) -> None:
    (isolated / "a").write_text("a file")
    with pytest.raises(ExternalError, match="cannot write"):
        write(isolated / name)
    assert list(isolated.iterdir()) == [isolated / "a"]
