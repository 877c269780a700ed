"""How far analysis has come: each analyzer against the configured floor, and tracks that none has reached."""

from __future__ import annotations

from boombap.db.checks.check import Check
from boombap.db.checks.grade import grade
from boombap.health.finding import Finding, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.db.checks.check import Context
    from boombap.db.model import Row

# New tracks arrive before their analysis: up to one in a hundred is the normal backlog.
_UNANALYZED_WARNING_PCT = 1
_TABLES = {"tracks": ("id",), "analysis_results": ("track_id", "analyzer_type")}


def check_analyzer_coverage(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find configured analyzers below the floor; one without any row has reached no track at all."""
    all_tracks = rows[0]["all_tracks"] if rows else 0
    if not all_tracks:
        return
    reached = {row["analyzer"]: row["tracks"] for row in rows}
    floor_pct = context.expected.coverage_floor_pct
    for analyzer in context.expected.coverage_analyzers:
        tracks = reached.get(analyzer, 0)
        covered_pct = 100 * tracks / all_tracks
        if covered_pct >= floor_pct:
            continue
        yield Finding(
            "analyzer_coverage",
            Severity.WARNING,
            analyzer,
            f"{analyzer} has reached {covered_pct:.1f} % of the tracks, the floor is {floor_pct:g} %",
            {"covered_pct": round(covered_pct, 2), "floor_pct": floor_pct, "tracks": tracks, "all_tracks": all_tracks},
            f"list what it has not seen: `boombap db --unanalyzed --analyzer {analyzer}`",
        )


def check_unanalyzed_tracks(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find tracks that no analyzer has ever seen, from one in a hundred on."""
    for row in rows:
        share_pct = 100 * row["unanalyzed"] / max(row["all_tracks"], 1)
        severity = grade(share_pct, warning=_UNANALYZED_WARNING_PCT)
        if severity is None:
            continue
        yield Finding(
            "unanalyzed_tracks",
            severity,
            "tracks",
            f"{row['unanalyzed']:,} of {row['all_tracks']:,} tracks have no analysis ({share_pct:.1f} %)",
            {"unanalyzed": row["unanalyzed"], "all_tracks": row["all_tracks"], "share_pct": round(share_pct, 2)},
            "list them and run the analyzers: `boombap db --unanalyzed -n 100`",
        )


CHECKS: tuple[Check, ...] = (
    Check(
        "analyzer_coverage",
        "Analyzers against the floor",
        check_analyzer_coverage,
        needs_columns=_TABLES,
        reads_tables=True,
    ),
    Check(
        "unanalyzed_tracks",
        "Tracks without analysis",
        check_unanalyzed_tracks,
        needs_columns=_TABLES,
        reads_tables=True,
    ),
)
