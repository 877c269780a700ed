"""Recording and alerting rules for Prometheus, in its file format; every name in them is one of the catalogue.

Source: prometheus.io, "Defining recording rules", "Alerting rules".
"""

from __future__ import annotations

import json

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_ALERTS_PAGE = "docs/reference/metrics.md#alerts"


class Recording(Record):
    """A series that Prometheus computes.

    Attributes:
        name: as ``level:metric:operations``.
        expr: what is computed.
    """

    name: str
    expr: str


class Alert(Record):
    """A condition that somebody must know.

    Attributes:
        name: of the alert.
        expr: true for each series that is in trouble.
        hold: how long it must be true, as Prometheus writes durations.
        severity: ``critical`` or ``warning``.
        summary: one sentence with the labels of the series.
    """

    name: str
    expr: str
    hold: str
    severity: str
    summary: str


RECORDINGS = (
    Recording("boombap:db_tracks_filled:ratio", "boombap_db_tracks_filled / on() group_left() (boombap_db_tracks > 0)"),
    Recording("boombap:db_connections:ratio", "sum(boombap_db_connections) / sum(boombap_db_connections_max)"),
    Recording(
        "node:boombap_redis_keyspace_hits:ratio",
        "boombap_redis_keyspace_hits_total / (boombap_redis_keyspace_hits_total + boombap_redis_keyspace_misses_total)",
    ),
    Recording(
        "cache:boombap_cache_hits:ratio",
        "label_replace(sum(boombap_redis_keyspace_hits_total) / (sum(boombap_redis_keyspace_hits_total) "
        '+ sum(boombap_redis_keyspace_misses_total)), "cache", "redis", "", "") '
        "or label_replace(sum(boombap_spotify_known_tracks_total) / sum(boombap_spotify_tracks_total), "
        '"cache", "spotify", "", "")',
    ),
    Recording("command:boombap_command_runs:sum", "sum by (command, exit_code) (boombap_command_runs_total)"),
)
ALERTS = (
    Alert(
        "BoombapSourceDown",
        "boombap_source_up == 0",
        "5m",
        "critical",
        "{{ $labels.source }} does not answer the collector",
    ),
    Alert(
        "BoombapCommandFails",
        'sum by (command, action) (increase(boombap_command_runs_total{exit_code=~"3|70"}[1h])) > 0',
        "0m",
        "warning",
        "boombap {{ $labels.command }} {{ $labels.action }} failed in the last hour",
    ),
    Alert(
        "BoombapFlagUnknown",
        'sum by (flag) (increase(boombap_flag_evaluations_total{reason="ERROR"}[1h])) > 0',
        "0m",
        "warning",
        "{{ $labels.flag }} could not be read in the last hour, so the classic engine ran",
    ),
    Alert(
        "BoombapFlagFallback",
        'sum by (flag) (increase(boombap_flag_evaluations_total{reason="FALLBACK"}[1h])) > 0',
        "0m",
        "warning",
        "native failed or was too slow in the last hour, so classic answered for {{ $labels.flag }}",
    ),
    Alert(
        "BoombapJobOverdue",
        'time() - boombap_command_last_success_timestamp_seconds{command="spotify",action="batch"} > 2 * 86400',
        "10m",
        "warning",
        "no boombap {{ $labels.command }} {{ $labels.action }} has succeeded for two days",
    ),
    Alert(
        "BoombapCriticalFinding",
        'boombap_health_findings{severity="critical"} > 0',
        "0m",
        "critical",
        "boombap {{ $labels.command }} {{ $labels.action }} has {{ $value }} critical findings",
    ),
    Alert(
        "BoombapConnectionsNearLimit",
        "boombap:db_connections:ratio > 0.8",
        "5m",
        "warning",
        "PostgreSQL has used {{ $value | humanizePercentage }} of its connections",
    ),
    Alert(
        "BoombapRedisMemoryNearLimit",
        "boombap_redis_memory_used_bytes / (boombap_redis_memory_max_bytes > 0) > 0.9",
        "10m",
        "warning",
        "{{ $labels.node }} has used {{ $value | humanizePercentage }} of its memory",
    ),
    Alert(
        "BoombapAdvisoriesUnchecked",
        "boombap_deps_checked_age_seconds > 3 * 86400",
        "1h",
        "warning",
        "the advisories of {{ $labels.ecosystem }} have not been synced for {{ $value | humanizeDuration }}",
    ),
    Alert(
        "BoombapSpotifyBanned",
        "boombap_spotify_cooldown_seconds > 3600",
        "10m",
        "warning",
        "Spotify answers again in {{ $value | humanizeDuration }}: does another program use the same account",
    ),
    Alert(
        "BoombapBreakerOpens",
        "sum by (breaker) (increase(boombap_breaker_opened_total[1h])) > 0",
        "0m",
        "warning",
        "the circuit breaker of {{ $labels.breaker }} has opened in the last hour: the server behind it failed",
    ),
    Alert(
        "BoombapSpotifyShardsLost",
        'sum(boombap_spotify_shards{state=~"failed|interrupted|missing"}) > 0'
        ' and boombap_spotify_shards{state="running"} == 0',
        "15m",
        "warning",
        "{{ $value }} shards of the latest spotify run have not ended well, and none is running",
    ),
    Alert(
        "BoombapAdvisoriesOld",
        "boombap_deps_content_age_seconds > 14 * 86400",
        "1h",
        "warning",
        "the newest advisory of {{ $labels.ecosystem }} is {{ $value | humanizeDuration }} old: has the source stopped",
    ),
    Alert(
        "BoombapBreakGlass",
        'sum by (instance) (increase(boombap_deps_admissions_total{result="break_glass"}[1h])) > 0',
        "0m",
        "warning",
        "pods without a passing verdict were let in by break glass in the last hour: the log of deps serve says why",
    ),
    Alert(
        "BoombapVerdictsOld",
        "boombap_deps_verdict_oldest_age_seconds > 3 * 86400",
        "1h",
        "warning",
        "the oldest verdict was judged {{ $value | humanizeDuration }} ago: does deps verdict refresh run after a sync",
    ),
)


def lines() -> Iterator[str]:
    """Yield the rules as YAML; a JSON text is a YAML text, so that no value can end its line."""
    yield "groups:"
    yield "  - name: boombap-recordings"
    yield "    rules:"
    for recording in RECORDINGS:
        yield f"      - record: {json.dumps(recording.name)}"
        yield f"        expr: {json.dumps(recording.expr)}"
    yield "  - name: boombap-alerts"
    yield "    rules:"
    for alert in ALERTS:
        yield f"      - alert: {alert.name}"
        yield f"        expr: {json.dumps(alert.expr)}"
        yield f"        for: {alert.hold}"
        yield f"        labels: {{severity: {alert.severity}}}"
        annotations = {"summary": alert.summary, "runbook": f"{_ALERTS_PAGE}: {alert.name}"}
        yield f"        annotations: {json.dumps(annotations)}"
