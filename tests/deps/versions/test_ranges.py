"""A range is compared as its own tool compares it; `packaging` is the oracle of PEP 440."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from boombap.deps.versions.ranges import satisfies

NUMBERS = st.lists(st.integers(0, 3), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
ENDS = st.sampled_from(["", "", "", "a1", "rc2", ".dev1", ".post1", "rc1.dev3", ".post2.dev1"])
VERSIONS = st.builds(
    lambda epoch, numbers, end: epoch + numbers + end, st.sampled_from(["", "", "", "1!"]), NUMBERS, ENDS
)
CLAUSES = st.one_of(
    st.builds(lambda operator, bound: operator + bound, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), VERSIONS),
    st.builds(lambda operator, numbers: f"{operator}{numbers}.*", st.sampled_from(["==", "!="]), NUMBERS),
    st.builds(lambda first, rest: f"~={first}.{rest}", st.integers(0, 3), NUMBERS),
)


@example([">0a1"], "0.post1", "")
@example([">1.0a1"], "1.0a1.post1", "")
@example(["<1.0.post1"], "1.0a1", "")
@example(["<1.0.post1"], "1.0.post1.dev2", "")
@given(st.lists(CLAUSES, min_size=1, max_size=3), VERSIONS, st.sampled_from(["", "+local.1"]))
def test_pep_440_as_packaging_has_it(clauses: list[str], version: str, local: str):
    text = ",".join(clauses)
    expected = SpecifierSet(text).contains(version + local, prereleases=True)
    assert satisfies("pep440", text, version + local) is expected


@pytest.mark.parametrize(
    ("form", "wish", "inside", "outside"),
    [
        ("pep440", "", "1", None),
        ("pep440", "*", "1", None),
        ("pep440", "(>= 1, < 2)", "1.5", "2"),
        ("pep440", "==1.0", "1.0+cpu", "1.0.post1"),
        ("pep440", "<2", "1.9", "2rc1"),
        ("pep440", "<2rc2", "2rc1", "2"),
        ("pep440", ">1", "1.1", "1.post1"),
        ("pep440", ">1.post1", "1.post2", "1"),
        ("pep440", "nonsense", None, "1"),
        ("pep440", ">=1,nonsense", None, "1"),
        ("poetry", "^1.2", "1.9.9", "2.0"),
        ("poetry", "^1.2", "1.2", "2.0a1"),
        ("poetry", "^0.2.3", "0.2.9", "0.3"),
        ("poetry", "^0.0.3", "0.0.3", "0.0.4"),
        ("poetry", "^0", "0.9", "1"),
        ("poetry", "~1.2", "1.2.9", "1.3"),
        ("poetry", "~1", "1.9", "2"),
        ("poetry", "1.*", "1.9", "2.0"),
        ("poetry", "*", "7", None),
        ("poetry", ">= 1.0, < 2.0 || ^3.1", "3.2", "2.0"),
        ("poetry", ">=1.0 <2.0", "1.5", "2.0"),
        ("poetry", "~=1.2", "1.9", "2.0"),
        ("npm", "^4.17.0", "4.17.21", "5.0.0"),
        ("npm", "^4.17.0", "4.17.0", "5.0.0-rc.1"),
        ("npm", "^0.2.3", "0.2.9", "0.3.0"),
        ("npm", "~1.2.3", "1.2.9", "1.3.0"),
        ("npm", "1.x", "1.9.0", "2.0.0"),
        ("npm", "1", "1.9.0", "2.0.0"),
        ("npm", "", "1.0.0", None),
        ("npm", "*", "1.0.0", None),
        ("npm", "latest", "1.0.0", None),
        ("npm", ">=1.0.0 <2.0.0", "1.5.0", "2.0.0"),
        ("npm", ">= 1.0.0 < 2.0.0", "1.5.0", "2.0.0"),
        ("npm", ">1.2", "1.3.0", "1.2.9"),
        ("npm", "<=1.2", "1.2.9", "1.3.0"),
        ("npm", "1.2.3 - 2.3", "2.3.9", "2.4.0"),
        ("npm", "^1 || ^3", "3.1.0", "2.0.0"),
        ("npm", "=1.2.3", "1.2.3", "1.2.4"),
        ("npm", "v1.2.3", "1.2.3", "1.2.4"),
        ("npm", "^1.2.3-beta.2", "1.2.3-beta.3", "1.2.3-beta.1"),
        ("cargo", "1", "1.9.0", "2.0.0"),
        ("cargo", "0.3", "0.3.9", "0.4.0"),
        ("cargo", "=1.2.3", "1.2.3", "1.2.4"),
        ("cargo", ">=1.2, <1.5", "1.4.9", "1.5.0"),
        ("cargo", "1.*", "1.9.0", "2.0.0"),
        ("cargo", "1.2.*", "1.2.9", "1.3.0"),
        ("cargo", "^1.2", "1.3.0", "2.0.0"),
        ("cargo", "~1.2", "1.2.9", "1.3.0"),
    ],
)
def test_the_ranges_of_each_tool(form, wish: str, inside: str | None, outside: str | None):
    assert inside is None or satisfies(form, wish, inside)
    assert outside is None or not satisfies(form, wish, outside)


@given(st.sampled_from(["pep440", "poetry", "npm", "cargo"]), st.text(max_size=40), st.text(max_size=20))
def test_any_text_is_answered(form, wish: str, version: str):
    assert satisfies(form, wish, version) in (True, False)
