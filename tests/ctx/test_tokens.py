from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.ctx.tokens import stem, terms


@pytest.mark.parametrize("word", ["RouterGroup", "router_group", "routerGroup", "router-group", "ROUTER_GROUP"])
def test_every_way_to_write_a_name_gives_the_same_terms(word: str) -> None:
    assert terms(word) == ["routergroup", "router", "group"]


def test_an_acronym_ends_where_the_next_word_begins() -> None:
    assert terms("HTTPServer") == ["httpserver", "http", "server"]


def test_russian_forms_meet() -> None:
    assert terms("обработчик") == terms("обработчика") == terms("Обработчики")
    assert terms("Ёлка") == terms("елки")


def test_chinese_is_found_by_pairs() -> None:
    assert set(terms("连接池")) >= {"连接", "接池"}
    assert set(terms("连接")) & set(terms("数据库连接池"))


def test_a_digit_at_the_end_may_be_left_out() -> None:
    assert "oauth" in terms("OAuth2")


def test_a_very_long_word_gives_no_term() -> None:
    assert terms("a" * 1000) == []


@given(st.text())
def test_terms_are_one_word_each(text: str) -> None:
    for term in terms(text):
        assert term
        assert not set(term) & set(" \"'*()^:+-.{}\0\n_")


@given(st.text(), st.text())
def test_terms_of_two_texts_are_those_of_each(one: str, other: str) -> None:
    assert terms(f"{one}\n{other}") == terms(one) + terms(other)


@given(st.text(alphabet=st.characters(categories=["Ll"]), min_size=1))
def test_a_stem_is_never_empty(word: str) -> None:
    assert stem(word)
