"""Patterns of paths mean what plain regular expressions say, and no pattern is slow."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boombap.ctx.answers.path_pattern import compiled

PLAIN = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def plain(pattern: str) -> re.Pattern[str]:
    """Translate with groups that are tried at every place: right, but slow."""
    pattern = pattern.removeprefix("./")
    text = "".join(PLAIN.get(part) or re.escape(part) for part in re.split(r"((?:^|(?<=/))\*\*/|\*\*|\*|\?)", pattern))
    return re.compile((text if "/" in pattern else f"(?:.*/)?{text}") + r"\Z", re.DOTALL)


@settings(max_examples=2000)
@given(
    st.text(st.sampled_from("ab*?/"), max_size=9).filter(re.compile(r"[*?]").search),
    st.lists(st.text(st.sampled_from("ab/\n"), max_size=9), min_size=20, max_size=20),
)
def test_a_pattern_means_what_the_plain_translation_says(pattern: str, paths: list[str]) -> None:
    fast, slow = compiled(pattern), plain(pattern)
    assert [bool(fast.match(path)) for path in paths] == [bool(slow.match(path)) for path in paths]


@pytest.mark.parametrize(
    "pattern",
    [
        "*a" * 60 + "*b", "**a" * 60 + "**b", "**/a*" * 60 + "b", "a/**/" * 60 + "b", "*" * 5000 + "b", "?*" * 60 + "b",
        "**/*a" * 30 + "/b",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["a" * 250, "a/" * 125 + "a", "aa/" * 100])
def test_no_pattern_is_slow(pattern: str, path: str) -> None:
    begun = time.process_time()
    assert not compiled(pattern).match(path)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("src", "src/a.py", True), ("src/", "src/a.py", True), ("src", "srcs/a.py", False), ("", "a.py", True),
        ("./src/*.py", "src/a.py", True), ("src/*.py", "src/b/a.py", False), ("src/**.py", "src/b/a.py", True),
        ("a.py", "a.py\n", False), ("*.py", "a\nb.py", True),
    ],
)  # fmt: skip
def test_beginnings_and_patterns(pattern: str, path: str, is_match: bool) -> None:
    assert bool(compiled(pattern).match(path)) is is_match
