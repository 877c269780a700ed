from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.batch.queue import Closed, Queue
from boombap.errors import TimedOut


def test_urgent_items_come_first_and_equal_ones_in_order():
    queue: Queue[str] = Queue(9)
    for item, priority in (("b1", 2), ("a1", 0), ("b2", 2), ("a2", 0), ("r", 1)):
        queue.put(item, priority=priority)
    queue.close()
    assert list(queue) == ["a1", "a2", "r", "b1", "b2"]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers())))
def test_order_is_that_of_a_stable_sort(entries: list[tuple[int, int]]):
    queue: Queue[tuple[int, int]] = Queue(len(entries) + 1)
    for entry in entries:
        queue.put(entry, priority=entry[0])
    assert queue.drain() == sorted(entries, key=lambda entry: entry[0])
    assert len(queue) == 0


def test_items_need_not_be_comparable():
    queue: Queue[object] = Queue(2)
    queue.put(object())
    queue.put(object())
    assert len(queue.drain()) == 2


def test_a_full_queue_holds_the_producer_until_the_deadline():
    queue: Queue[int] = Queue(1)
    queue.put(1)
    with pytest.raises(TimedOut, match="stayed full"):
        queue.put(2, timeout_s=0.01)
    assert queue.get() == 1


def test_room_lets_the_producer_go_on():
    queue: Queue[int] = Queue(1)
    queue.put(1)
    producer = threading.Thread(target=queue.put, args=(2,))
    producer.start()
    assert (queue.get(timeout_s=5), queue.get(timeout_s=5)) == (1, 2)
    producer.join()


def test_an_empty_queue_holds_the_consumer_until_the_deadline():
    with pytest.raises(TimedOut):
        Queue[int](1).get(timeout_s=0.01)


def test_a_closed_queue_takes_nothing_and_gives_what_it_holds():
    queue: Queue[int] = Queue(5)
    queue.put(1)
    queue.close()
    assert queue.is_closed
    with pytest.raises(Closed):
        queue.put(2)
    assert queue.get() == 1
    with pytest.raises(Closed):
        queue.get()


@pytest.mark.parametrize("side", ["put", "get"])
def test_closing_wakes_who_waits(side: str):
    queue: Queue[int] = Queue(1)
    woken = []

    def wait() -> None:
        with pytest.raises(Closed):
            queue.put(2) if side == "put" else queue.get()
        woken.append(side)

    if side == "put":
        queue.put(1)
    waiter = threading.Thread(target=wait)
    waiter.start()
    queue.close()
    waiter.join(5)
    assert woken == [side]


def test_depth_is_told_after_each_change():
    heard: list[int] = []
    queue: Queue[int] = Queue(5, on_depth=heard.append)
    queue.put(1)
    queue.put(2)
    queue.get()
    queue.drain()
    assert heard == [1, 2, 1, 0]


def test_many_producers_and_consumers_lose_and_double_nothing():
    queue: Queue[int] = Queue(3)
    got: list[int] = []
    producers = [threading.Thread(target=lambda n=n: [queue.put(n * 100 + i) for i in range(100)]) for n in range(4)]
    consumers = [threading.Thread(target=lambda: got.extend(queue)) for _ in range(3)]
    for thread in producers + consumers:
        thread.start()
    for thread in producers:
        thread.join()
    queue.close()
    for thread in consumers:
        thread.join()
    assert sorted(got) == list(range(400))
