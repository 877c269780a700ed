from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from boombap.resilience.backoff import Backoff

backoffs = st.builds(Backoff, base_s=st.floats(0.001, 10), cap_s=st.floats(0.001, 3600), factor=st.floats(1, 10))


def test_the_longest_wait_doubles_up_to_the_cap():
    backoff = Backoff(base_s=0.5, cap_s=3)
    assert [backoff.ceiling_s(failures) for failures in (1, 2, 3, 4, 5)] == [0.5, 1, 2, 3, 3]


def test_jitter_is_full_from_nothing_to_the_longest():
    backoff = Backoff(base_s=1, cap_s=8)
    assert [backoff.delay_s(3, lambda drawn=drawn: drawn) for drawn in (0.0, 0.5, 1.0)] == [0, 2, 4]


@given(backoffs, st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_wait_never_leaves_its_bounds(backoff: Backoff, failures: int, drawn: float):
    assert 0 <= backoff.delay_s(failures, lambda: drawn) <= backoff.ceiling_s(failures) <= backoff.cap_s


@given(backoffs, st.integers(1, 200))
def test_the_longest_wait_never_shrinks(backoff: Backoff, failures: int):
    assert backoff.ceiling_s(failures) <= backoff.ceiling_s(failures + 1)
