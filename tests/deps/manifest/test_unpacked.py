"""What is installed below the root of an unpacked image, in trees that are made here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from boombap.cli import sections
from boombap.command.dispatch import run_tool
from boombap.deps.cli import TOOL
from boombap.deps.manifest.read import read
from boombap.errors import NotFound
from boombap.interrupt import Interrupt
from deps.osv import database, record
from deps.trees import gaps, write

METADATA = "Metadata-Version: 2.1\nName: {}\nVersion: {}\n\n"
MODULES = (
    "path\texample.org/app\n"
    "mod\texample.org/app\tv1.2.3\th1:x=\n"
    "dep\tgithub.com/a/b\tv1.0.0\th1:x=\n"
    "dep\tgithub.com/c/d\tv2.0.0\n"
    "=>\tgithub.com/e/f\tv2.1.0\th1:x=\n"
    "build\t-compiler=gc\n"
)
MAGIC = b"\xff Go buildinf:"


def varint(text: bytes) -> bytes:
    length, out = len(text), b""
    while length >= 0x80:
        out += bytes([length & 0x7F | 0x80])
        length >>= 7
    return out + bytes([length]) + text


def program(modules: str = MODULES, release: str = "go1.21.3", *, flags: int = 2, at: int = 4096) -> bytes:
    """Return the bytes of a program of Go, as far as its build information goes."""
    header = (MAGIC + b"\x08" + bytes([flags])).ljust(32, b"\0")
    marked = b"0" * 16 + modules.encode() + b"1" * 16 if modules else b""
    return b"\x7fELF".ljust(at, b"\0") + header + varint(release.encode()) + varint(marked) + b"\0" * 64


def installed(root: Path, files: dict[str, str | bytes], **options: object):
    return read([], roots=[str(write(root, files))], **options)  # type: ignore[arg-type]


def packages(found) -> set[tuple[str, str, str]]:
    return {(one.ecosystem, one.name, one.version) for one in found.dependencies}


def package(name: str, version: str) -> str:
    return json.dumps({"name": name, "version": version})


def test_packages_of_python_npm_and_go_wherever_they_are(tmp_path: Path):
    files: dict[str, str | bytes] = {
        "usr/lib/python3/dist-packages/idna-3.7.dist-info/METADATA": METADATA.format("idna", "3.7"),
        "opt/venv/pyvenv.cfg": "home = /usr/bin\n",
        "opt/venv/lib/python3.11/site-packages/flask-2.0.dist-info/METADATA": METADATA.format("flask", "2.0"),
        "function/black-23.0.dist-info/METADATA": METADATA.format("black", "23.0"),
        "usr/lib/node_modules/npm/package.json": package("npm", "10.0.0"),
        "usr/lib/node_modules/npm/node_modules/@a/b/package.json": package("@a/b", "1.0.0"),
        "usr/lib/node_modules/.bin/npm": "",
        "app/node_modules/.pnpm/ms@2.0.0/node_modules/ms/package.json": package("ms", "2.0.0"),
        "usr/local/bin/app": program(),
        "app/go.mod": "module m\n",
    }
    found = installed(tmp_path, files)
    assert packages(found) == {
        ("PyPI", "idna", "3.7"),
        ("PyPI", "flask", "2.0"),
        ("PyPI", "black", "23.0"),
        ("npm", "npm", "10.0.0"),
        ("npm", "@a/b", "1.0.0"),
        ("npm", "ms", "2.0.0"),
        ("Go", "stdlib", "1.21.3"),
        ("Go", "example.org/app", "v1.2.3"),
        ("Go", "github.com/a/b", "v1.0.0"),
        ("Go", "github.com/e/f", "v2.1.0"),
    }
    assert found.skipped == ()
    (ms,) = (one for one in found.dependencies if one.name == "ms")
    assert ms.file == f"{tmp_path}/app/node_modules/.pnpm/ms@2.0.0/node_modules/ms/package.json"


STATUS = "Package: curl\nStatus: install ok installed\nDescription: x\n Package: no\n\nPackage: zlib1g\n"


@pytest.mark.parametrize(
    ("files", "place", "reason"),
    [
        ({"var/lib/dpkg/status": STATUS}, "var/lib/dpkg/status", "names 2 packages of dpkg"),
        (
            {"var/lib/dpkg/status.d/a": "Package: a\n", "var/lib/dpkg/status.d/a.md5sums": "Package:\n"},
            "var/lib/dpkg/status.d",
            "names 1 packages of dpkg",
        ),
        ({"lib/apk/db/installed": "C:x\nP:musl\nV:1\n\nP:zlib\n"}, "lib/apk/db/installed", "names 2 packages of apk"),
        ({"usr/lib/sysimage/rpm/rpmdb.sqlite": b"\0"}, "usr/lib/sysimage/rpm", "names packages of rpm"),
        ({"opt/app.jar": b"PK"}, "opt/app.jar", "is an archive of packages"),
        ({"usr/lib/ruby/gems/3.2.0/specifications/rack-3.gemspec": ""}, "specifications", "names 1 installed gems"),
        ({"app/vendor/composer/installed.json": "{}"}, "composer/installed.json", "names installed packages of Comp"),
        ({"app/bin": program("")}, "app/bin", "does not say from which modules"),
        ({"app/bin": program(flags=0)}, "app/bin", "is a program of Go before 1.18"),
        ({"app/bin": program()[:4200]}, "app/bin", "has build information of Go that is cut off"),
        ({"etc/hostname": "x\n"}, "", "holds nothing installed that is read here"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_read_is_one_gap(tmp_path: Path, files: dict[str, str | bytes], place: str, reason: str):
    (gap,) = installed(tmp_path, files).skipped
    assert (gap.is_failure, gap.file.endswith(place), reason in gap.reason) == (True, True, True), gap


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_listed_is_a_gap(tmp_path: Path):
    write(tmp_path, {"app/bin": program()})
    (tmp_path / "root").mkdir(mode=0)
    assert gaps(read([], roots=[str(tmp_path)])) == [(f"{tmp_path}/root", "cannot be listed: Permission denied", 0)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "its package.json is not valid JSON: Expecting property name enclosed in double quotes (column 2)"),
        ("{}", "names no version"),
        (None, "its package.json cannot be read: No such file or directory"),
        ('{"name": "a", "version": "1.0.0", "_resolved": "git+ssh://git@h/a.git"}', "comes from version control"),
    ],
)
def test_an_npm_package_that_says_little_is_named(tmp_path: Path, content: str | None, reason: str):
    files: dict[str, str | bytes] = {
        "node_modules/a/index.js": "",
        "node_modules/b/package.json": package("b", "1.0.0"),
    }
    found = installed(tmp_path, files | ({"node_modules/a/package.json": content} if content else {}))
    assert packages(found) == {("npm", "b", "1.0.0")}
    assert [told for _, told, _ in gaps(found)] == [reason]


@pytest.mark.parametrize(
    ("modules", "release", "expected"),
    [
        ("mod\tm\t(devel)\t\n", "go1.22", [("m", "was built without a version")]),
        ("mod\tm\tv1.0.0\ndep\ta\tv1.0.0\n=>\t./a\t\n", "go1.22.1", [("./a", "comes from a local folder or file")]),
        ("mod\tm\tv1.0.0\n", "devel +abc", [("stdlib devel +abc", "was not built by a release of Go")]),
    ],
)
def test_a_module_without_a_version_is_named(tmp_path: Path, modules: str, release: str, expected: list[object]):
    found = installed(tmp_path, {"bin/m": program(modules, release)})
    assert [(what, reason) for what, reason, _ in gaps(found)] == expected


@pytest.mark.parametrize(
    ("release", "version"),
    [("go1.22", "1.22.0"), ("go1.22rc1", "1.22.0-rc1"), ("go1.21.3 X:nocoverageredesign", "1.21.3")],
)
def test_the_release_of_go(tmp_path: Path, release: str, version: str):
    assert ("Go", "stdlib", version) in packages(installed(tmp_path, {"a": program(release=release)}))


def test_the_magic_as_a_text_of_a_program_is_passed(tmp_path: Path):
    decoy = b"\x7fELF".ljust(1001, b"\0") + MAGIC
    assert ("Go", "github.com/a/b", "v1.0.0") in packages(installed(tmp_path, {"a": decoy + program(at=4096 - 1015)}))


def test_links_are_not_followed_and_rules_leave_out(tmp_path: Path):
    write(tmp_path, {"image/app/bin": program(), "image/var/lib/dpkg/status": STATUS, "else/bin": program()})
    (tmp_path / "image/loop").symlink_to(tmp_path / "image")
    (tmp_path / "image/out").symlink_to(tmp_path / "else")
    found = read([], roots=[str(tmp_path / "image")], excluded={"*/var/lib/dpkg/*": "the base image is scanned"})
    assert ({one.file for one in found.dependencies}, found.skipped) == ({f"{tmp_path}/image/app/bin"}, ())


def test_a_root_that_is_not_there(tmp_path: Path):
    with pytest.raises(NotFound, match="is not a folder"):
        read([], roots=[str(tmp_path / "gone")])


@pytest.mark.parametrize("piece", [MAGIC, b"\xff", b"dep\t", b"\n", b"=>\t\n", b"\x80"])
def test_no_repetition_takes_long(tmp_path: Path, piece: bytes):
    begun_s = time.process_time()
    text = piece * (500_000 // len(piece))
    installed(tmp_path, {"a": b"\x7fELF" + text, "b": program() + text, "c": program(text.decode("latin-1"))})
    assert time.process_time() - begun_s < 2


def test_an_audit_of_an_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    known = [record("GO-1", "github.com/a/b", {"introduced": "0"}, {"fixed": "1.1.0"}, ecosystem="Go")]
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", database(tmp_path, known, "Go"))
    write(tmp_path / "image", {"usr/bin/app": program(), "var/lib/dpkg/status": STATUS})
    code = run_tool(
        TOOL, ["audit", "--root", str(tmp_path / "image")], prog="deps", interrupt=Interrupt(), scope=sections.names
    )
    out = capsys.readouterr().out
    assert (code, "GO-1" in out, "2 packages of dpkg" in out) == (4, True, True)


@pytest.mark.skipif(shutil.which("go") is None, reason="go is not installed")
def test_a_real_program_of_go(tmp_path: Path):
    go = Path(shutil.which("go") or "").resolve()
    (tmp_path / "bin").mkdir()
    shutil.copy(go, tmp_path / "bin/go")
    release = subprocess.run([go, "version"], check=True, capture_output=True, text=True).stdout.split()[2]
    found = read([], roots=[str(tmp_path)])
    assert any(one.name == "stdlib" and f"go{one.version}".startswith(release) for one in found.dependencies)
