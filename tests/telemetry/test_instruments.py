from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.telemetry.catalogue import CATALOGUE, Metric
from boombap.telemetry.instruments import Meter

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT = Metric("t_rows_total", "counter", "Rows", ("table",))
LEVEL = Metric("t_depth", "gauge", "Depth")
TIME = Metric("t_seconds", "histogram", "Time", (), (0.1, 1.0))


def values(meter: Meter) -> dict[tuple[str, ...], object]:
    return {(metric.name, *labels): value for metric, labels, value in meter}


def test_a_counter_adds_up_by_label() -> None:
    meter = Meter()
    meter.add(COUNT, table="tracks")
    meter.add(COUNT, 2, table="tracks")
    meter.add(COUNT, 5, table="albums")
    assert values(meter) == {("t_rows_total", "tracks"): 3.0, ("t_rows_total", "albums"): 5.0}


def test_a_gauge_keeps_the_last_value() -> None:
    meter = Meter()
    meter.set(LEVEL, 7)
    meter.set(LEVEL, 3)
    assert values(meter) == {("t_depth",): 3.0}


def test_a_bound_belongs_to_its_bucket() -> None:
    meter = Meter()
    for value in (0.1, 0.100001, 1.0, 5.0):
        meter.observe(TIME, value)
    assert values(meter) == {("t_seconds",): [1.0, 2.0, 1.0, pytest.approx(6.200001)]}


@pytest.mark.parametrize(
    "misuse",
    [
        lambda meter: meter.add(COUNT, -1, table="x"),
        lambda meter: meter.add(COUNT, float("nan"), table="x"),
        lambda meter: meter.add(COUNT, float("inf"), table="x"),
        lambda meter: meter.observe(TIME, float("nan")),
        lambda meter: meter.add(COUNT, schema="x"),
        lambda meter: meter.add(COUNT, table="x", user="eve"),
        lambda meter: meter.add(COUNT),
        lambda meter: meter.add(LEVEL),
        lambda meter: meter.set(COUNT, 1, table="x"),
        lambda meter: meter.observe(LEVEL, 1),
    ],
)
def test_misuse_is_an_error(misuse) -> None:
    meter = Meter()
    with pytest.raises(ValueError, match="t_"):
        misuse(meter)
    assert values(meter) == {}


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads take turns so often that an update without the lock is met in its middle."""
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual_s)


@pytest.mark.usefixtures("hasty_threads")
def test_threads_lose_nothing() -> None:
    meter = Meter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: meter.add(COUNT, table="x"), range(4_000)))
        list(pool.map(lambda _: meter.observe(TIME, 1.0), range(4_000)))
    assert values(meter) == {("t_rows_total", "x"): 4_000.0, ("t_seconds",): [0.0, 4_000.0, 0.0, 4_000.0]}


@given(st.lists(st.floats(0, 100, allow_nan=False)))
def test_buckets_hold_every_measurement(measured: list[float]) -> None:
    meter = Meter()
    for value in measured:
        meter.observe(TIME, value)
    for _, _, held in meter:
        assert isinstance(held, list)
        assert sum(held[:-1]) == len(measured)
        assert held[-1] == pytest.approx(sum(measured))


@pytest.mark.parametrize("metric", CATALOGUE, ids=lambda metric: metric.name)
def test_the_catalogue_keeps_the_naming_rules(metric: Metric) -> None:
    assert metric.name.startswith("boombap_")
    assert metric.name.endswith("_total") is (metric.kind == "counter")
    assert bool(metric.buckets) is (metric.kind == "histogram")
    assert list(metric.buckets) == sorted(set(metric.buckets))
    assert metric.help
    assert not metric.help.endswith(".")
    assert not {"type", "le", "quantile"} & set(metric.labels)
    assert not metric.name.endswith(("_ms", "_count", "_sum", "_bucket"))


def test_every_name_is_declared_once() -> None:
    names = [metric.name for metric in CATALOGUE]
    assert len(names) == len(set(names))
