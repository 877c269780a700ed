"""Checks every stored match and quarantines the wrong ones: rows to `matching.audit`, verdicts back to the tables."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from boombap.errors import ExternalError, RetryLater
from boombap.interrupt import Interrupt
from boombap.spotify import environment
from boombap.spotify.catalogue import schema
from boombap.spotify.catalogue.writer import CatalogueWriter
from boombap.spotify.matching.audit import QUARANTINED, Audited, Verdict, gather_statistics, judge_all
from boombap.spotify.model import Mode
from boombap.spotify.run.api_session import open_session
from boombap.spotify.run.audit_rows import read_answers, read_bare, take_out, with_answers
from boombap.spotify.run.verification import Verification, verify
from boombap.spotify.settings import SpotifySettings
from boombap.spotify.webapi.token import require_credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.clients.postgres.session import Session
    from boombap.command.context import RunContext
    from boombap.spotify.matching.audit import AuditRow, CatalogueStatistics
    from boombap.spotify.run.verification import VerificationPlan

_VERIFIED = frozenset({Verdict.DOUBTFUL, Verdict.UNSTORED})
"""What Spotify is asked about: where the tables cannot decide."""


class Audit(NamedTuple):
    """What an audit came to.

    Attributes:
        rows: with an answer, in `tracks` or in `spotify_matches`.
        wrong: the first of those that are quarantined.
        quarantined: answers that were taken out.
        verification: what Spotify was asked; None without `--verify`, or when nothing was doubtful.
    """

    rows: int
    verdicts: dict[Verdict, int]
    reasons: dict[str, int]
    wrong: tuple[Audited, ...]
    quarantined: int
    verification: Verification | None = None

    @property
    def bad(self) -> int:
        """Return the rows that are, or should be, taken out."""
        return sum(count for verdict, count in self.verdicts.items() if verdict in QUARANTINED)

    @property
    def unstored(self) -> int:
        """Return the matches that could not be judged, because no table has their track."""
        return self.verdicts.get(Verdict.UNSTORED, 0)


def run(context: RunContext, *, apply: bool, limit: int, max_verified: int = 0) -> Audit:
    """Judge every stored answer, without a request unless some are to be verified.

    Args:
        apply: take out what is wrong, so that the next batch looks it up again; it is kept in `spotify_quarantine`.
        limit: of the wrong rows that are listed.
        max_verified: doubtful tracks that Spotify is asked about, at most.

    Raises:
        ConfigError: some are to be verified without credentials.
        AccessDenied: the role lacks a right; nothing was asked or changed.
        ExternalError: PostgreSQL failed.
    """
    if max_verified:
        require_credentials(context.config.of(SpotifySettings))
    with closing(environment.session(context)) as session:
        _prepare(session, apply=apply, is_verifying=max_verified > 0)
        statistics = _gather(context, session)
        verification = _verify(context, session, statistics, max_verified) if max_verified else None
        return _collect(context, session, statistics, verification, apply=apply, limit=limit)


def _prepare(session: Session, *, apply: bool, is_verifying: bool) -> None:
    if is_verifying:
        schema.prepare(session)
    if apply:
        schema.prepare(session, "audit")
        schema.prepare_quarantine(session, "audit")


def _gather(context: RunContext, session: Session) -> CatalogueStatistics:
    has_matches = schema.is_installed(session)

    def read() -> Iterator[AuditRow]:
        for chunk in read_bare(session, has_matches=has_matches):
            context.interrupt.check()
            yield from chunk

    return gather_statistics(read)


def _judge(
    context: RunContext, session: Session, statistics: CatalogueStatistics, verification: Verification | None = None
) -> Iterator[list[Audited]]:
    """Yield the verdicts, chunk by chunk."""
    for chunk in read_answers(session) if schema.is_installed(session) else read_bare(session, has_matches=False):
        context.interrupt.check()
        rows = [with_answers(row, verification) for row in chunk] if verification else chunk
        yield list(judge_all(rows, statistics))


def _collect(
    context: RunContext,
    session: Session,
    statistics: CatalogueStatistics,
    verification: Verification | None,
    *,
    apply: bool,
    limit: int,
) -> Audit:
    verdicts, reasons = Counter[Verdict](), Counter[str]()
    wrong: list[Audited] = []
    quarantined = 0
    for judged in _judge(context, session, statistics, verification):
        verdicts.update(audited.verdict for audited in judged)
        bad = [audited for audited in judged if audited.verdict in QUARANTINED]
        reasons.update(audited.reasons[0] for audited in bad)
        wrong += bad[: limit - len(wrong)]
        if apply and bad:
            quarantined += take_out(session, bad)
    return Audit(verdicts.total(), dict(verdicts), dict(reasons), tuple(wrong), quarantined, verification)


def _verify(
    context: RunContext, session: Session, statistics: CatalogueStatistics, max_ids: int
) -> Verification | None:
    """Ask Spotify about doubtful tracks, and store what it says, so that the next audit knows it."""
    ids = list(islice(_doubtful(context, session, statistics), max_ids))
    if not ids:
        return None
    settings, interrupt = context.config.of(SpotifySettings), context.interrupt
    is_development = settings.mode == Mode.DEVELOPMENT
    verification = Verification(ids, Mode.DEVELOPMENT if is_development else Mode.EXTENDED)

    def tell(plan: VerificationPlan) -> None:
        context.terminal.note(
            f"asking Spotify about {plan.ids:,} tracks: {plan.requests:,} requests in {plan.mode.value} mode"
        )

    # What was answered is stored also when the run is ended.
    with environment.pool(context, Interrupt()) as pool:
        try:
            with (
                environment.redis(context, interrupt) as redis,
                open_session(
                    settings, interrupt, in_flight=1, redis=redis, pool=pool, ca_file=context.config.http.ca_file
                ) as api,
            ):
                verify(api, verification, interrupt, may_switch=settings.mode == "auto", on_plan=tell)
        except (ExternalError, RetryLater) as error:
            verification.error = error
        finally:
            CatalogueWriter(pool, fields=settings.fields).write_tracks(list(verification.tracks.values()))
    return verification


def _doubtful(context: RunContext, session: Session, statistics: CatalogueStatistics) -> Iterator[str]:
    """Yield the ids of doubtful tracks, each once."""
    seen = set[str]()
    for judged in _judge(context, session, statistics):
        for audited in judged:
            id_ = audited.spotify_id
            if audited.verdict in _VERIFIED and id_ and id_ not in seen and not audited.row.is_chosen:
                seen.add(id_)
                yield id_
