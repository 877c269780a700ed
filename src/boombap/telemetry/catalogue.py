"""Every metric of the suite, declared once; instruments, collector, alert rules and dashboards all read it.

Names follow the guide "Metric and label naming" of Prometheus: base units as suffix, `_total` for counters; labels have
few values. It lists what a tool counts itself, and what the collector asks for at scrape time.
"""

from __future__ import annotations

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Kind = Literal["counter", "gauge", "histogram", "info"]

Figure = tuple["Metric", tuple[str, ...], float]
"""A metric, the values of its labels, and its value."""
_TOOLS = ("db", "spotify", "ctx", "deps", "redis", "metrics")
_COMPARED = ("equal", "different", "failed", "late")
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metric(Record):
    """One metric.

    Attributes:
        name: as it is exposed, without the suffixes that a histogram's samples add.
        help: one phrase; the unit is in the name.
        labels: names of its labels, in the order of exposition.
        buckets: upper bounds of a histogram, ascending, without infinity.
        is_whole: of a gauge or an info metric: whether what a run sets replaces all its earlier label sets, as a list
            of findings does, or only the same ones.
        from_start: values of its labels that are exported as 0 before anything was counted, so that a rate sees the
            first time.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    is_whole: bool = True
    from_start: tuple[tuple[str, ...], ...] = ()


RUNS = Metric(
    "boombap_command_runs_total", "counter", "Runs of a command by exit code", ("command", "action", "exit_code")
)
RUN_SECONDS = Metric(
    "boombap_command_seconds", "histogram", "Duration of a command", ("command", "action"), (*_SECONDS, 60.0, 600.0)
)
LAST_SUCCESS = Metric(
    "boombap_command_last_success_timestamp_seconds",
    "gauge",
    "When a command last ended with exit code 0, Unix time",
    ("command", "action"),
    is_whole=False,
)
RUNS_LOST = Metric(
    "boombap_command_runs_lost_total",
    "counter",
    "Runs whose metrics could not be written, because the file of the command was locked",
    ("command",),
)
CTX_SEARCHES = Metric(
    "boombap_ctx_searches_total",
    "counter",
    "Questions to an index by what they found; the client is the command line or an assistant",
    ("client", "result"),
)
CTX_SEARCH_SECONDS = Metric(
    "boombap_ctx_search_seconds", "histogram", "Duration of a question to an index", ("client",), _SECONDS
)
HEALTH_FINDINGS = Metric(
    "boombap_health_findings",
    "gauge",
    "Findings of the latest run of a command by severity, without those that are waived",
    ("command", "action", "severity"),
    is_whole=False,
)
HEALTH_CHECKS = Metric(
    "boombap_health_checks_unanswered",
    "gauge",
    "Checks of the latest run of a command that failed, or were skipped",
    ("command", "action", "state"),
    is_whole=False,
)
DEPS_FINDINGS = Metric("boombap_deps_findings", "gauge", "Findings of the latest audit by severity", ("severity",))
DEPS_AUDITED = Metric("boombap_deps_audited_packages", "gauge", "Packages that the latest audit has looked up")
DEPS_UNAUDITED = Metric("boombap_deps_unaudited", "gauge", "Packages, lines and files that it could not audit")
DEPS_VERDICT = Metric("boombap_deps_verdict", "gauge", "The verdict of the latest audit: 1 for that one", ("verdict",))
DEPS_ADMISSIONS = Metric(
    "boombap_deps_admissions_total",
    "counter",
    "Reviews by result: allowed, warned, refused, break_glass, failed (verdicts unreadable) or malformed",
    ("result",),
    from_start=tuple((result,) for result in ("allowed", "warned", "refused", "break_glass", "failed", "malformed")),
)
DEPS_ADMISSION_SECONDS = Metric(
    "boombap_deps_admission_seconds",
    "histogram",
    "From a complete review to its answer",
    (),
    (0.0005, 0.001, 0.0025, *_SECONDS[:9]),
    from_start=((),),
)
BREAKER_OPEN = Metric(
    "boombap_breaker_open",
    "gauge",
    "Whether a circuit breaker was open or half open at the end of the latest run",
    ("breaker",),
    is_whole=False,
)
BREAKER_OPENED = Metric("boombap_breaker_opened_total", "counter", "How often a circuit breaker opened", ("breaker",))
RETRIES = Metric(
    "boombap_retries_total", "counter", "Attempts after a transient error, by its kind", ("operation", "reason")
)
QUEUE_PEAK = Metric(
    "boombap_queue_depth_max",
    "gauge",
    "Highest number of items that waited in a queue in the latest run",
    ("queue",),
    is_whole=False,
)
SPOTIFY_TRACKS = Metric("boombap_spotify_tracks_total", "counter", "Tracks that runs judged, by outcome", ("outcome",))
SPOTIFY_KNOWN = Metric(
    "boombap_spotify_known_tracks_total", "counter", "Of these, tracks that no request was needed for", ("source",)
)
SPOTIFY_REQUESTS = Metric(
    "boombap_spotify_requests_total", "counter", "Requests to the Web API, tokens not among them", ("endpoint",)
)
SPOTIFY_REJECTIONS = Metric(
    "boombap_spotify_rejections_total", "counter", "Requests and ids that did not get an answer", ("result",)
)
SPOTIFY_LIMITED = Metric("boombap_spotify_rate_limited_total", "counter", "Answers with status 429")
SPOTIFY_TOKENS = Metric("boombap_spotify_tokens_total", "counter", "Access tokens that were asked for")
SPOTIFY_ROWS = Metric(
    "boombap_spotify_rows_total", "counter", "Rows that runs wrote, or PostgreSQL refused", ("result",)
)
SPOTIFY_WRITE_SECONDS = Metric(
    "boombap_spotify_write_seconds", "histogram", "Duration of the write of a batch", (), _SECONDS
)
FLAG_EVALUATIONS = Metric(
    "boombap_flag_evaluations_total",
    "counter",
    "Decisions of feature flags which engine runs",
    ("flag", "variant", "reason"),
)
FLAG_COMPARISONS = Metric(
    "boombap_flag_comparisons_total",
    "counter",
    "Runs of classic that native ran beside, by what the comparison said",
    ("flag", "result"),
    from_start=tuple((f"{tool}-engine", result) for tool in _TOOLS for result in _COMPARED),
)

# Asked for at scrape time, by the probe of each tool.
SOURCE_UP = Metric("boombap_source_up", "gauge", "Whether a source answered the last scrape", ("source",))
SOURCE_SECONDS = Metric("boombap_source_seconds", "gauge", "How long a source took at the last scrape", ("source",))
DB_TRACKS = Metric("boombap_db_tracks", "gauge", "Rows of tracks, as the planner estimates them")
DB_TRACKS_FILLED = Metric(
    "boombap_db_tracks_filled", "gauge", "Tracks in which a field is filled, as the planner estimates them", ("field",)
)
DB_ANALYZER_RESULTS = Metric(
    "boombap_db_analyzer_results", "gauge", "Results of an analyzer, as the planner estimates them", ("analyzer",)
)
DB_CONNECTIONS = Metric("boombap_db_connections", "gauge", "Client sessions by state", ("state",))
DB_CONNECTIONS_MAX = Metric("boombap_db_connections_max", "gauge", "Client sessions that the server allows")
DB_SIZE = Metric("boombap_db_size_bytes", "gauge", "Size of the database")
REDIS_MEMORY = Metric("boombap_redis_memory_used_bytes", "gauge", "Memory in use", ("node",))
REDIS_MEMORY_MAX = Metric("boombap_redis_memory_max_bytes", "gauge", "Limit of the memory; 0 without one", ("node",))
REDIS_KEYS = Metric("boombap_redis_keys", "gauge", "Keys in all databases", ("node",))
REDIS_CLIENTS = Metric("boombap_redis_clients", "gauge", "Connected clients", ("node",))
REDIS_HITS = Metric("boombap_redis_keyspace_hits_total", "counter", "Reads that found their key", ("node",))
REDIS_MISSES = Metric("boombap_redis_keyspace_misses_total", "counter", "Reads that found no key", ("node",))
REDIS_EVICTED = Metric("boombap_redis_evicted_keys_total", "counter", "Keys that were evicted", ("node",))
DEPS_ADVISORIES = Metric("boombap_deps_advisories", "gauge", "Advisories in a database", ("ecosystem",))
DEPS_CHECKED_AGE = Metric(
    "boombap_deps_checked_age_seconds", "gauge", "Since a database was last found to be current", ("ecosystem",)
)
DEPS_CONTENT_AGE = Metric(
    "boombap_deps_content_age_seconds", "gauge", "Since the newest advisory of a database was written", ("ecosystem",)
)
DEPS_VERDICT_AGE = Metric(
    "boombap_deps_verdict_oldest_age_seconds",
    "gauge",
    "Since the oldest verdict on an image was judged; 0 without one",
)
DEPS_VERDICT_DATA_AGE = Metric(
    "boombap_deps_verdict_data_oldest_age_seconds",
    "gauge",
    "Since the advisories of the oldest verdict were last found to be current; 0 without one",
)
SPOTIFY_RESULTS = Metric(
    "boombap_spotify_results", "gauge", "Tracks by their result, as the planner estimates them", ("outcome",)
)
SPOTIFY_COOLDOWN = Metric(
    "boombap_spotify_cooldown_seconds", "gauge", "Until the longest rate-limit ban ends; 0 without one"
)
SPOTIFY_SHARDS = Metric("boombap_spotify_shards", "gauge", "Shards of the latest run by state", ("state",))
SPOTIFY_RUN_TRACKS = Metric("boombap_spotify_run_tracks", "gauge", "Tracks with a result in the latest run")
SPOTIFY_RUN_REQUESTS = Metric("boombap_spotify_run_requests", "gauge", "Requests that the latest run has sent")
CTX_INDEXES = Metric("boombap_ctx_indexes", "gauge", "Indexes in the cache, on the page or not", ("state",))
CTX_INDEX_AGE = Metric("boombap_ctx_index_age_seconds", "gauge", "Since an index was last written", ("index",))
CTX_INDEX_SIZE = Metric("boombap_ctx_index_size_bytes", "gauge", "Size of the file of an index", ("index",))
CTX_INDEX_FILES = Metric("boombap_ctx_index_files", "gauge", "Files of the tree that an index holds", ("index",))
CTX_INDEX_LEFT_OUT = Metric(
    "boombap_ctx_index_left_out_files", "gauge", "Files of the tree that an index leaves out", ("index", "reason")
)
CTX_INDEX_PARTIAL = Metric(
    "boombap_ctx_index_partial", "gauge", "Whether an index lacks files because of its limits", ("index",)
)
BUILD = Metric("boombap_build_info", "gauge", "Version of boombap and of Python", ("version", "python"))
SNAPSHOTS = Metric("boombap_snapshot_files", "gauge", "Files in which runs left metrics, read or not", ("state",))

CATALOGUE: tuple[Metric, ...] = (
    *(RUNS, RUN_SECONDS, LAST_SUCCESS, RUNS_LOST, FLAG_EVALUATIONS, FLAG_COMPARISONS),
    *(SOURCE_UP, SOURCE_SECONDS, BUILD, SNAPSHOTS),
    *(CTX_SEARCHES, CTX_SEARCH_SECONDS, CTX_INDEXES, CTX_INDEX_AGE, CTX_INDEX_SIZE, CTX_INDEX_FILES),
    *(CTX_INDEX_LEFT_OUT, CTX_INDEX_PARTIAL),
    *(DB_TRACKS, DB_TRACKS_FILLED, DB_ANALYZER_RESULTS, DB_CONNECTIONS, DB_CONNECTIONS_MAX, DB_SIZE),
    *(REDIS_MEMORY, REDIS_MEMORY_MAX, REDIS_KEYS, REDIS_CLIENTS, REDIS_HITS, REDIS_MISSES, REDIS_EVICTED),
    *(BREAKER_OPEN, BREAKER_OPENED, RETRIES, QUEUE_PEAK),
    *(SPOTIFY_TRACKS, SPOTIFY_KNOWN, SPOTIFY_REQUESTS, SPOTIFY_REJECTIONS, SPOTIFY_LIMITED, SPOTIFY_TOKENS),
    *(SPOTIFY_ROWS, SPOTIFY_WRITE_SECONDS),
    *(HEALTH_FINDINGS, HEALTH_CHECKS),
    *(DEPS_FINDINGS, DEPS_AUDITED, DEPS_UNAUDITED, DEPS_VERDICT),
    *(DEPS_ADMISSIONS, DEPS_ADMISSION_SECONDS, DEPS_VERDICT_AGE, DEPS_VERDICT_DATA_AGE),
    *(DEPS_ADVISORIES, DEPS_CHECKED_AGE, DEPS_CONTENT_AGE),
    *(SPOTIFY_RESULTS, SPOTIFY_COOLDOWN, SPOTIFY_SHARDS, SPOTIFY_RUN_TRACKS, SPOTIFY_RUN_REQUESTS),
)
