"""deno.lock: what it has of npm; jsr and addresses are named; and no input takes long."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from boombap.deps.manifest import readers
from boombap.deps.manifest.safe_text import Malformed
from deps.trees import collector, gaps, reading

if TYPE_CHECKING:
    from pathlib import Path

FROM_URL = "comes from an address, not from the index"
JSR = "is of a registry that has no advisories here (jsr)"
REMOTE = {
    "https://deno.land/std@0.190.0/fmt/colors.ts": "00",
    "https://deno.land/std@0.190.0/testing/asserts.ts": "01",
    "https://user:secret@git.example.org/mod.ts?token=1": "02",
}
FORMS: dict[str, dict[str, object]] = {
    "5": {
        "version": "5",
        "specifiers": {"jsr:@std/assert@1": "1.0.0", "npm:@scope/tool@1": "1.0.0_ms@2.0.0", "npm:chalk_x@5": "5.3.0"},
        "jsr": {"@std/assert@1.0.0": {"integrity": "00"}},
        "npm": {
            "@scope/tool@1.0.0_ms@2.0.0": {"integrity": "00", "dependencies": ["ms"]},
            "chalk_x@5.3.0": {"integrity": "00"},
            "ms@2.0.0": {"integrity": "00"},
        },
        "remote": REMOTE,
    },
    "3": {
        "version": "3",
        "packages": {
            "specifiers": {"npm:@scope/tool@1": "npm:@scope/tool@1.0.0_ms@2.0.0", "npm:chalk_x@5": "npm:chalk_x@5.3.0"},
            "jsr": {"@std/assert@1.0.0": {"integrity": "00"}},
            "npm": {
                "@scope/tool@1.0.0_ms@2.0.0": {"integrity": "00", "dependencies": {"ms": "ms@2.0.0"}},
                "chalk_x@5.3.0": {"integrity": "00", "dependencies": {}},
                "ms@2.0.0": {"integrity": "00", "dependencies": {}},
            },
        },
        "remote": REMOTE,
    },
    "2": {
        "version": "2",
        "remote": {},
        "npm": {
            "specifiers": {"@scope/tool@1": "@scope/tool@1.0.0_ms@2.0.0", "chalk_x@5": "chalk_x@5.3.0"},
            "packages": {
                "@scope/tool@1.0.0_ms@2.0.0": {"integrity": "00", "dependencies": {"ms": "ms@2.0.0"}},
                "chalk_x@5.3.0": {"integrity": "00", "dependencies": {}},
                "ms@2.0.0": {"integrity": "00", "dependencies": {}},
            },
        },
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_packages_of_npm(form: str):
    document = json.dumps(FORMS[form], indent=1)
    found = collector(readers.deno_lock, document)
    assert [(one.name, one.version, one.is_direct) for one in found.dependencies] == [
        ("@scope/tool", "1.0.0", True),
        ("chalk_x", "5.3.0", True),
        ("ms", "2.0.0", False),
    ]
    lines = document.split("\n")
    assert all(f'"{one.name}@{one.version}' in lines[one.line - 1] for one in found.dependencies)


@pytest.mark.parametrize("form", ["5", "3"])
def test_jsr_and_addresses_are_named_once_for_each_module(form: str):
    assert [(what, reason) for what, reason, _ in gaps(collector(readers.deno_lock, json.dumps(FORMS[form])))] == [
        ("jsr:@std/assert 1.0.0", JSR),
        ("https://deno.land/std@0.190.0", FROM_URL),
        ("https://***@git.example.org", FROM_URL),
    ]


def test_version_1_is_nothing_but_addresses():
    found = collector(readers.deno_lock, json.dumps(REMOTE, indent=1))
    assert [line for _, _, line in gaps(found)] == [2, 4]


@pytest.mark.parametrize("text", ["", "[]", '{"version": "5", "npm": []}', '{"version": "5", "remote": 1}'])
def test_what_is_not_a_lock_of_deno(text: str):
    with pytest.raises(Malformed):
        collector(readers.deno_lock, text)


def test_an_entry_without_a_version_is_named():
    assert gaps(collector(readers.deno_lock, '{"version": "5", "npm": {"a": {}}}')) == [("a", "names no version", 1)]


def test_deno_json_is_answered_by_the_lock(tmp_path: Path):
    imports = '{\n // ours\n "imports": {"c": "npm:chalk_x@^5.1", "c/": "npm:/chalk_x@5/", "a": "jsr:@std/assert@1",},}'
    found = reading(tmp_path, {"deno.json": imports, "deno.lock": json.dumps(FORMS["5"])})
    assert {skip.file.rpartition("/")[2] for skip in found.skipped} == {"deno.lock"}
    assert found.lints == ()


def test_deno_json_beside_a_stale_lock(tmp_path: Path):
    imports = '{"imports": {\n"c": "npm:chalk_x@^6",\n"ms": "npm:left@1",\n"a": "jsr:@std/path@1"}}'
    found = reading(tmp_path, {"deno.jsonc": imports, "deno.lock": json.dumps(FORMS["5"])})
    open_ = [(skip.what, skip.line) for skip in found.skipped if skip.file.endswith("deno.jsonc")]
    assert open_ == [("npm:chalk_x@^6", 2), ("npm:left@1", 3), ("jsr:@std/path@1", 4)]


@pytest.mark.parametrize("piece", ["@", "a@", "_", "npm:", "/", "://", "http://", "jsr:@"])
def test_no_repetition_takes_long(piece: str):
    text = piece * (50_000 // len(piece))
    begun_s = time.process_time()
    for key in ("npm", "jsr"):
        collector(readers.deno_lock, json.dumps({"version": "5", key: {text: {}}, "remote": {text: "0"}}))
        many = {f"{piece}{number}@1.0.0": {} for number in range(400)}
        collector(readers.deno_lock, json.dumps({"version": "5", key: many, "specifiers": {text: text}}))
    collector(readers.check_deno_json, json.dumps({"imports": {text: text, "b": f"npm:{text}"}}))
    assert time.process_time() - begun_s < 10
