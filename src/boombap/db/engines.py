"""The diagnosis of one database, by the engine that the flag `db-engine` chooses for it.

Classic has all parts of the diagnosis and three of the checks, and says so. Estimates (`--fast`), one analyzer, and
more than ten unanalyzed tracks are native's alone.
"""

from __future__ import annotations

from boombap.db.collect import diagnose as native
from boombap.db.collect import with_waivers
from boombap.db.model import FULL, QUICK
from boombap.flags.engine import run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from boombap.clients.postgres.pool import Pool
    from boombap.command.context import RunContext
    from boombap.db.collect import Request
    from boombap.db.model import Diagnosis

_FLAG = "db-engine"
_CLASSIC_MOST = 10
_WORK = {FULL: "all parts", QUICK: "quick"}
# What moves from second to second, or grows with its own statistics.
_MOVING = ("engine", "taken_at", "elapsed_ms", "connections", "uptime_s", "stats_age_s", "size_bytes")


def diagnose(context: RunContext, pool: Pool, request: Request, *, is_verdict: bool) -> Diagnosis:
    """Return the answers of one database; its key is host, port and name.

    Args:
        context: of the run.
        pool: of connections to the database; classic opens one of its own.
        request: what is wanted.
        is_verdict: whether the health alone is asked for, as a gate: then classic, which has fewer checks, does not
            take the place of native.

    Raises:
        ExternalError: when no connection can be made.
        UsageError: when classic is to answer and is not installed.
    """
    if not _has_classic(request):
        return native(pool, request)

    def classic() -> Diagnosis:
        from boombap.db.classic import diagnose

        found = diagnose(pool.target, context.interrupt, request.parts)
        return found.replace(health=with_waivers(found.health, request.waivers)) if found.health else found

    key = pool.target.label
    return run(
        context,
        _FLAG,
        key,
        lambda: native(pool, request),
        classic,
        may_fall_back=not is_verdict,
        differ=differences,
        work=_WORK.get(request.parts) or ", ".join(sorted(request.parts)),
    )


def differences(classic: Diagnosis, native: Diagnosis) -> Sequence[str]:
    """Return what differs in two diagnoses of one database, of the checks those that classic has."""
    from boombap.flags.shadow.difference import fields_but

    return fields_but(*_MOVING)(_comparable(classic), _comparable(native))


def _comparable(diagnosis: Diagnosis) -> Mapping[str, object]:
    """Return what both engines say in the same words: of a finding, the check, the severity and the subject."""
    from boombap.db.classic import CHECKS
    from boombap.output.encode import plain

    health = diagnosis.health
    findings = (*health.findings, *health.waived) if health else ()
    rows = (finding for finding in findings if finding.id in CHECKS)
    named = sorted((row.id, row.severity.word, row.subject) for row in rows)
    return {**plain(diagnosis), "health": named if health else None}


def _has_classic(request: Request) -> bool:
    is_short = request.most <= _CLASSIC_MOST or "unanalyzed" not in request.parts
    return is_short and not request.is_fast and request.analyzer is None
