"""Database diagnostics in the tour: planted faults, the findings, one remedy, and the difference."""

from __future__ import annotations

from contextlib import contextmanager
from time import perf_counter

from boombap.clients.postgres.pool import Pool
from boombap.clients.postgres.session import Limits, Session
from boombap.db import show as view
from boombap.db.checks.check import Expectations
from boombap.db.collect import Request, diagnose
from boombap.demo import sample
from boombap.errors import BoombapError
from boombap.health.report import tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.clients.postgres.target import Target
    from boombap.db.model import Diagnosis
    from boombap.demo.stage import Stage
    from boombap.health.finding import Finding
    from boombap.interrupt import Interrupt

# The check reports a transaction that has been idle for two seconds; statistics of use arrive within one.
_IDLE_S = 2.2
_DIMENSION = 384
_EXPECTED = Expectations(embedding_dimension=_DIMENSION)
_FIXED = "missing_fk_index"
_LOOKUP = "SELECT count(*) AS results FROM {path.analysis_results} WHERE track_id = 42"
_REPEATS = 20


def show(stage: Stage, target: Target, tracks: int) -> None:
    """Load the sample with its faults, diagnose it, apply one remedy, and diagnose it again.

    Raises:
        BoombapError: when the remedy does not fix it.
    """
    interrupt, say = stage.interrupt, stage.say
    # Closed after loading: a session reports its use of indexes when it ends.
    with _session(target, interrupt) as loader:
        loaded = sample.load(loader, sample.Scale(tracks), faults=True, replace=True)
    say(f"{loaded.tracks:,} tracks and {loaded.analyses:,} analyses loaded in {loaded.seconds:.1f} s, with faults")
    with _session(target, interrupt) as session, _session(target, interrupt) as sleeper:
        sleeper.write("SET application_name = 'forgotten notebook'")
        sleeper.write("BEGIN")
        sleeper.write("SELECT count(*) AS tracks FROM {path.tracks}")
        say(f"one session stays idle inside a transaction; waiting {_IDLE_S} s until the check reports it")
        interrupt.sleep(_IDLE_S)
        with Pool(target, interrupt, limits=Limits(), size=3) as pool:
            before = _diagnosis(pool, stage)
            sleeper.write("ROLLBACK")
            _apply_remedy(session, before, stage)
            after = diagnose(pool, Request(parts=frozenset({"health"}), expected=_EXPECTED))
    say(f"before: {tally(_findings(before))}; now: {tally(_findings(after))}")
    if any(finding.id == _FIXED for finding in _findings(after)):
        raise BoombapError(f"the remedy of {_FIXED} did not fix it")


def _diagnosis(pool: Pool, stage: Stage) -> Diagnosis:
    stage.say(f"$ BOOMBAP_DB_EMBEDDING_DIMENSION={_DIMENSION} boombap db")
    result = diagnose(pool, Request(expected=_EXPECTED))
    view.diagnosis(result, "text", stage.terminal, most=3, has_columns=False)
    return result


def _apply_remedy(session: Session, before: Diagnosis, stage: Stage) -> None:
    finding = next(
        candidate
        for candidate in _findings(before)
        if candidate.id == _FIXED and "analysis_results" in candidate.subject
    )
    slow_ms = _lookup_ms(session)
    stage.say(f"applying one remedy from above: {finding.remedy}")
    session.alone(finding.remedy.rstrip(";"))
    stage.say(f"looking up the results of one track took {slow_ms:.2f} ms and takes {_lookup_ms(session):.2f} ms now")


def _lookup_ms(session: Session) -> float:
    started_s = perf_counter()
    for _ in range(_REPEATS):
        session.write(_LOOKUP)
    return (perf_counter() - started_s) * 1000 / _REPEATS


def _findings(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    return diagnosis.health.findings if diagnosis.health else ()


@contextmanager
def _session(target: Target, interrupt: Interrupt) -> Iterator[Session]:
    session = Session(target, Limits(), interrupt)
    try:
        yield session
    finally:
        session.close()
