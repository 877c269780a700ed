from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.ctx.model import Skipped
from boombap.ctx.repository import files
from boombap.errors import NotFound
from ctx.repositories import git, repository, write

if TYPE_CHECKING:
    from collections.abc import Callable


def reasons(root: Path) -> dict[str, str]:
    return {skipped.path: skipped.reason for skipped in files.listing(str(root)).skipped}


def test_gitignore_means_what_it_means_to_git(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {})
    write(root, {".gitignore": "/top\n*.log\n!keep.log\nsub/x/\n", "sub/.gitignore": "nested\n"})
    write(root, dict.fromkeys(("top", "sub/top", "a.log", "keep.log", "sub/x/y", "sub/nested", "nested"), "text\n"))
    found = set(files.listing(str(root)).paths)
    assert found == {".gitignore", "sub/.gitignore", "sub/top", "keep.log", "nested"}


def test_the_same_rules_hold_without_git(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    write(root, {".gitignore": "/top\n*.log\n!keep.log\nsub/x/\n", "sub/.gitignore": "nested\n"})
    write(root, dict.fromkeys(("top", "sub/top", "a.log", "keep.log", "sub/x/y", "sub/nested", "nested"), "text\n"))
    found = set(files.listing(str(root)).paths)
    assert found == {".gitignore", "sub/.gitignore", "sub/top", "keep.log", "nested"}


def test_what_is_left_out_has_a_reason(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {})
    write(root, {".env": "A=1", "id_rsa": "key", "uv.lock": "x", "a_pb2.py": "x", "big.py": "x" * 1_000_001})
    os.mkfifo(root / "pipe")
    (root / "loop").symlink_to("loop")
    (root / "out").symlink_to("/etc/hostname")
    assert reasons(root) == {
        ".env": "holds secrets", "id_rsa": "holds secrets", "uv.lock": "lock file", "big.py": "over 1 MB",
        "a_pb2.py": "generated or minified", "loop": "symbolic link", "out": "symbolic link",
    }  # fmt: skip
    (root / "nested").mkdir()
    git(root / "nested", "init", "-q")
    write(root / "nested", {"a.py": "x"})
    assert reasons(root)["nested/"] == "nested repository"


def test_odd_names(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {})
    write(root, {"new\nline.py": "x", "quo\"te'.py": "x"})
    Path(os.fsdecode(os.fsencode(str(root)) + b"/\xff.py")).write_text("x", encoding="utf-8")
    assert set(files.listing(str(root)).paths) == {"new\nline.py", "quo\"te'.py"}
    assert reasons(root) == {"\\xff.py": "name is not UTF-8"}


def named_in_bytes(root: Path, name: bytes, content: bytes) -> None:
    (root / os.fsdecode(name)).write_bytes(content)


@pytest.mark.parametrize("make", [repository, lambda root, files: root.mkdir() or root])
def test_files_left_out_for_their_names_are_counted(tmp_path: Path, make: Callable[..., Path]) -> None:
    """Without a note their absence reads as "nothing found"; what is not text would be left out anyway."""
    root = make(tmp_path / "r", {})
    write(root, {"pool.py": "x\n"})
    named_in_bytes(root, b"\xff.png", b"\0\1")
    (root / os.fsdecode(b"\xff.link")).symlink_to("pool.py")
    listed = files.listing(str(root))
    assert (listed.note, listed.is_cut) == ("", False)
    named_in_bytes(root, b"\xff.py", b"def acquire(): ...\n")
    listed = files.listing(str(root))
    assert (listed.note, listed.is_cut) == ("1 file left out: name is not UTF-8", True)
    named_in_bytes(root, b"\xfe.py", b"def acquire(): ...\n")
    listed = files.listing(str(root), 1)
    assert listed.note.startswith("2 files left out: name is not UTF-8")
    assert listed.is_cut


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a\r\nb\rc", ("a", "b", "c")),
        (b"\xef\xbb\xbfa", ("a",)),
        ("пул".encode("utf-16"), ("пул",)),
        ("соединения пула потоков".encode("cp1251"), ("соединения пула потоков",)),
        (b"a\xffb", ("a\ufffdb",)),
    ],
)
def test_encodings(tmp_path: Path, content: bytes, expected: tuple[str, ...]) -> None:
    (tmp_path / "f.txt").write_bytes(content)
    found = files.read(str(tmp_path), "f.txt")
    assert isinstance(found, files.Text)
    assert found.lines == expected


@pytest.mark.parametrize(
    ("content", "reason"), [(b"\x7fELF\0\0", "binary"), (b"x" * 6000, "minified: a line of more than 5,000 characters")]
)
def test_what_is_no_source(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "f.py").write_bytes(content)
    assert files.read(str(tmp_path), "f.py") == Skipped("f.py", reason)


def test_reading_never_follows_or_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/hostname")
    assert files.read(str(tmp_path), "pipe") == Skipped("pipe", "not a regular file")
    assert isinstance(files.read(str(tmp_path), "link"), Skipped)
    assert files.read(str(tmp_path), "gone") == Skipped("gone", "vanished")


def test_a_bare_repository_says_so(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    with pytest.raises(NotFound, match="bare repository"):
        files.listing(str(tmp_path / "bare.git"))


def test_a_reader_gives_the_parts_of_a_file_as_it_was_at_the_first(tmp_path: Path) -> None:
    (tmp_path / "keys.py").write_text("import os\npassword = 'hunter2hunter'\n")
    reader = files.Reader(str(tmp_path))
    assert reader.part("keys.py", 2, 2) == files.read_part(str(tmp_path), "keys.py", 2, 2) == ("password = '***'",)
    (tmp_path / "keys.py").unlink()
    assert reader.part("keys.py", 1, 2) == ("import os", "password = '***'")
    assert isinstance(reader.part("gone.py", 1, 2), Skipped)
