"""Every reader of text from outside takes linear time: 20 kB of any repetition are read in well under a second.

What these tests protect: a gate that hangs on a file somebody made for it. A pattern that tries every split of a run
took 50 s for 4 kB of blanks, and some never ended. Read in linear time, 20,000 repetitions take a few milliseconds; the
bound of one second of CPU is loose because machines differ and others share them, and still far below what any pattern
of quadratic time needs.
"""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from boombap.deps import lint
from boombap.deps.advisories import severity
from boombap.deps.manifest import safe_text
from boombap.deps.manifest.collector import masked
from boombap.deps.manifest.find import file_type_of_named
from boombap.deps.manifest.read import read
from boombap.deps.package_names import normalise
from boombap.deps.update import pyproject as update_pyproject
from boombap.deps.update import requirements as update_requirements
from boombap.deps.versions.key import _SCHEMES, sort_key
from boombap.deps.versions.ranges import satisfies
from boombap.errors import BoombapError
from deps.trees import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LENGTH = 20_000
BOUND_S = 1.0
RUNS = (
    *(" ", "\t", "\n", "[", "(", ",", ";", '"', "\\", "#", "=", "-", ".", ":", "$", "<", "7", "a"),
    *(".0", "-x86", "${a-", '"a" ', "--hash=a", '\\"', "a://", "://@", "- ", "@a", "coding", "[ ", "=="),
)

FILES = {
    "requirements.txt": "django [x] == 1.0 ; python_version > '3' --hash=sha256:0 # why\n",
    "base requirements.txt": "-r other.txt\nit @ https://u:p@files.example.org/it.zip?x=1#egg=it\n",
    "hashed requirements.txt": "a==1 \\\n  --hash=sha256:0 \\\n  --hash=sha256:1\n--hash=sha256:2 x\n",
    "latin requirements.txt": "# größe coding: latin-1\na (==1.0)\n",
    "pyproject.toml": "[project]\ndependencies = [\n  \"a [x] >=1 ; os_name == 'x'\",\n]\n"
    '[tool.poetry.dependencies]\na = "^1"\n',
    "poetry.lock": '[[package]]\nname = "a"\nversion = "1"\ngroups = ["x"]\n\n[package.source]\ntype = "git"\n',
    "uv.lock": 'version = 1\n\n[[package]]\nname = "a"\nversion = "1"\nsource = { registry = "x" }\n',
    "pdm.lock": '[[package]]\nname = "a"\nversion = "1"\ngroups = ["default"]\n',
    "pylock.toml": '[[packages]]\nname = "a"\nversion = "1"\n',
    "Cargo.lock": '[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "registry+crates.io-index"\n',
    "Pipfile.lock": '{"default": {"a": {"version": "==1"}}}',
    "package-lock.json": '{"packages": {"node_modules/a": {"version": "1.0.0", "resolved": "https://x/a.tgz"}}}',
    "package.json": '{"dependencies": {"a": "npm:b@^1.0.0 || 2.x", "c": "me/it#x"}}',
    "yarn.lock": '"a@^1.0.0":\n  version "1.0.0"\n  resolved "https://x/-/a.tgz#0"\n',
    "pnpm-lock.yaml": "packages:\n  a@1.0.0(b@1):\n    resolution: {integrity: x}\n  '@a/b@1.0.0':\n    dev: true\n",
    "go.mod": "module m\n\ngo 1.21.3\n\nrequire (\n"
    '\tx.org/a v1.0.0 // indirect\n)\nreplace "x.org/a" => `x.org/b` v1.0.0\n',
    "go.sum": "x.org/a v1.0.0 h1:abc=\n",
    "Gemfile.lock": "GEM\n  specs:\n    a (1.0-x86_64-linux)\n\nDEPENDENCIES\n  a!\n",
    "composer.lock": '{"packages": [{"name": "a/b", "version": "1.0-dev"}]}',
    "pom.xml": "<project><dependencies><dependency><groupId>g</groupId><artifactId> a </artifactId>"
    "<version>${v}</version></dependency></dependencies></project>",
    "bom.json": '{"bomFormat": "CycloneDX", "components": [{"name": "a", "purl": "pkg:pypi/a@1"}]}',
    "Dockerfile": "ARG A=python:3\nFROM --platform=x ${A:-python} AS build\nCOPY --chown=x --from=build /x /x\n",
    "compose.yaml": 'services:\n  db:\n    image: "postgres:${TAG:-16}" # why\n',
}


CRAFTED = {
    "requirements.txt": f"django{' ' * LENGTH}x\n-r{' ' * LENGTH}=\na{' ' * LENGTH}b#\n",
    "hashes requirements.txt": f"--hash=a{'--hash=a' * 40} x\na{' ' * LENGTH}x --hash=b\n",
    "queries requirements.txt": f"a @ {'a://' * LENGTH}\n",
    "latin requirements.txt": f"# größe {'#' * LENGTH}\n",
    "poetry.lock": '[[package]]\nname = "a"\ngroups = [' + '"a"  ' * 40 + "x\n",
    "uv.lock": "\n" * LENGTH + '[[package]]\nname = "a"\nversion = "1"\n',
    "Cargo.lock": f"[[package]]\nname{'.a' * LENGTH} = 1\n",
    "yarn.lock": f'"a@1":\n  version{" " * LENGTH}"x"y\n',
    "pnpm-lock.yaml": f"packages:\n  a: {'[' * 19}{'x' * 2_000}\n",
    "go.mod": 'module m\nreplace "' + '\\"' * LENGTH + "\ngo 1." + "1" * LENGTH + "\n",
    "Gemfile.lock": f"GEM\n  specs:\n    a (1{'-x86' * LENGTH}!)\n",
    "composer.lock": f'{{"packages": [{{"name": "a/b", "version": "1.0beta{"1" * 60}!"}}]}}',
    "pom.xml": f"<project><!-- <artifactId>{' ' * LENGTH}x --><dependencies><dependency><groupId>g</groupId>"
    "<artifactId> </artifactId></dependency></dependencies></project>",
    "Dockerfile": f"FROM {'${a-' * LENGTH}\n",
}


@pytest.mark.parametrize("name", CRAFTED)
def test_a_file_made_for_a_pattern_is_read_in_time(name: str, tmp_path: Path):
    """Each of these took from seconds to for ever with the pattern that it was made for."""
    text = CRAFTED[name].encode("latin-1" if name.startswith("latin") else "utf-8")
    file = write(tmp_path, {name.rpartition(" ")[2]: text}) / name.rpartition(" ")[2]
    begun = time.process_time()
    found = read([str(file)])
    for one in found.dependencies:
        sort_key(one.ecosystem, one.version)
    assert time.process_time() - begun < BOUND_S


def spoiled(text: str, places: int) -> Iterator[str]:
    """Return the text with each run in and around it, at some of the borders of its words."""
    borders = [match.start() for match in re.finditer(r"(?<=\w)(?=\W)|(?<=\W)(?=[\w\W])|\Z", text)]
    step = max(1, len(borders) // places)
    for unit in RUNS:
        run = unit * (LENGTH // len(unit))
        for at in (*borders[::step], len(text)):
            yield text[:at] + run + text[at:]


def slow(work: Callable[[str], object], texts: Iterator[str]) -> list[str]:
    found = []
    for text in texts:
        begun = time.process_time()
        with suppress(BoombapError):
            work(text)
        if time.process_time() - begun > BOUND_S:
            found.append(re.sub(r"(.{1,8}?)\1{50,}", r"<\1 …>", text, flags=re.DOTALL))
    return found


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_any_repetition_is_read_in_time(name: str, tmp_path: Path):
    file = name.rpartition(" ")[2]
    encoding = "latin-1" if name.startswith("latin") else "utf-8"
    assert file_type_of_named(file)

    def work(text: str) -> None:
        read([str(write(tmp_path, {file: text.encode(encoding)}) / file)])

    # What a library parses first is of less interest than what is read by patterns of our own.
    places = 2 if file.endswith((".json", ".toml", ".xml")) else 5
    assert slow(work, spoiled(FILES[name], places)) == []


TEXTS: dict[str, tuple[Callable[[str], object], str]] = {
    "an address": (masked, "git+https://me:s@x.example.org/a?token=1#egg=a ghp_abcdefghijk"),
    "a hash line": (lambda text: lint.Hashes("f").examine(f"{text} --hash=x"), "a [x] == 1 --hash=sha256:0"),
    "a plain version": (lint.plain_version, "v1.0.0x"),
    "a name": (lambda text: normalise("PyPI", text), "a_b"),
    "a vector": (
        lambda text: severity.of_record({"severity": [{"score": text}]}),
        "(AV:N/AC:L/Au:N/C:P/I:P/A:P)",
    ),
    "a JSON document": (safe_text.from_json, '{"a": [1, "b"]}'),
    "deep nesting": (safe_text._deep_line, '[{"a": ["b'),
    "a line number": (lambda text: safe_text.Lines(text).find(safe_text.key("a")), '{"a" : {"b": 1}}'),
    "an update of requirements": (
        update_requirements.entries,
        "a [x] == 1 @ y ; z \\\n --hash=sha256:0\n",
    ),
    "an update of pyproject": (update_pyproject._entry, "a [x] == 1 @ y ; z"),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_any_other_text_is_read_in_time(kind: str):
    work, text = TEXTS[kind]
    assert slow(work, spoiled(text, 15)) == []


@pytest.mark.parametrize("ecosystem", _SCHEMES)
def test_versions_are_read_in_time(ecosystem: str):
    """A version is cut off at 256 characters, which an exponential pattern does not need."""

    def work(text: str) -> None:
        sort_key(ecosystem, text[:256])
        sort_key(ecosystem, text[:40] + "!")

    assert slow(work, spoiled("1.0-beta.2+x", 15)) == []


@pytest.mark.parametrize("form", ["pep440", "poetry", "npm", "cargo"])
def test_ranges_are_read_in_time(form):
    def work(text: str) -> None:
        satisfies(form, text, "1.0.0")
        satisfies(form, text[:900], "1.0.0")

    assert slow(work, spoiled(">= 1.0, < 2.0 || ^3.x - 4", 40)) == []
