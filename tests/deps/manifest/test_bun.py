"""bun.lock: packages under their own names, those of the project apart, and no input that takes long."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from boombap.deps.manifest import readers
from boombap.deps.manifest.safe_text import Malformed
from deps.trees import collector, gaps, pins, reading

if TYPE_CHECKING:
    from pathlib import Path

BUN = """\
{
  "lockfileVersion": 1,
  "workspaces": {
    "": {
      "name": "app",
      "dependencies": {
        "lodash": "^4.17.0",
        "old": "npm:lodash@4.17.20",
        "it": "github:me/it",
      },
      "devDependencies": {
        "@scope/tool": "^1.0.0",
      },
    },
    "packages/inner": {
      "name": "inner",
      "dependencies": {
        "ms": "^1.0.0",
      },
    },
  },
  "packages": {
    "@scope/tool": ["@scope/tool@1.0.0", "", { "dependencies": { "ms": "2.0.0" } }, "sha512-00"],

    "inner": ["inner@workspace:packages/inner"],

    "it": ["it@github:me/it#00", {}, "me-it-00"],

    "lodash": ["lodash@4.17.21", "", {}, "sha512-00"],

    "ms": ["ms@2.0.0", "", {}, "sha512-00"],

    "near": ["near@file:../near", {}],

    "old": ["lodash@4.17.20", "", {}, "sha512-00"],

    "ours": ["ours@https://user:secret@git.example.org/ours.tgz", {}],

    "inner/ms": ["ms@1.0.0", "", {}, "sha512-00"],
  }
}
"""


def test_bun():
    found = collector(readers.bun_lock, BUN)
    assert pins(found) == [
        ("@scope/tool", "1.0.0", 23),
        ("lodash", "4.17.21", 29),
        ("ms", "2.0.0", 31),
        ("lodash", "4.17.20", 35),
        ("ms", "1.0.0", 39),
    ]
    assert [(one.scope, one.is_direct) for one in found.dependencies] == [
        ("dev", True),
        ("runtime", True),
        ("runtime", False),
        ("runtime", True),
        ("runtime", True),
    ]
    assert [(what, line) for what, _, line in gaps(found)] == [
        ("it github:me/it#00", 27),
        ("near file:../near", 33),
        ("ours https://***@git.example.org/ours.tgz", 37),
    ]
    assert found.own == {"inner"}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"packages": []}', '{"packages": {"a": "a@1.0.0"}}', '{"packages": {"a": []}}']
)
def test_what_is_not_a_lock_of_bun(text: str):
    with pytest.raises(Malformed):
        collector(readers.bun_lock, text)


def test_an_entry_without_a_version_is_named():
    assert gaps(collector(readers.bun_lock, '{"packages": {"a": ["a"]}}')) == [("a", "names no version", 1)]


def test_package_json_is_answered_by_the_lock(tmp_path: Path):
    package = '{"dependencies": {"lodash": "^4.17.0", "old": "npm:lodash@4.17.20"}}'
    lock = json.dumps({"lockfileVersion": 1, "packages": {"lodash": ["lodash@4.17.21"], "old": ["lodash@4.17.20"]}})
    found = reading(tmp_path, {"package.json": package, "bun.lock": lock})
    assert (len(found.dependencies), found.skipped, found.lints) == (2, (), ())


@pytest.mark.parametrize("piece", ["@", "a@", "npm:", "/", "://", "workspace"])
def test_no_repetition_takes_long(piece: str):
    text = piece * (100_000 // len(piece))
    begun_s = time.process_time()
    collector(readers.bun_lock, json.dumps({"packages": {text: [text]}}))
    collector(readers.bun_lock, json.dumps({"packages": {f"{piece}{n}": [f"{piece}{n}@1.0.0"] for n in range(2_000)}}))
    assert time.process_time() - begun_s < 5
