from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.ctx.model import Skipped
from boombap.ctx.repository import files, texts
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
    found = texts.read(str(tmp_path), "f.txt")
    assert isinstance(found, texts.Text)
    assert found.lines == expected


def test_a_binary_file_is_no_source(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_bytes(b"\x7fELF\0\0")
    assert texts.read(str(tmp_path), "f.py") == Skipped("f.py", "binary")


@pytest.mark.parametrize(
    ("line", "kept"),
    [("word " * 2000, "word " * 1000), ("x" * 6000, ""), ("a, " + "x" * 6000, "a, "), ("x" * 5000, "x" * 5000)],
)
def test_a_long_line_is_cut_at_the_end_of_a_word(tmp_path: Path, line: str, kept: str) -> None:
    (tmp_path / "f.py").write_text(f"before\n{line}\nafter\n")
    found = texts.read(str(tmp_path), "f.py")
    assert isinstance(found, texts.Text)
    assert found.lines == ("before", kept, "after", "")
    assert (found.is_cut, found.is_generated) == (kept != line, len(kept) < len(line) / 2)
    assert texts.lines_of(str(tmp_path), "f.py", None) == found.lines


def test_reading_never_follows_or_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/hostname")
    assert texts.read(str(tmp_path), "pipe") == Skipped("pipe", "not a regular file")
    assert texts.read(str(tmp_path), "link") == Skipped("link", "symbolic link")
    assert texts.read(str(tmp_path), "gone") == Skipped("gone", "vanished")


def test_a_bare_repository_says_so(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    with pytest.raises(NotFound, match="bare repository"):
        files.listing(str(tmp_path / "bare.git"))


def test_a_reader_gives_the_parts_of_a_file_as_it_was_at_the_first(tmp_path: Path) -> None:
    (tmp_path / "keys.py").write_text("import os\npassword = 'hunter2hunter'\n")
    reader = texts.Reader(str(tmp_path), lambda _: None)
    assert reader.part("keys.py", 2, 2) == ("password = '***'",)
    (tmp_path / "keys.py").unlink()
    assert reader.part("keys.py", 1, 2) == ("import os", "password = '***'")
    assert isinstance(reader.part("gone.py", 1, 2), Skipped)


def test_what_is_known_of_a_file_counts_only_for_the_same_bytes(tmp_path: Path) -> None:
    path, root = tmp_path / "keys.py", str(tmp_path)
    path.write_text("a = 1\npassword = 'kalamari'\n")
    found = texts.read(root, "keys.py")
    assert isinstance(found, texts.Text)
    assert texts.lines_of(root, "keys.py", (found.crc, found.masks)) == found.lines == ("a = 1", "password = '***'", "")
    path.write_text("password = 'kalamari'\na = 1\n")
    assert texts.lines_of(root, "keys.py", (found.crc, found.masks)) == ("password = '***'", "a = 1", "")
    assert texts.lines_of(root, "keys.py", (found.crc, "0 known")) == ("password = '***'", "a = 1", "")


def test_a_file_of_many_secrets_is_masked_each_time(tmp_path: Path) -> None:
    (tmp_path / "keys.py").write_text("password = 'kalamari'\n" * 1000)
    found = texts.read(str(tmp_path), "keys.py")
    assert isinstance(found, texts.Text)
    assert found.masks is None
    assert texts.lines_of(str(tmp_path), "keys.py", (found.crc, None)) == found.lines
