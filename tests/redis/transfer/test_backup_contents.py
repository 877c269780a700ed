"""Reading a backup back: a cut or damaged file is refused, or what is whole is restored and the rest named."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from backups import items_in
from boombap.errors import ConfigError, ExternalError
from boombap.redis.transfer.backup_contents import read_contents
from boombap.redis.transfer.backup_file import BackupFile
from boombap.redis.transfer.export_format import ExportedKey
from boombap.redis.transfer.reading import Torn

if TYPE_CHECKING:
    from collections.abc import Iterator

JOB = "purge y:*"


def small(*numbers: int) -> list[ExportedKey]:
    return [ExportedKey(0, b"y:%d" % number, "string", None, b"v", None) for number in numbers]


def large(key: bytes = b"queue", parts: int = 3, fails: Exception | None = None) -> ExportedKey:
    """Return a list that comes in windows; the last one may fail."""
    item = ExportedKey(0, key, "list", None, None, None)

    def windows() -> Iterator[ExportedKey]:
        for part in range(parts):
            if fails is not None and part == parts - 1:
                raise fails
            yield item.replace(value=[b"%d" % part], part=part, is_last=part == parts - 1)

    return item.replace(windows=windows)


def written(path: Path, *items: ExportedKey, **options: Any) -> list[bytes]:
    """Write a backup, and return its lines."""
    with BackupFile(path, **options) as file:
        file.save(items)
    return path.read_bytes().splitlines(keepends=True)


def whole(path: Path) -> list[bytes]:
    contents = read_contents(path)
    contents.check(skips_damaged=True)
    return [item.key for item in contents.items()]


def elements(item: ExportedKey) -> list[bytes]:
    assert item.windows is not None
    return [element for window in item.windows() for element in window.value]


def test_a_value_in_windows_comes_back_in_windows(tmp_path: Path):
    lines = written(tmp_path / "b", *small(1), large(), *small(2))
    assert len(lines) == 1 + 5 + 1
    for newest_first in (False, True):
        items = list(items_in(tmp_path / "b", newest_first=newest_first))
        assert [item.key for item in items] == [b"y:1", b"queue", b"y:2"][:: -1 if newest_first else 1]
        assert elements(next(item for item in items if item.key == b"queue")) == [b"0", b"1", b"2"]


def test_the_last_line_counts_the_others(tmp_path: Path):
    lines = written(tmp_path / "b", *small(1, 2), large())
    last = json.loads(lines[-1])
    assert {name: last[name] for name in ("end", "keys", "lines")} == {"end": True, "keys": 3, "lines": 5}
    assert all("crc32" in json.loads(line) for line in lines[1:])


def test_a_file_that_is_cut_anywhere_is_refused_and_what_is_whole_comes_back(tmp_path: Path):
    text = b"".join(written(tmp_path / "b", *small(1, 2), large(), *small(3)))
    head = text.index(b"\n") + 1
    order = [item.key for item in items_in(tmp_path / "b")]
    for end in range(head, len(text) - 1):
        (tmp_path / "cut").write_bytes(text[:end])
        with pytest.raises(ConfigError) as caught:
            list(items_in(tmp_path / "cut"))
        assert "--skip-damaged" in str(caught.value.hint)
        contents = read_contents(tmp_path / "cut")
        contents.check(skips_damaged=True)
        found = [item.key for item in contents.items()]
        assert found == order[: len(found)]


def test_a_byte_that_is_wrong_anywhere_is_noticed(tmp_path: Path):
    text = b"".join(written(tmp_path / "b", *small(1), large(parts=2)))
    head = text.index(b"\n") + 1
    for at in range(head, len(text) - 1):
        wrong = text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :]
        (tmp_path / "wrong").write_bytes(wrong)
        with pytest.raises(ConfigError):
            list(items_in(tmp_path / "wrong"))


@pytest.mark.parametrize("missing", range(1, 7))
def test_a_line_that_is_missing_is_noticed(tmp_path: Path, missing: int):
    lines = written(tmp_path / "b", *small(1), large(), *small(2))
    del lines[missing]
    (tmp_path / "b").write_bytes(b"".join(lines))
    with pytest.raises(ConfigError):
        list(items_in(tmp_path / "b"))


def test_damaged_lines_are_named_with_their_key(tmp_path: Path):
    lines = written(tmp_path / "b", *small(1, 2), large(parts=4))
    lines[2] = lines[2].replace(b'"value": "v"', b'"value": "w"')
    del lines[4]
    (tmp_path / "b").write_bytes(b"".join(lines))
    contents = read_contents(tmp_path / "b")
    contents.check(skips_damaged=True)
    assert [item.key for item in contents.items()] == [b"y:1"]
    text = "\n".join(contents.damages)
    assert "(key b'y:2'): its checksum is wrong" in text
    assert text.count("the value of b'queue' is incomplete") == 1
    assert "counts 3 keys in 6 lines, and 1 in 1 are whole" in text
    assert contents.damage_count == 3


def test_windows_of_two_values_do_not_mix(tmp_path: Path):
    head, *lines, _ = written(tmp_path / "b", large(b"a", 2), large(b"b", 2))
    (tmp_path / "b").write_bytes(b"".join([head, lines[0], lines[2], lines[1], lines[3]]))
    assert whole(tmp_path / "b") == []


def test_a_file_of_an_earlier_version_needs_neither_checksums_nor_a_last_line(tmp_path: Path):
    head = {"schema": "boombap.redis.backup/1", "form": "both", "job": ""}
    line = {"db": 0, "key": "k", "type": "list", "ttl_ms": None, "value": ["v"]}
    (tmp_path / "b").write_text(f"{json.dumps(head)}\n{json.dumps(line)}\n")
    assert [item.value for item in items_in(tmp_path / "b")] == [[b"v"]]


def test_a_torn_value_is_not_in_the_file(tmp_path: Path):
    with BackupFile(tmp_path / "b") as file:
        assert file.save([*small(1), large(fails=Torn("changed")), *small(2)]) == [b"y:1", b"y:2"]
    assert (file.items, file.failed, file.failed_count) == (2, [(b"queue", "changed")], 1)
    assert [item.key for item in items_in(tmp_path / "b")] == [b"y:1", b"y:2"]


def test_a_source_that_breaks_leaves_nothing_of_its_batch(tmp_path: Path):
    def breaks() -> None:
        with BackupFile(tmp_path / "b", job=JOB) as file:
            file.save(small(1))
            file.save([*small(2), large(fails=ExternalError("the server is gone"))])

    with pytest.raises(ExternalError, match="the server is gone"):
        breaks()
    with BackupFile(tmp_path / "b", job=JOB) as file:
        file.save(small(3))
    assert [item.key for item in items_in(tmp_path / "b")] == [b"y:1", b"y:3"]


@pytest.mark.parametrize("cut", range(1, 4))
def test_windows_that_a_kill_left_are_taken_back_when_the_file_is_continued(tmp_path: Path, cut: int):
    """Their key was not deleted: that happens after the last one is on disk."""
    lines = written(tmp_path / "b", *small(1), large(), job=JOB)
    (tmp_path / "b").unlink()
    (tmp_path / "b.part").write_bytes(b"".join(lines[: 2 + cut]))
    with BackupFile(tmp_path / "b", job=JOB) as file:
        file.save(small(2))
    kept = [b"queue"] if cut == 3 else []
    assert [item.key for item in items_in(tmp_path / "b")] == [b"y:1", *kept, b"y:2"]


def test_a_full_disk_takes_back_the_windows_that_were_written(tmp_path: Path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with BackupFile(tmp_path / "b", job=JOB) as file:
        file.save(small(1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
        try:
            with pytest.raises(ExternalError, match="cannot write"):
                file.save([*small(2), large(parts=1000)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        file.save(small(3))
    assert [item.key for item in items_in(tmp_path / "b")] == [b"y:1", b"y:3"]


def test_a_kill_between_the_last_line_and_the_name_is_continued(tmp_path: Path):
    written(tmp_path / "b", *small(1), job=JOB)
    (tmp_path / "b").rename(tmp_path / "b.part")
    with BackupFile(tmp_path / "b", job=JOB) as file:
        file.save(small(2))
    assert [item.key for item in items_in(tmp_path / "b")] == [b"y:1", b"y:2"]


@pytest.mark.parametrize("place", ["/dev/zero", "pipe", "."])
def test_what_is_not_a_file_is_not_read_without_end(isolated: Path, place: str):
    os.mkfifo(isolated / "pipe")
    with pytest.raises(ConfigError, match="is not a regular file"):
        read_contents(Path(place))
