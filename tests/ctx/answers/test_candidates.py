"""Where a symbol is defined is always among what is ranked, however many tests use its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.ctx.answers.filter import Filter
from boombap.ctx.answers.search import search
from boombap.ctx.indexing.index import open_or_build
from ctx.repositories import paths, repository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.ctx.indexing.index import Index

CROWD = 620
EXECUTOR = '''class Executor:
    """Carries plans out over many shards and merges their answers to one."""

    def prepare(self, plan, shards):
        """Check the plan and open each shard that it needs."""
        return [shard.open(plan) for shard in shards]

    def run(self, plan):
        return [shard.do(plan) for shard in self.shards]

    def 运行计划(self, plan):
        return self.run(plan)

    def RunAllThings(self, plans):
        return [self.prepare(plan, self.shards) for plan in plans]

    def marked(self, plans):
        return "the only text"
'''
TEST = "def run():\n    return 运行计划, RunAllThings, 'text only', {number}\n\n\nassert run()\n"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    crowd: dict[str, str | bytes] = {f"tests/test_{number}.py": TEST.format(number=number) for number in range(CROWD)}
    root = repository(tmp_path_factory.mktemp("crowd") / "r", {**crowd, "zone/executor.py": EXECUTOR})
    made = open_or_build(root, root.parent / "cache")
    yield made
    made.close()


@pytest.mark.parametrize("query", ["run", "运行计划", "RunAllThings", "how does RunAllThings end"])
@pytest.mark.parametrize("only", [Filter(), Filter(excluded=["other"])], ids=["all", "filtered"])
def test_a_definition_comes_before_hundreds_of_tests_with_its_name(index: Index, query: str, only: Filter) -> None:
    assert paths(search(index, query, limit=1, only=only)) == ["zone/executor.py"]


def test_a_filter_holds_for_definitions_too(index: Index) -> None:
    assert "zone/executor.py" not in paths(search(index, "run", limit=1_000, only=Filter(excluded=["zone"])))


def test_a_quoted_text_is_looked_for_in_every_file_of_a_filter(index: Index) -> None:
    hits = search(index, 'run run run "only text"', only=Filter(paths=["*.py"]))
    assert paths(hits) == ["zone/executor.py"]


def test_no_chunk_is_ranked_twice(index: Index) -> None:
    hits = search(index, "run", limit=2_000)
    assert len({(hit.path, hit.start_line) for hit in hits}) == len(hits) == 500
