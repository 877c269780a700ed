"""A person decides which Spotify track a row is: one look-up by id, and a verdict that runs and audits leave alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from boombap.errors import Conflict, ExternalError, NotFound, RetryLater
from boombap.spotify import environment
from boombap.spotify.catalogue import schema
from boombap.spotify.catalogue.known_tracks import read_one
from boombap.spotify.catalogue.leases import Leases, Phase, Selection
from boombap.spotify.catalogue.writer import CatalogueWriter
from boombap.spotify.model import CHOSEN, ApiRequest, Endpoint, Match, Outcome, Priority, Rejection, TrackQuery
from boombap.spotify.queries.load import query
from boombap.spotify.run.api_session import open_session
from boombap.spotify.run.single_request import ask
from boombap.spotify.settings import SpotifySettings
from boombap.spotify.webapi.token import require_credentials

if TYPE_CHECKING:
    from boombap.clients.postgres.pool import Pool
    from boombap.clients.postgres.session import Row, Session
    from boombap.command.context import RunContext
    from boombap.spotify.model import Track


class Choice(NamedTuple):
    """A choice that is stored.

    Attributes:
        wanted: the row, with its length where the table has one.
        replaced: the id of the track that the row had until now; None without one.
        is_asked: Spotify was asked; else the tables knew the track.
    """

    wanted: TrackQuery
    track: Track
    replaced: str | None
    is_asked: bool


def choose(context: RunContext, key: int, spotify_id: str) -> Choice:
    """Store which track a row is.

    Args:
        key: the row's id in `tracks`.
        spotify_id: 22 characters of base 62.

    Raises:
        NotFound: the table, the row or the track does not exist.
        RetryLater: a running batch has leased the row, or a rate-limit ban is active.
        Conflict: the row changed meanwhile; its choice does not count.
        ExternalError: PostgreSQL or the Web API failed.
    """
    session = environment.session(context)
    try:
        schema.prepare(session)
        leases = Leases(session, Selection(asked=(key,), phases=(Phase.ASKED,)))
    except BaseException:
        session.close()
        raise
    with leases, environment.pool(context, context.interrupt) as pool:
        is_leased = any(leases.chunks())
        row = _read_row(session, key)
        if not is_leased:
            raise RetryLater(f"a running batch works on row {key}", hint="try again when it is done")
        known = read_one(session, spotify_id, ttl_s=context.config.of(SpotifySettings).ttl)
        track = known or _fetch(context, pool, spotify_id)
        wanted = _wanted(row)
        _store(context, pool, Match(wanted, Outcome.MATCHED, track, 1.0, None, (CHOSEN,)), leases.holder)
        _check(_read_row(session, key), track)
        return Choice(wanted, track, row["spotify_id"], is_asked=known is None)


def _read_row(session: Session, key: int) -> Row:
    rows = session.read(query("row"), {"id": key})
    if not rows:
        raise NotFound(f"tracks has no row {key} at {session.target.label}")
    return rows[0]


def _wanted(row: Row) -> TrackQuery:
    length = row["duration_ms"] or ""
    duration_ms = int(length) if length.isascii() and length.isdigit() else None
    return TrackQuery(row["id"], row["artist"] or "", row["title"] or "", None, None, duration_ms, None, Priority.ASKED)


def _fetch(context: RunContext, pool: Pool, spotify_id: str) -> Track:
    settings, interrupt = context.config.of(SpotifySettings), context.interrupt
    require_credentials(settings)
    # The one endpoint that both modes have.
    request = ApiRequest(Endpoint.TRACK, (spotify_id,), priority=Priority.ASKED)
    ca_file = context.config.http.ca_file
    with (
        environment.redis(context, interrupt) as redis,
        open_session(settings, interrupt, in_flight=1, redis=redis, pool=pool, ca_file=ca_file) as api,
    ):
        result = ask(api, request, interrupt)
    if result is Rejection.NOT_FOUND:
        raise NotFound(f"Spotify has no track {spotify_id}", hint="copy the link of the track in Spotify")
    if isinstance(result, Rejection):
        raise ExternalError(f"the Web API refused the track {spotify_id}: {result.value}")
    (track,) = result.response.tracks
    if track is None:
        raise ExternalError(f"the answer of the Web API about {spotify_id} cannot be read")
    return track


def _store(context: RunContext, pool: Pool, match: Match, holder: int) -> None:
    fields = context.config.of(SpotifySettings).fields
    written = CatalogueWriter(pool, fields=fields, holder=holder).write([match])
    if written.refused:
        raise ExternalError(
            f"PostgreSQL refused the result of row {match.wanted.key}", hint="see the table spotify_dead_letters"
        )


def _check(row: Row, track: Track) -> None:
    """Make sure that the choice is about the words that the row has now."""
    if not (row["is_chosen"] and row["spotify_id"] == track.id):
        raise Conflict(f"row {row['id']} was changed meanwhile", hint="look at it and choose again")
