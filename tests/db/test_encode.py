"""The diagnosis for machines: the documented JSON and CSV."""

from __future__ import annotations

import json

import views
from boombap.db import encode
from boombap.db.fleet import Failure
from boombap.output.encode import to_csv, to_json

FAILED = Failure("h:5432/db", "staging", "refused")


def test_json_is_versioned_and_complete():
    found = json.loads(to_json(encode.diagnosis_object(views.FULL)))
    assert found["schema"] == "boombap.db/1"
    assert found["tracks"]["total"] == 57_718
    assert found["tracks"]["latest"] == "2026-11-20T08:15:00"
    assert found["connections"]["used_pct"] == 7.0
    assert [one["severity"] for one in found["health"]["findings"]] == ["critical", "warning"]
    assert found["health"]["findings"][0]["evidence"]["used_pct"] == 99.0
    assert found["health"]["waived"][0]["severity"] == "info"
    assert found["health"]["skipped"][2]["is_failure"] is True
    assert found["server"]["preloaded"] == ["pg_stat_statements"]


def test_parts_not_asked_for_are_left_out():
    found = encode.diagnosis_object(views.diagnosis(health=None, tables=None))
    assert not {"health", "tables"} & set(found)


def test_a_fleet_holds_answers_and_failures():
    found = json.loads(to_json(encode.fleet_object([views.FULL, FAILED])))
    assert found["schema"] == "boombap.db.fleet/1"
    assert found["targets"][0]["name"] == "production"
    assert found["targets"][1] == {
        "schema": "boombap.db/1",
        "target": "h:5432/db",
        "name": "staging",
        "error": "refused",
    }


def test_csv_has_one_number_a_line():
    rows = list(encode.csv_rows(views.FULL))
    assert {len(row) for row in rows} == {len(encode.CSV_HEAD)}
    for row in (
        ("production", "tracks", "", "total", 57_718),
        ("production", "analyzers", "キング 🎤", "rows", 27),
        ("production", "connections", "idle", "sessions", 5),
        ("production", "tables", "analysis_results", "exists", False),
        ("production", "unanalyzed", "", "total", 3),
        ("production", "health", "critical", "findings", 1),
        ("production", "skipped", "cache_hit", "reason", "a statement ran into its time limit"),
    ):
        assert row in rows


def test_csv_names_a_failure():
    assert list(encode.csv_rows(FAILED)) == [("staging", "error", "h:5432/db", "reason", "refused")]


def test_csv_begins_with_its_head():
    assert to_csv(encode.CSV_HEAD, ()) == "database,part,subject,measure,value"
