from __future__ import annotations

import pytest

from boombap.ctx.answers import pairs


@pytest.mark.parametrize(
    ("test", "source"),
    [
        ("db/pool_test.go", "db/pool.go"),
        ("src/foo.test.ts", "src/foo.ts"),
        ("src/__tests__/foo.spec.tsx", "src/foo.tsx"),
        ("tests/test_foo.py", "src/app/foo.py"),
        ("tests/foo.rs", "src/foo.rs"),
        ("test/pool.js", "lib/pool.js"),
        ("src/test/java/app/PoolTest.java", "src/main/java/app/Pool.java"),
        ("spec/pool_spec.rb", "lib/pool.rb"),
        ("tests/test_wire.py", "src/wire/__init__.py"),
        ("src/pool.test.ts", "src/pool/index.ts"),
        ("app/io_test.go", "app/io.go"),
    ],
)
def test_a_pair_is_found_from_both_ends(test: str, source: str) -> None:
    others = [test, source, "src/unrelated.py", "tests/test_unrelated.py", "README.md"]
    assert pairs.of(source, others, set()) == {test: 1.0}
    assert pairs.of(test, others, set()) == {source: 1.0}


def test_the_nearest_namesake_is_meant() -> None:
    others = ["src/a/utils.py", "src/b/utils.py", "tests/a/test_utils.py", "tests/b/test_utils.py"]
    found = pairs.of("src/b/utils.py", others, set())
    assert max(found, key=found.__getitem__) == "tests/b/test_utils.py"
    assert found["tests/a/test_utils.py"] < 0.5


def test_an_import_tells_namesakes_apart() -> None:
    others = ["src/a/utils.py", "src/b/utils.py", "tests/test_utils.py"]
    found = pairs.of("tests/test_utils.py", others, {"src/b/utils.py"})
    assert max(found, key=found.__getitem__) == "src/b/utils.py"


def test_short_names_match_only_side_by_side_or_by_import() -> None:
    assert pairs.of("src/a.py", ["tests/test_a.py"], set()) == {}
    assert pairs.of("src/a.py", ["tests/test_a.py"], {"tests/test_a.py"}) == {"tests/test_a.py": 1.0}
