"""Which texts are SPDX expressions, and what allow and deny lists say about them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.deps.licences.expressions import decide, rules, spdx
from boombap.deps.licences.python_metadata import stated_in
from boombap.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("MIT", "MIT"),
        ("mit", "MIT"),
        ("MIT OR Apache-2.0", "Apache-2.0 OR MIT"),
        ("(MIT and ISC) or Apache-2.0", "Apache-2.0 OR (ISC AND MIT)"),
        ("GPL-2.0", "GPL-2.0-only"),
        ("GPL-3.0+", "GPL-3.0-or-later"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
    ],
)
def test_an_expression_is_written_as_spdx_does(text: str, expression: str):
    assert spdx(text) == expression
    assert spdx(expression) == expression


@pytest.mark.parametrize(
    "text",
    ["", " ", "BSD", "GPL", "Apache 2.0", "MIT/Apache-2.0", "(MIT AND", "MIT AND", "UNLICENSED", "SEE LICENSE IN x",
     "()", "MIT OR MIT OR", "(MIT) ISC AND", "MIT OR", "OR MIT", "(AND MIT) ISC", "MIT)", ") MIT (", "MIT ISC",
     "MIT OR GPL-3.0-only WITH x", "Proprietary", "LicenseRef-own", "MIT WITH ISC", "MIT " * 1000, "(" * 900 + "MIT"],
)  # fmt: skip
def test_what_only_resembles_one_is_not_taken_for_one(text: str):
    assert spdx(text) == ""


@given(st.text(st.sampled_from("MITGPLandorwith-.20+() \n\0é"), max_size=60))
def test_any_text_has_an_answer_that_stays_the_same(text: str):
    assert spdx(spdx(text)) == spdx(text)


_TOKENS = ("MIT", "ISC", "GPL-3.0-only", "AND", "or", "WITH", "Classpath-exception-2.0", "(", ")")


@given(st.lists(st.sampled_from(_TOKENS), min_size=1, max_size=9))
def test_only_a_whole_expression_is_one(tokens: list[str]):
    letters = "".join({"AND": "o", "or": "o", "WITH": "w", "Classpath-exception-2.0": "e"}.get(t, t[0]) for t in tokens)
    left = re.sub("[MIG](?:we)?", "l", letters)
    while (shorter := re.sub(r"\(l(?:ol)*\)", "l", left)) != left:
        left = shorter
    assert bool(spdx(" ".join(tokens))) is bool(re.fullmatch("l(?:ol)*", left))


@pytest.mark.parametrize(
    ("text", "allow", "deny", "answer"),
    [
        ("MIT", [], [], "allowed"),
        ("MIT", ["MIT"], [], "allowed"),
        ("MIT", ["mit"], [], "allowed"),
        ("ISC", ["MIT"], [], "denied"),
        ("MIT", [], ["MIT"], "denied"),
        ("MIT", ["MIT"], ["MIT"], "denied"),
        ("MIT AND GPL-3.0-only", ["MIT AND GPL-3.0-only"], ["GPL-3.0-only"], "denied"),
        ("MIT OR GPL-3.0-only", ["MIT OR GPL-3.0-only"], ["GPL-3.0-only"], "allowed"),
        ("MIT OR GPL-3.0-only", ["MIT"], ["GPL-3.0-only"], "allowed"),
        ("GPL-3.0-only OR AGPL-3.0-only", [], ["GPL-3.0-only", "AGPL-3.0-only"], "denied"),
        ("MIT AND GPL-3.0-only", [], ["GPL-3.0-only"], "denied"),
        ("MIT AND ISC", ["MIT"], [], "denied"),
        ("MIT AND ISC", ["MIT", "ISC"], [], "allowed"),
        ("MIT AND ISC", ["ISC AND MIT"], [], "allowed"),
        ("(MIT AND GPL-3.0-only) OR ISC", ["ISC", "MIT"], [], "allowed"),
        ("(MIT OR ISC) AND GPL-3.0-only", ["ISC", "MIT"], [], "denied"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", [], ["GPL-2.0-only"], "denied"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ["GPL-2.0-only"], [], "denied"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ["GPL-2.0-only WITH Classpath-exception-2.0"], ["GPL-2.0-only"],
         "allowed"),
        ("GPL-2.0-or-later", [], ["GPL-2.0-only"], "allowed"),
    ],
)  # fmt: skip
def test_what_the_lists_say(text: str, allow: list[str], deny: list[str], answer: str):
    assert decide(spdx(text), rules(allow, deny))[0] == answer


@pytest.mark.parametrize("entry", ["BSD", "", "GPL", "MIT,ISC"])
def test_an_entry_that_is_not_an_expression(entry: str):
    with pytest.raises(ConfigError, match=r"licences_allow: .* is not an SPDX expression"):
        rules([entry], [])
    with pytest.raises(ConfigError, match=r"licences_deny: .* is not an SPDX expression"):
        rules([], [entry])


MIT = "Classifier: License :: OSI Approved :: MIT License"
ISC = "Classifier: License :: OSI Approved :: ISC License (ISCL)"
BSD = "Classifier: License :: OSI Approved :: BSD License"


@pytest.mark.parametrize(
    ("fields", "expression", "origin", "reason"),
    [
        (["License-Expression: MIT OR ISC", "License: BSD"], "ISC OR MIT", "License-Expression", ""),
        (["License-Expression: Own", MIT], "", "License-Expression", "not an SPDX expression"),
        (["License: MIT"], "MIT", "License", ""),
        (["license: mit", MIT], "MIT", "License", ""),
        (["License: UNKNOWN", MIT], "MIT", "classifiers", ""),
        (["License: BSD", "Classifier: License :: OSI Approved", MIT], "MIT", "classifiers", ""),
        (["License: GPL-3.0-only", MIT], "", "License", "contradict each other"),
        (["License: MIT", BSD], "MIT", "License", ""),
        ([BSD], "", "classifiers", "names no licence for certain"),
        (
            ["Classifier: License :: OSI Approved :: Apache Software License"],
            "",
            "classifiers",
            "no licence for certain",
        ),
        ([MIT, ISC], "", "classifiers", "whether all of them apply or one"),
        (["License: Copyright 2020", "  MIT"], "", "License", "not an SPDX expression"),
        (["Classifier: Topic :: MIT License"], "", "", "names no licence"),
        ([], "", "", "names no licence"),
    ],
)
def test_what_metadata_states(fields: list[str], expression: str, origin: str, reason: str):
    stated = stated_in("\n".join(["Name: x", *fields]))
    assert (stated.expression, stated.origin) == (expression, origin)
    assert reason in stated.reason
    assert bool(stated.reason) == (not stated.expression)
