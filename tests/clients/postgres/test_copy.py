"""Any text comes back from the server as it was sent."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boombap.clients.postgres.copy import encode
from boombap.clients.postgres.session import Limits, Session
from boombap.errors import QueryFailed
from boombap.interrupt import Interrupt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from databases import Database

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
rows = st.tuples(
    st.integers(-(2**31), 2**31 - 1),
    st.none() | texts,
    st.none() | st.booleans(),
    st.none() | st.lists(texts).map(tuple),
)


@pytest.fixture
def session(empty: Database) -> Iterator[Session]:
    with closing(Session(empty.target(), Limits(), Interrupt())) as session:
        session.write("CREATE TABLE {current.kept} (n int, t text, b boolean, a text[])")
        yield session


@given(sent=st.lists(rows, max_size=10))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_sent_is_kept(
    session: Session, sent: list[tuple[int, str | None, bool | None, tuple[str, ...] | None]]
):
    session.write("TRUNCATE {path.kept}")
    session.copy("COPY {path.kept} FROM STDIN", encode((place, *row[1:]) for place, row in enumerate(sent)))
    kept = session.read("SELECT n, t, b, a FROM {path.kept} ORDER BY n")
    assert [(row["t"], row["b"], row["a"]) for row in kept] == [
        (text, flag, None if array is None else list(array)) for _, text, flag, array in sent
    ]


@pytest.mark.parametrize("special", ["\\", "\t", "\n", "\r", "\\N", '"', "{", ","])
def test_a_special_character_is_kept_wherever_it_is(session: Session, special: str):
    array = (special, f"a{special}b", "")
    sent = [
        (1, special, None, None),
        (2, f"x{special}", True, array),
        (3, None, None, array),
        (4, "x", None, array[:1]),
    ]
    session.copy("COPY {path.kept} FROM STDIN", encode(sent))
    kept = session.read("SELECT n, t, b, a FROM {path.kept} ORDER BY n")
    assert [(row["n"], row["t"], row["b"], tuple(row["a"]) if row["a"] else None) for row in kept] == sent


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_what_is_no_text_is_refused_by_the_server(session: Session, text: str):
    with pytest.raises(QueryFailed) as caught:
        session.copy("COPY {path.kept} (t) FROM STDIN", encode([(text,)]))
    assert caught.value.sqlstate == "22021"
    assert session.is_usable
