# ruff: noqa: E501 - a sample and what it defines stand on one line
from __future__ import annotations

import pytest

from boombap.ctx.indexing.chunks import chunks
from boombap.ctx.structure import grammar
from boombap.ctx.structure.languages import LANGUAGES, Language
from boombap.ctx.structure.read import structure

SAMPLES = {
    "python": ("class Pool:\n    def take(self): ...\n", {"Pool": "class", "take": "method"}),
    "javascript": ("class Pool {\n  take() {}\n}\nconst open = () => 1\n", {"Pool": "class", "take": "method", "open": "function"}),
    "typescript": ("export interface Pool { size: number }\nexport function open(): Pool { return null! }\n", {"Pool": "type", "open": "function"}),
    "tsx": ("export const View = () => <div/>\n", {"View": "function"}),
    "go": ("package p\ntype Pool struct{}\nfunc (p *Pool) Take() {}\n", {"Pool": "type", "Take": "method"}),
    "rust": ("pub struct Pool;\nimpl Pool {\n    pub fn take(&self) {}\n}\n", {"Pool": "type", "take": "method"}),
    "java": ("class Pool {\n  void take() {}\n}\n", {"Pool": "class", "take": "method"}),
    "c": ("struct pool { int size; };\nint take(struct pool *p) { return 1; }\n", {"pool": "type", "take": "function"}),
    "cpp": ("namespace n {\nclass Pool { int size; };\nint Pool::take() { return 1; }\n}\n", {"n": "module", "Pool": "class", "take": "function"}),
    "bash": ("take() {\n  echo 1\n}\n", {"take": "function"}),
    "ruby": ("module M\n  class Pool\n    def take\n    end\n  end\nend\n", {"M": "module", "Pool": "class", "take": "method"}),
    "scala": ("trait Pool {\n  def take(): Int = 1\n}\n", {"Pool": "type", "take": "method"}),
    "php": ("<?php\nclass Pool {\n  function take() {}\n}\n", {"Pool": "class", "take": "method"}),
    "csharp": ("class Pool {\n  void Take() {}\n}\n", {"Pool": "class", "Take": "method"}),
    "kotlin": ("class Pool {\n  fun take() {}\n}\n", {"Pool": "class", "take": "method"}),
    "swift": ("class Pool {\n  func take() {}\n}\n", {"Pool": "class", "take": "method"}),
    "elixir": ("defmodule Pool do\n  def take(x) do\n    x\n  end\nend\n", {"Pool": "module", "take": "function"}),
    "lua": ("function take(p)\n  return p\nend\n", {"take": "function"}),
    "sql": ("CREATE TABLE IF NOT EXISTS tracks (id int);\n", {"tracks": "type"}),
    "markdown": ("# Pools\n\ntext\n\n```\n# not a heading\n```\n", {"Pools": "section"}),
    "toml": ("[tool.pool]\nsize = 1\n", {"tool.pool": "section"}),
    "yaml": ("pool:\n  size: 1\n", {"pool": "key", "size": "key"}),
    "dockerfile": ("FROM python:3.11 AS build\nRUN true\n", {"build": "section"}),
    "make": ("test: setup\n\tpytest\n", {"test": "function"}),
    "zig": ("pub fn take(p: Pool) void {\n}\n", {"take": "function"}),
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_definitions(name: str) -> None:
    text, expected = SAMPLES[name]
    found = {definition.name: definition.kind for definition in reversed(structure(name, text.split("\n")).definitions)}
    assert expected.items() <= found.items()


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_every_table_names_nodes_of_its_grammar(language: Language) -> None:
    assert grammar.read(language.name, "\n") is not None


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("python", "from a.b import c, d as e\nimport os\n", {"a.b", "a.b.c", "a.b.d", "os"}),
        ("javascript", "import x from './x.js'\nconst y = require('../y')\n", {"./x.js", "../y"}),
        ("go", 'package p\nimport (\n  "fmt"\n  q "ex.com/q"\n)\n', {"fmt", "ex.com/q"}),
        ("rust", "use crate::a::{B, c};\nmod d;\n", {"crate::a::B", "crate::a::c", "self::d"}),
        ("java", "import a.b.C;\n", {"a.b.C"}),
        ("c", '#include "a/b.h"\n', {"a/b.h"}),
        ("ruby", "require_relative 'a/b'\nrequire 'c'\n", {"./a/b", "c"}),
    ],
)
def test_imports(name: str, text: str, expected: set[str]) -> None:
    assert expected <= set(structure(name, text.split("\n")).imports)


def test_branches_count_as_complexity() -> None:
    text = "def f(x):\n    if x and x > 1:\n        for y in x:\n            pass\n"
    (found,) = structure("python", text.split("\n")).definitions
    assert found.complexity == 4


def test_a_macro_line_does_not_hide_what_follows() -> None:
    text = "EXPORT_BEGIN\nint take(void) { return 1; }\nEXPORT_END\n"
    assert [definition.name for definition in structure("c", text.split("\n")).definitions] == ["take"]


def test_a_file_that_does_not_parse_is_read_by_lines() -> None:
    text = "def f(:\n  ((((\n" * 5 + "class Found:\n    pass\n"
    assert "Found" in {definition.name for definition in structure("python", text.split("\n")).definitions}


def test_deep_nesting_ends() -> None:
    text = "x = " + "(" * 20_000 + ")" * 20_000 + "\ndef found(): ...\n"
    assert structure("python", text.split("\n")) is not None


def test_a_call_without_arguments_is_no_definition() -> None:
    assert structure("ruby", ["describe()", "def found; end"]).definitions[0].name == "found"


CLUSTER = """# The workers.
kind: Deployment
metadata:
  name: worker
spec:
  template:
    tolerations:
      - key: gpu
---
# The budget.
kind: PodDisruptionBudget
metadata:
  name: "worker"
"""


def test_a_kubernetes_document_is_a_chunk_with_kind_and_name() -> None:
    lines = CLUSTER.splitlines()
    found = chunks(lines, structure("yaml", lines))
    assert [(chunk.kind, chunk.symbols[0], chunk.start, chunk.end) for chunk in found] == [
        ("resource", "Deployment worker", 1, 8),
        ("resource", "PodDisruptionBudget worker", 9, 13),
    ]
    assert "tolerations" in found[0].symbols
    assert "key" not in found[0].symbols


def test_a_document_without_kind_has_its_keys_only() -> None:
    assert {
        definition.kind for definition in structure("yaml", ["stages:", "  - build", "---", "name: x"]).definitions
    } == {"key"}
