"""Both text formats, read back by the parsers of prometheus_client."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_plain

from boombap.metrics import exposition
from boombap.telemetry.catalogue import Metric

RUNS = Metric("boombap_runs_total", "counter", 'Runs that "ended", with a \\ and\na line end', ("path",))
SIZE = Metric("boombap_size_bytes", "gauge", "Size", ("path",))
SECONDS = Metric("boombap_seconds", "histogram", "Duration", ("path",), (0.5, 10.0))
PARSERS = {True: parse_openmetrics, False: parse_plain}
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=20)
values = st.floats(allow_nan=True, allow_infinity=True)


@given(st.dictionaries(texts, values, max_size=5), st.booleans())
def test_what_is_written_is_what_is_read(samples: dict[str, float], openmetrics: bool) -> None:
    family = (SIZE, {(SIZE.name, (("path", text),)): value for text, value in samples.items()})
    page = exposition.page([family], openmetrics=openmetrics).decode()
    (read,) = PARSERS[openmetrics](page)
    assert (read.name, read.type, read.documentation) == ("boombap_size_bytes", "gauge", "Size")
    found = {sample.labels["path"]: sample.value for sample in read.samples}
    assert found.keys() == samples.keys()
    assert all(value == found[text] or math.isnan(value) for text, value in samples.items())


@pytest.mark.parametrize("openmetrics", [True, False])
def test_a_counter_keeps_its_suffix_and_its_help(openmetrics: bool) -> None:
    page = exposition.page([(RUNS, {(RUNS.name, (("path", "a"),)): 2.0})], openmetrics=openmetrics).decode()
    (read,) = PARSERS[openmetrics](page)
    assert (read.name, read.type) == ("boombap_runs", "counter")
    assert [sample.name for sample in read.samples] == ["boombap_runs_total"]
    assert read.documentation == RUNS.help
    assert page.endswith("# EOF\n") == openmetrics


@pytest.mark.parametrize("openmetrics", [True, False])
def test_buckets_come_by_their_bound(openmetrics: bool) -> None:
    """A parser of OpenMetrics refuses others."""
    samples = {
        ("boombap_seconds_sum", (("path", "a"),)): 3.0,
        ("boombap_seconds_bucket", (("path", "a"), ("le", "+Inf"))): 3.0,
        ("boombap_seconds_bucket", (("path", "a"), ("le", "10.0"))): 2.0,
        ("boombap_seconds_bucket", (("path", "a"), ("le", "0.5"))): 1.0,
        ("boombap_seconds_count", (("path", "a"),)): 3.0,
    }
    page = exposition.page([(SECONDS, samples)], openmetrics=openmetrics).decode()
    (read,) = PARSERS[openmetrics](page)
    assert [sample.labels.get("le", sample.name[-5:]) for sample in read.samples] == [
        "0.5", "10.0", "+Inf", "count", "s_sum",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", False),
        ("*/*", False),
        ("text/plain;version=0.0.4", False),
        ("application/openmetrics-text", True),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", True),
        ("application/openmetrics-text;version=0.0.1", False),
        ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;q=0.2", True),
        ("application/openmetrics-texts", False),
    ],
)
def test_the_format_is_the_one_asked_for(accept: str, expected: bool) -> None:
    assert exposition.is_openmetrics(accept) == expected
