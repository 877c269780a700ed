from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from boombap.ctx.indexing.chunks import LARGEST, chunks
from boombap.ctx.model import Definition, Structure
from boombap.ctx.structure.read import structure

line = st.sampled_from(["", "x = 1", "    pass", "y" * 90, "# note", "long " * 300])
span = st.tuples(st.integers(1, 60), st.integers(0, 40))


@given(st.lists(line, min_size=1, max_size=60), st.lists(span, max_size=12))
def test_chunks_cover_every_line_with_text_once(lines: list[str], spans: list[tuple[int, int]]) -> None:
    definitions = [
        Definition(f"d{start}", "function", start, min(len(lines), start + length))
        for start, length in spans
        if start <= len(lines)
    ]
    made = chunks(lines, Structure(definitions))
    covered = [at for chunk in made for at in range(chunk.start, chunk.end + 1)]
    assert len(covered) == len(set(covered))
    assert {at for at, text in enumerate(lines, 1) if text.strip()} <= set(covered)
    for chunk in made:
        assert chunk.start == chunk.end or sum(len(text) + 1 for text in lines[chunk.start - 1 : chunk.end]) <= LARGEST


def test_a_long_class_gives_each_method_with_its_scope() -> None:
    body = "\n".join(f"    def m{n}(self):\n        return '{'x' * 500}'\n" for n in range(4))
    lines = f"class Wide:\n    '''Doc.'''\n\n{body}".split("\n")
    made = chunks(lines, structure("python", lines))
    methods = {name: chunk.scope for chunk in made for name in chunk.symbols}
    assert methods["m0"] == ("Wide",)
    assert methods["Wide"] == ()


def test_a_doc_comment_belongs_to_its_definition() -> None:
    lines = ["// Opens the pool.", "func Open() {", "}"]
    (chunk,) = chunks(lines, structure("go", lines))
    assert (chunk.start, chunk.symbols, chunk.docs) == (1, ("Open",), frozenset({1}))
