"""Which settings endanger data or contradict each other; sizing to the machine is not judged, it cannot be seen."""

from __future__ import annotations

from boombap.db.checks.check import Check
from boombap.db.checks.grade import DOCS
from boombap.health.finding import Finding, Severity
from boombap.units import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from boombap.db.checks.check import Context
    from boombap.db.model import Row

    Settings = Mapping[str, Row]

# name: (value that is wrong, severity, what it means, page)
_DANGEROUS = {
    "fsync": ("off", Severity.CRITICAL, "a crash destroys the whole cluster", "runtime-config-wal"),
    "full_page_writes": ("off", Severity.CRITICAL, "a crash leaves torn pages", "runtime-config-wal"),
    "zero_damaged_pages": ("on", Severity.CRITICAL, "damaged pages are emptied silently", "runtime-config-developer"),
    "autovacuum": ("off", Severity.CRITICAL, "dead rows and old ids pile up", "runtime-config-vacuum"),
    "track_counts": ("off", Severity.CRITICAL, "autovacuum does not know what to do", "runtime-config-statistics"),
    "synchronous_commit": ("off", Severity.INFO, "a crash loses the last commits", "runtime-config-wal"),
}
# Switches for one session's EXPLAIN; the planner needs all of them.
_PLANNER = ("seqscan", "indexscan", "hashjoin", "nestloop", "mergejoin", "sort")
# effective_cache_size is the owner's word for the memory: 8 times it in sorts alone cannot fit. The defaults give 0.1.
_WORK_MEM_FACTOR = 8
# PostgreSQL 14 made SCRAM the default; before that md5 was nobody's choice.
_SCRAM_MAJOR = 14


def check_settings(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find dangerous values, contradictions, and changes that wait for a restart; defaults give no finding."""
    settings = {row["name"]: row for row in rows}
    for name, (wrong, severity, meaning, page) in _DANGEROUS.items():
        if name in settings and settings[name]["value"] == wrong:
            yield _finding(settings[name], severity, f"{name} is {wrong}: {meaning}", _reset(name), page)
    for judge in (_planner, _memory, _costs, _wal_sizes):
        yield from judge(settings)
    if context.server.major >= _SCRAM_MAJOR:
        yield from _passwords(settings)
    yield from _pending(rows)


def _planner(settings: Settings) -> Iterator[Finding]:
    for switch in _PLANNER:
        row = settings.get(f"enable_{switch}")
        if row is not None and row["value"] == "off":
            summary = f"{row['name']} is off for everybody: the planner pays dearly where it has no other way"
            yield _finding(row, Severity.WARNING, summary, _reset(row["name"]), "runtime-config-query")


def _memory(settings: Settings) -> Iterator[Finding]:
    if not settings.keys() >= {"work_mem", "max_connections", "effective_cache_size", "shared_buffers"}:
        return
    cache, buffers = settings["effective_cache_size"]["size_bytes"], settings["shared_buffers"]["size_bytes"]
    sorts = settings["work_mem"]["size_bytes"] * float(settings["max_connections"]["value"])
    if sorts > _WORK_MEM_FACTOR * cache:
        summary = f"work_mem for every connection is {format_size(sorts)}, effective_cache_size {format_size(cache)}"
        advice = "lower work_mem, and raise it for the one role or session that sorts much"
        yield _finding(settings["work_mem"], Severity.WARNING, summary, advice, "runtime-config-resource")
    if buffers > cache:
        summary = f"shared_buffers {format_size(buffers)} exceeds effective_cache_size {format_size(cache)}"
        remedy = _set("effective_cache_size", f"{int(2 * buffers) // 1024**2}MB")
        yield _finding(settings["effective_cache_size"], Severity.INFO, summary, remedy, "runtime-config-query")


def _costs(settings: Settings) -> Iterator[Finding]:
    if not settings.keys() >= {"random_page_cost", "seq_page_cost"}:
        return
    random, sequential = (float(settings[f"{kind}_page_cost"]["value"]) for kind in ("random", "seq"))
    if random < sequential:
        summary = f"random_page_cost {random:g} is below seq_page_cost {sequential:g}, which no disk is"
        remedy = _set("random_page_cost", f"{1.1 * sequential:g}")
        yield _finding(settings["random_page_cost"], Severity.INFO, summary, remedy, "runtime-config-query")


def _wal_sizes(settings: Settings) -> Iterator[Finding]:
    if not settings.keys() >= {"min_wal_size", "max_wal_size"}:
        return
    least, most = (settings[f"{end}_wal_size"]["size_bytes"] for end in ("min", "max"))
    if least > most:
        summary = f"min_wal_size {format_size(least)} exceeds max_wal_size {format_size(most)}"
        remedy = _set("max_wal_size", f"{int(4 * least) // 1024**2}MB")
        yield _finding(settings["max_wal_size"], Severity.WARNING, summary, remedy, "runtime-config-wal")


def _passwords(settings: Settings) -> Iterator[Finding]:
    row = settings.get("password_encryption")
    if row is not None and row["value"] == "md5":
        summary = "new passwords are stored as md5, which is deprecated and quick to guess"
        remedy = _set(row["name"], "scram-sha-256")
        yield _finding(row, Severity.WARNING, summary, remedy, "auth-password")


def _pending(rows: Sequence[Row]) -> Iterator[Finding]:
    for row in rows:
        if row["is_pending"]:
            summary = f"{row['name']} was changed and waits for a restart of the server"
            yield _finding(row, Severity.INFO, summary, "restart the server", "view-pg-settings")


def _finding(row: Row, severity: Severity, summary: str, remedy: str, page: str) -> Finding:
    evidence = {"value": row["value"], "source": row["source"]}
    return Finding("settings", severity, row["name"], summary, evidence, remedy, f"{DOCS}{page}.html")


def _reset(name: str) -> str:
    """Return the statements that bring back the default of a switch.

    ALTER SYSTEM RESET would leave a value in postgresql.conf in force, so the default is set by its value.
    """
    wrong = _DANGEROUS[name][0] if name in _DANGEROUS else "off"
    return _set(name, "on" if wrong == "off" else "off")


def _set(name: str, value: str) -> str:
    return f"ALTER SYSTEM SET {name} = '{value}';\nSELECT pg_reload_conf();"


CHECKS: tuple[Check, ...] = (Check("settings", "Dangerous or contradictory settings", check_settings),)
