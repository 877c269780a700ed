from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from boombap.batch.flush import Flush
from clocks import Clock


def test_a_full_batch_is_given_at_once():
    flush: Flush[str] = Flush(2, 1.0, clock=Clock())
    assert [flush.add("a"), flush.add("b"), flush.add("c")] == [[], ["a", "b"], []]
    assert len(flush) == 1


def test_the_age_is_that_of_the_first_item():
    clock = Clock()
    flush: Flush[str] = Flush(10, 1.0, clock=clock)
    assert flush.wait_s() is None
    flush.add("a")
    clock.sleep(0.75)
    flush.add("b")
    assert flush.wait_s() == 0.25
    assert flush.due() == []
    clock.sleep(0.25)
    assert flush.due() == ["a", "b"]
    assert flush.due() == []


def test_take_gives_what_there_is():
    flush: Flush[str] = Flush(10, 1.0, clock=Clock())
    flush.add("a")
    assert flush.take() == ["a"]
    assert flush.take() == []
    assert flush.wait_s() is None


@given(st.floats(0, 1e6), st.floats(0, 1e6))
@example(1.2, 1.0)
def test_a_batch_that_has_just_begun_waits_its_age_and_not_longer(now_s: float, age_s: float):
    flush: Flush[str] = Flush(2, age_s, clock=Clock(now_s))
    flush.add("a")
    wait_s = flush.wait_s()
    assert wait_s is not None
    assert 0 <= wait_s <= age_s


@given(st.integers(1, 7), st.lists(st.tuples(st.integers(), st.floats(0, 2))))
@example(2, [(0, 23.13)])
def test_nothing_is_lost_doubled_reordered_or_late(size: int, items: list[tuple[int, float]]):
    clock = Clock()
    flush: Flush[int] = Flush(size, 1.0, clock=clock)
    given_out: list[list[int]] = []
    for item, delay in items:
        clock.sleep(delay)
        given_out += [flush.due(), flush.add(item)]
        wait = flush.wait_s()
        assert wait is None or 0 < wait <= 1.0
    given_out.append(flush.take())
    assert [item for batch in given_out for item in batch] == [item for item, _ in items]
    assert max(map(len, given_out)) <= size
