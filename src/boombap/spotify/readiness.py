"""Is the processor ready to run: what `boombap doctor` asks about the app, its mode, the tables and the ban."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Literal, NamedTuple

from boombap.clients.http.multi import Client
from boombap.errors import BoombapError, ConfigError, UsageError
from boombap.local import address
from boombap.output.terminal import Terminal
from boombap.spotify import environment
from boombap.spotify.catalogue import schema
from boombap.spotify.commands.cooldown import Ban, Cooldowns
from boombap.spotify.settings import SpotifySettings
from boombap.spotify.webapi.token import from_settings
from boombap.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.command.context import RunContext

_APP, _MODE, _TABLES, _BAN, _TOKEN = "Spotify app", "Spotify mode", "Spotify tables", "Spotify ban", "Spotify token"
_CREDENTIALS = ("SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET")
_MODES = {
    "auto": "auto: a run begins as extended quota and switches at the first refusal",
    "extended": "extended quota: 50 ids per request",
    "development": "development mode: one id per request, whole artists album by album",
}


class Fact(NamedTuple):
    """One thing that was looked at.

    Attributes:
        state: ok, note (a run works, or need not) or bad (a run will not work).
        finding: what was found, and what to do when it is not ok; holds neither id nor secret of the app.
    """

    subject: str
    state: Literal["ok", "note", "bad"]
    finding: str


def examine(context: RunContext, *, asks_token: bool) -> Iterator[Fact]:
    """Yield what was found; without credentials nothing but that.

    Args:
        asks_token: try the credentials with one request to Spotify, unless a ban is remembered.
    """
    # What a run notes on stderr is a fact here.
    context = context.replace(terminal=Terminal(quiet=True))
    app = _app(context, asks_token=asks_token)
    yield app
    if app.state != "ok":
        return
    yield _mode(context)
    yield from _cache(context)
    yield _tables(context)
    ban, fact = _ban(context)
    yield fact
    if asks_token:
        yield _token(context, ban)


def _app(context: RunContext, *, asks_token: bool) -> Fact:
    settings = context.config.of(SpotifySettings)
    values = zip(_CREDENTIALS, (settings.client_id, settings.client_secret), strict=True)
    missing = [name for name, value in values if not value]
    if missing:
        is_started = len(missing) < len(_CREDENTIALS) or asks_token
        return Fact(_APP, "bad" if is_started else "note", f"no credentials; set {' and '.join(missing)}")
    trial = "" if asks_token else "; `boombap doctor --token` tries them with one request"
    return Fact(_APP, "ok", f"credentials are set{trial}")


def _mode(context: RunContext) -> Fact:
    settings = context.config.of(SpotifySettings)
    pace = f"{settings.budget:,} requests in {format_duration(settings.window)}"
    return Fact(_MODE, "ok", f"{_MODES[settings.mode]}; {pace}")


def _cache(context: RunContext) -> Iterator[Fact]:
    try:
        address.redis(context.config)
    except ConfigError as error:
        share = context.config.of(SpotifySettings).local_share
        yield Fact("Spotify cache", "note", f"none, and {share:g} % of the budget for each process: {error}")


def _tables(context: RunContext) -> Fact:
    try:
        with closing(environment.session(context)) as session:
            version = schema.check(session)
    except ConfigError as error:
        return Fact(_TABLES, "note", f"not seen: {error}")
    except BoombapError as error:
        context.interrupt.check()
        return Fact(_TABLES, "bad", str(error))
    if not version:
        return Fact(_TABLES, "ok", "not there yet; the first `spotify batch` makes them")
    if version < schema.VERSION:
        return Fact(_TABLES, "ok", f"version {version}; the next `spotify batch` makes it {schema.VERSION}")
    return Fact(_TABLES, "ok", f"version {version}; no right is missing")


def _ban(context: RunContext) -> tuple[Ban | None, Fact]:
    """Return what is remembered, None where that cannot be seen."""
    try:
        with Cooldowns(context) as cooldowns:
            ban = cooldowns.read()
    except UsageError as error:
        return None, Fact(_BAN, "note", f"not seen: {error}")
    except BoombapError as error:
        context.interrupt.check()
        return None, Fact(_BAN, "bad", f"not seen: {error}")
    unseen = "".join(f"; {server} was not seen: {reason}" for server, reason in ban.unseen.items())
    if ban.memories:
        ends_at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(ban.until_s))
        servers = " and ".join(memory.server for memory in ban.memories)
        left = format_duration(ban.left_s)
        return ban, Fact(_BAN, "note", f"no request for another {left}, until {ends_at}, says {servers}{unseen}")
    return ban, Fact(_BAN, "bad" if unseen else "ok", f"none is remembered{unseen}")


def _token(context: RunContext, ban: Ban | None) -> Fact:
    if ban and ban.memories:
        return Fact(_TOKEN, "note", "not tried: a request during a ban makes it longer")
    settings = context.config.of(SpotifySettings)
    try:
        token = from_settings(settings)
        with Client(context.interrupt, max_in_flight=1, ca_file=context.config.http.ca_file) as client:
            token.update(client.fetch(token.request()))
    except BoombapError as error:
        context.interrupt.check()
        return Fact(_TOKEN, "bad", str(error))
    return Fact(_TOKEN, "ok", "Spotify accepts the credentials")
