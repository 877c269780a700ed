from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.ctx.model import Definition
from boombap.ctx.structure.read import structure
from boombap.ctx.structure.signature import signature

CASES = (
    (
        "python",
        '@app.get(\n    "/read", tags=[")"],\n)\nasync def read(\n    key: str,\n):\n    ...',
        "async def read(key: str)",
    ),
    ("python", "@property\ndef size(self) -> dict[str, int]: return {}", "def size(self) -> dict[str, int]"),
    ("python", 'SIZES = {\n    "a": 1,\n}', "SIZES"),
    (
        "go",
        "// Get reads.\nfunc (p *Pool) Get(ctx context.Context) (int, error) {\n\treturn 0, nil\n}",
        "func (p *Pool) Get(ctx context.Context) (int, error)",
    ),
    (
        "rust",
        "#[derive(Debug)]\npub struct Pool<'a, T>\nwhere\n    T: Send,\n{\n    a: &'a T,\n}",
        "pub struct Pool<'a, T> where T: Send",
    ),
    (
        "java",
        "class Outer {\n/** Doc. */\n@Override public int size(String name)\n    throws IOException { return 1; }\n}",
        "public int size(String name) throws IOException",
    ),
    (
        "typescript",
        "export const get = async (key: string): Promise<string> => {\n  return key;\n};",
        "export const get = async (key: string): Promise<string>",
    ),
    (
        "cpp",
        "inline std::string\nPool::name(int size) const {\n  return {};\n}",
        "inline std::string Pool::name(int size) const",
    ),
    ("c", "static int\nsize(struct pool *pool)\n{\n  return 1;\n}", "static int size(struct pool *pool)"),
    ("markdown", "# The `pool` (of connections)", "# The `pool` (of connections)"),
)
ANY_TEXT = st.lists(st.text(alphabet="ab@#[](){}\"'`\\;:,=> \t\n", max_size=20), min_size=1, max_size=8)


@pytest.mark.parametrize(("language", "text", "head"), CASES)
def test_the_head_without_annotations_and_body(language: str, text: str, head: str) -> None:
    lines = text.split("\n")
    innermost = structure(language, lines).definitions[-1]
    assert signature(innermost, lines) == head


def test_a_long_one_is_cut() -> None:
    line = f"def get({', '.join(f'name_{number}' for number in range(40))}): ..."
    cut = signature(Definition("get", "function", 1, 1), [line])
    assert (len(cut), cut[-1], cut[:15]) == (160, "…", "def get(name_0,")


@given(ANY_TEXT, st.sampled_from(["function", "constant"]))
def test_any_text_gives_one_line_that_is_not_empty(texts: list[str], kind: str) -> None:
    lines = "\n".join(texts).split("\n")
    head = signature(Definition("a", kind, 1, len(lines)), lines)
    assert head
    assert "\n" not in head
    assert len(head) <= 160
