"""Grafana's own types read every dashboard, and keep all that is in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from boombap.metrics.dashboard import boards

if TYPE_CHECKING:
    from collections.abc import Iterator

DASHBOARDS = {name: json.loads(json.dumps(board)) for name, board in boards().items()}
plugins.register_default_plugins()


def lost(before: Any, after: Any, place: str = "") -> Iterator[str]:
    """Yield where a value is missing or another one."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before:
            yield from lost(before[key], after.get(key, KeyError), f"{place}/{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for at, pair in enumerate(zip(before, after, strict=True)):
            yield from lost(*pair, f"{place}/{at}")
    elif before != after:
        yield f"{place}: {before!r} became {after!r}"


@pytest.mark.parametrize("name", DASHBOARDS)
def test_grafana_keeps_all_of_a_dashboard(name: str) -> None:
    board = DASHBOARDS[name]
    read = Dashboard.from_json(board)
    assert list(lost(board, json.loads(JSONEncoder().encode(read)))) == []


def test_what_is_lost_is_seen() -> None:
    assert list(lost({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 2}]})) == [
        "/a/0/b: 1 became 2",
        "/a/0/c: 2 became <class 'KeyError'>",
    ]
