"""Locks on open files: one holder, waits with a limit, and a process that dies gives its lock back."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from boombap.errors import ExternalError
from boombap.filelock import lock, lock_within, try_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLDER = """
import os, sys, time
from boombap.filelock import lock
lock(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def descriptors(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Two descriptors that opened the same file, each on its own."""
    pair = tuple(os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT) for _ in range(2))
    yield pair
    for descriptor in pair:
        try:
            os.close(descriptor)
        except OSError:
            continue


def test_one_holder_until_the_descriptor_is_closed(descriptors: tuple[int, int]) -> None:
    first, second = descriptors
    lock(first)
    assert not try_lock(second)
    os.close(first)
    assert try_lock(second)


def test_a_wait_ends_when_the_lock_is_free(descriptors: tuple[int, int]) -> None:
    first, second = descriptors
    assert lock_within(first, 1.0, pytest.fail) == 0
    waits: list[float] = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            os.close(first)

    assert lock_within(second, 1.0, pause) == pytest.approx(sum(waits))
    assert len(waits) == 3


def test_a_wait_has_a_limit(descriptors: tuple[int, int]) -> None:
    first, second = descriptors
    assert try_lock(first)
    waits: list[float] = []
    assert lock_within(second, 1.0, waits.append) is None
    assert sum(waits) == pytest.approx(1.0, abs=0.1)


def test_a_killed_process_gives_its_lock_back(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        descriptor = os.open(path, os.O_RDWR)
        try:
            assert not try_lock(descriptor)
            holder.kill()
            holder.wait()
            assert try_lock(descriptor)
        finally:
            os.close(descriptor)


def test_a_system_without_locks_is_named(descriptors: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(ExternalError, match="no file locks"):
        try_lock(descriptors[0])
