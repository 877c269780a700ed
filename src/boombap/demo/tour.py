"""The guided run: a real server, a sample with planted faults, what the tools find, one remedy, and the difference."""

from __future__ import annotations

from contextlib import contextmanager
from time import monotonic, perf_counter

from boombap.clients.postgres.pool import Pool
from boombap.clients.postgres.session import Limits, Session
from boombap.clients.postgres.target import from_text
from boombap.config.load import load
from boombap.db import show
from boombap.db.collect import Request, diagnose
from boombap.db.model import Expectations
from boombap.demo import sample
from boombap.errors import EXIT_FINE, BoombapError
from boombap.health.report import tally
from boombap.local import postgres
from boombap.local.address import servers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boombap.clients.postgres.target import Target
    from boombap.db.model import Diagnosis
    from boombap.health.finding import Finding
    from boombap.interrupt import Interrupt
    from boombap.local.process import Running
    from boombap.output.terminal import Terminal

    Say = Callable[[str], None]

# The check reports a transaction that has been idle for two seconds; statistics of use arrive within one.
_IDLE_S = 2.2
_DIMENSION = 384
_EXPECTED = Expectations(embedding_dimension=_DIMENSION)
_MENDED = "missing_fk_index"
_LOOKUP = "SELECT count(*) AS results FROM analysis_results WHERE track_id = 42"
_REPEATS = 20


def tour(terminal: Terminal, interrupt: Interrupt, *, tracks: int, is_kept: bool) -> int:
    """Show every tool on a sample of `tracks` tracks; a server that the tour started stops at the end unless kept.

    Returns:
        The exit code: 0 when everything worked.
    """
    begun = monotonic()

    def say(text: str) -> None:
        terminal.write(terminal.style(f"» {text}", "cyan"))

    with _server(interrupt, is_kept=is_kept) as server:
        say(f"PostgreSQL {server.version} runs; only you can reach it, at {server.host}")
        target = from_text(server.url, name="sample database", origin="the local server")
        _show_database(target, terminal, say, interrupt, tracks)
        _say_what_next(terminal, say, is_running=is_kept)
    state = "is stopped" if postgres.status(servers(load())) is None else "runs on"
    say(f"the tour took {monotonic() - begun:.0f} s; the server {state}")
    return EXIT_FINE


@contextmanager
def _server(interrupt: Interrupt, *, is_kept: bool) -> Iterator[Running]:
    base = servers(load())
    was_running = postgres.status(base) is not None
    try:
        yield postgres.start(base, pause=interrupt.sleep)
    finally:
        if not was_running and not is_kept:
            postgres.stop(base)


def _show_database(target: Target, terminal: Terminal, say: Say, interrupt: Interrupt, tracks: int) -> None:
    # Closed after loading: a session reports its use of indexes when it ends.
    with _session(target, interrupt) as loader:
        loaded = sample.load(loader.write, sample.Scale(tracks), faults=True, replace=True)
    say(f"{loaded.tracks:,} tracks and {loaded.analyses:,} analyses loaded in {loaded.seconds:.1f} s, with faults")
    with _session(target, interrupt) as session, _session(target, interrupt) as sleeper:
        sleeper.write("SET application_name = 'forgotten notebook'")
        sleeper.write("BEGIN")
        sleeper.write("SELECT count(*) AS tracks FROM tracks")
        say(f"one session sleeps inside a transaction; this waits {_IDLE_S} s until that shows")
        interrupt.sleep(_IDLE_S)
        with Pool(target, interrupt, limits=Limits(), size=3) as pool:
            before = _diagnosis(pool, terminal, say)
            sleeper.write("ROLLBACK")
            _mend(session, before, say)
            after = diagnose(pool, Request(parts=frozenset({"health"}), expected=_EXPECTED))
    say(f"before: {tally(_findings(before))}; now: {tally(_findings(after))}")
    if any(finding.id == _MENDED for finding in _findings(after)):
        raise BoombapError(f"the remedy of {_MENDED} did not mend it")


def _diagnosis(pool: Pool, terminal: Terminal, say: Say) -> Diagnosis:
    say(f"$ BOOMBAP_DB_EMBEDDING_DIMENSION={_DIMENSION} boombap db")
    found = diagnose(pool, Request(expected=_EXPECTED))
    show.diagnosis(found, "text", terminal, most=3, has_columns=False)
    return found


def _mend(session: Session, before: Diagnosis, say: Say) -> None:
    finding = next(one for one in _findings(before) if one.id == _MENDED and "analysis_results" in one.subject)
    slow_ms = _lookup_ms(session)
    say(f"one remedy, as it stands above: {finding.remedy}")
    session.write(finding.remedy)
    say(f"looking up the results of one track took {slow_ms:.2f} ms and takes {_lookup_ms(session):.2f} ms now")


def _lookup_ms(session: Session) -> float:
    begun = perf_counter()
    for _ in range(_REPEATS):
        session.write(_LOOKUP)
    return (perf_counter() - begun) * 1000 / _REPEATS


def _findings(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    return diagnosis.health.findings if diagnosis.health else ()


@contextmanager
def _session(target: Target, interrupt: Interrupt) -> Iterator[Session]:
    session = Session(target, Limits(), interrupt)
    try:
        yield session
    finally:
        session.close()


def _say_what_next(terminal: Terminal, say: Say, *, is_running: bool) -> None:
    say("next, on the sample:" if is_running else "next, on the sample (boombap lies in .venv/bin):")
    steps = (
        ("boombap local start postgres", "start the server again"),
        ("boombap db --quick", "tracks, analyzers, connections"),
        ("boombap db --unanalyzed -n 5", "what no analyzer has seen"),
        ("boombap db slow", "where the time goes"),
        ("boombap local stop", "when you are done"),
    )
    for command, purpose in steps[is_running:]:
        terminal.write(f"  {command:<30} {purpose}")
    say("on your own database: set DATABASE_URL, then run `boombap doctor` and `boombap db`")
