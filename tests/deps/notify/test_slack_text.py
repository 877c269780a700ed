from __future__ import annotations

import html

from hypothesis import given
from hypothesis import strategies as st

from boombap.deps.notify.slack_text import code, fit
from fakes.slack import units

TEXTS = st.text(st.characters(codec=None) | st.sampled_from("&<>@`\x1b\n\u202e🎤"), max_size=60)


@given(TEXTS, st.integers(1, 80))
def test_a_text_never_exceeds_its_limit_and_never_controls_anything(text: str, limit: int):
    fitted = fit(text, limit)
    assert units(fitted) <= limit
    assert "<" not in fitted
    assert ">" not in fitted
    # No entity is cut in two.
    assert fitted.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").count("&") == 0
    assert fitted.replace("\u200b", "").isprintable()


@given(st.text("ab&<>é🎤 _-./@", max_size=30))
def test_a_text_that_fits_stays_as_it_is(text: str):
    assert html.unescape(fit(text, 500)).replace("\u200b", "") == text


def test_a_long_text_is_cut_with_an_ellipsis():
    assert fit("a" * 10, 10) == "a" * 10
    assert fit("a" * 11, 10) == "a" * 9 + "…"
    assert fit("&" * 10, 12) == "&amp;&amp;…"
    assert fit("🎤" * 10, 10) == "🎤" * 4 + "…"
    assert len(fit("x" * 50_000_000, 10)) == 10


def test_nobody_is_called():
    for name in ("here", "channel", "everyone", "all", "Here"):
        assert f"@{name}" not in fit(f"mail @{name} now", 100)
        assert f"<!{name}>" not in fit(f"<!{name}>", 100)
    assert fit("@babel/traverse", 100) == "@babel/traverse"


def test_a_backtick_does_not_end_code():
    assert code("a`b", 10) == "`a'b`"
