"""Dashboards for Grafana: an overview, and one for each source; every query asks for a metric of the catalogue.

Source: Grafana documentation, "Dashboard JSON model" (schema version 39).
"""

from __future__ import annotations

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SCHEMA = 39
_WIDTH, _HEIGHT, _COLUMNS = 8, 8, 24
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}


class Panel(Record):
    """One panel.

    Attributes:
        title: what it answers.
        expr: the query.
        legend: of each series, with ``{{label}}``.
        unit: as Grafana names it.
        is_number: whether the last value is shown, and not the course of time.
    """

    title: str
    expr: str
    legend: str = ""
    unit: str = "short"
    is_number: bool = False


_COMMANDS = (
    Panel("Runs by exit code", "sum by (command, exit_code) (boombap_command_runs_total)", "{{command}} {{exit_code}}"),
    Panel(
        "Time of a run (p95)",
        "histogram_quantile(0.95, sum by (command, le) (boombap_command_seconds_bucket))",
        "{{command}}",
        "s",
    ),
    Panel(
        "Since the last success",
        "time() - boombap_command_last_success_timestamp_seconds",
        "{{command}} {{action}}",
        "s",
    ),
)
_FINDINGS = (
    Panel("Findings", "boombap_health_findings", "{{command}} {{action}} {{severity}}"),
    Panel("Checks without an answer", "boombap_health_checks_unanswered", "{{command}} {{action}} {{state}}"),
)
_SOURCES = (
    Panel("Sources", "boombap_source_up", "{{source}}", is_number=True),
    Panel("Time of a look", "boombap_source_seconds", "{{source}}", "s"),
)
_CACHES = (Panel("Cache hits", "cache:boombap_cache_hits:ratio", "{{cache}}", "percentunit"),)
_PIPELINE = (
    Panel("Tracks", "boombap_db_tracks", is_number=True),
    Panel("Tracks with lyrics and Spotify data", "boombap:db_tracks_filled:ratio", "{{field}}", "percentunit"),
    Panel("Tracks by their Spotify result", "boombap_spotify_results", "{{outcome}}"),
    Panel(
        "Results of an analyzer for a track",
        "boombap_db_analyzer_results / on() group_left() (boombap_db_tracks > 0)",
        "{{analyzer}}",
    ),
    Panel(
        "Since the last success of a run",
        'time() - boombap_command_last_success_timestamp_seconds{command=~"spotify|db"}',
        "{{command}} {{action}}",
        "s",
    ),
)
_DB = (
    Panel("Tracks", "boombap_db_tracks", is_number=True),
    Panel("Tracks with a field", "boombap:db_tracks_filled:ratio", "{{field}}", "percentunit"),
    Panel("Results by analyzer", "boombap_db_analyzer_results", "{{analyzer}}"),
    Panel("Connections by state", "boombap_db_connections", "{{state}}"),
    Panel("Connections in use", "boombap:db_connections:ratio", unit="percentunit", is_number=True),
    Panel("Size of the database", "boombap_db_size_bytes", unit="bytes"),
)
_REDIS = (
    Panel("Keys", "boombap_redis_keys", "{{node}}"),
    Panel("Memory in use", "boombap_redis_memory_used_bytes", "{{node}}", "bytes"),
    Panel("Reads that find their key", "node:boombap_redis_keyspace_hits:ratio", "{{node}}", "percentunit"),
    Panel("Clients", "boombap_redis_clients", "{{node}}"),
    Panel("Evicted keys", "boombap_redis_evicted_keys_total", "{{node}}"),
)
_CTX = (
    Panel("Questions by result", "sum by (client, result) (boombap_ctx_searches_total)", "{{client}} {{result}}"),
    Panel(
        "Time of a question (p95)",
        "histogram_quantile(0.95, sum by (client, le) (boombap_ctx_search_seconds_bucket))",
        "{{client}}",
        "s",
    ),
    Panel("Since an index was written", "boombap_ctx_index_age_seconds", "{{index}}", "s"),
    Panel("Files in an index", "boombap_ctx_index_files", "{{index}}"),
    Panel("Size of an index", "boombap_ctx_index_size_bytes", "{{index}}", "bytes"),
    Panel("Files left out", "boombap_ctx_index_left_out_files", "{{index}} {{reason}}"),
    Panel("Indexes that lack files", "sum(boombap_ctx_index_partial)", is_number=True),
    Panel("Indexes", "boombap_ctx_indexes", "{{state}}", is_number=True),
)
_DEPS = (
    Panel("Advisories", "boombap_deps_advisories", "{{ecosystem}}", is_number=True),
    Panel("Since the last sync", "boombap_deps_checked_age_seconds", "{{ecosystem}}", "s"),
    Panel("Age of the newest advisory", "boombap_deps_content_age_seconds", "{{ecosystem}}", "s"),
    Panel("Findings of the latest audit", "boombap_deps_findings", "{{severity}}"),
    Panel("Packages that were audited", "boombap_deps_audited_packages", is_number=True),
    Panel("Not audited", "boombap_deps_unaudited", is_number=True),
    Panel("Verdict of the latest audit", "boombap_deps_verdict == 1", "{{verdict}}", is_number=True),
    Panel("Reviews of pods by result", "sum by (result) (boombap_deps_admissions_total)", "{{result}}"),
    Panel(
        "Time of a review (p99)",
        "histogram_quantile(0.99, sum by (le) (boombap_deps_admission_seconds_bucket))",
        unit="s",
    ),
    Panel("Age of the oldest verdict", "max(boombap_deps_verdict_oldest_age_seconds)", unit="s"),
    Panel("Age of its advisories", "max(boombap_deps_verdict_data_oldest_age_seconds)", unit="s"),
)
_SPOTIFY = (
    Panel("Tracks by result", "boombap_spotify_results", "{{outcome}}"),
    Panel("Shards of the latest run", "boombap_spotify_shards", "{{state}}"),
    Panel("Tracks of the latest run", "boombap_spotify_run_tracks", is_number=True),
    Panel("Requests of the latest run", "boombap_spotify_run_requests", is_number=True),
    Panel("Until the ban ends", "boombap_spotify_cooldown_seconds", unit="s", is_number=True),
)
_SPOTIFY_WORK = (
    Panel("Judged tracks", "sum by (outcome) (boombap_spotify_tracks_total)", "{{outcome}}"),
    Panel("Requests", "sum by (endpoint) (boombap_spotify_requests_total)", "{{endpoint}}"),
    Panel("Answers with status 429", "boombap_spotify_rate_limited_total"),
    Panel(
        "Tracks that no request was needed for",
        "sum by (source) (boombap_spotify_known_tracks_total) / on() group_left() sum(boombap_spotify_tracks_total)",
        "{{source}}",
        "percentunit",
    ),
    Panel("Rows", "boombap_spotify_rows_total", "{{result}}"),
    Panel(
        "Time of a write (p95)",
        "histogram_quantile(0.95, sum by (le) (boombap_spotify_write_seconds_bucket))",
        unit="s",
    ),
    Panel("Retries", "sum by (operation, reason) (boombap_retries_total)", "{{operation}} {{reason}}"),
    Panel("Openings of circuit breakers", "boombap_breaker_opened_total", "{{breaker}}"),
    Panel("Highest depth of queues", "boombap_queue_depth_max", "{{queue}}"),
)
_ROLLOUT = (
    Panel(
        "Share of native",
        'sum by (flag) (boombap_flag_evaluations_total{variant="native"})'
        " / sum by (flag) (boombap_flag_evaluations_total)",
        "{{flag}}",
        "percentunit",
    ),
    Panel("Runs by engine", "sum by (flag, variant) (boombap_flag_evaluations_total)", "{{flag}} {{variant}}"),
    Panel(
        "Comparisons of both engines", "sum by (flag, result) (boombap_flag_comparisons_total)", "{{flag}} {{result}}"
    ),
    Panel("Runs by reason", "sum by (flag, reason) (boombap_flag_evaluations_total)", "{{flag}} {{reason}}"),
)
BOARDS: dict[str, tuple[str, tuple[Panel, ...]]] = {
    "overview": ("boombap: overview", (*_SOURCES, *_COMMANDS, *_FINDINGS, *_CACHES)),
    "pipeline": ("boombap: pipeline", _PIPELINE),
    "db": ("boombap: PostgreSQL", _DB),
    "redis": ("boombap: Redis", _REDIS),
    "ctx": ("boombap: code search", _CTX),
    "deps": ("boombap: dependencies", _DEPS),
    "spotify": ("boombap: Spotify", (*_SPOTIFY, *_SPOTIFY_WORK)),
    "rollout": ("boombap: Rollout", _ROLLOUT),
}
"""By the name of the file: title and panels."""


def boards() -> dict[str, dict[str, object]]:
    """Return every dashboard by the name of its file, without ``.json``."""
    return {name: _board(name, title, panels) for name, (title, panels) in BOARDS.items()}


def _board(name: str, title: str, panels: Sequence[Panel]) -> dict[str, object]:
    source = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    return {
        "uid": f"boombap-{name}",
        "title": title,
        "tags": ["boombap"],
        "schemaVersion": _SCHEMA,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source]},
        "panels": list(_panels(panels)),
    }


def _panels(panels: Sequence[Panel]) -> Iterator[dict[str, object]]:
    for number, panel in enumerate(panels):
        left, row = number * _WIDTH % _COLUMNS, number * _WIDTH // _COLUMNS
        target = {"refId": "A", "datasource": _SOURCE, "expr": panel.expr, "legendFormat": panel.legend}
        yield {
            "id": number + 1,
            "type": "stat" if panel.is_number else "timeseries",
            "title": panel.title,
            "datasource": _SOURCE,
            "gridPos": {"x": left, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
            "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
            "targets": [target],
        }
