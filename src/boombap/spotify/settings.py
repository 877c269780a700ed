"""What may be configured of `spotify`."""

from __future__ import annotations

from boombap.config import kinds
from boombap.config.section import Key, Section
from boombap.record import Record
from boombap.spotify.options import MAX_SHARDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.config.secret import Secret

# What Spotify says of a track beyond its id, name and artists, which are always kept.
FIELDS = ("album", "release_date", "duration", "explicit", "isrc", "popularity", "preview_url")


class SpotifySettings(Record):
    """How `spotify` asks the Web API, and what it keeps; durations are kept in seconds."""

    client_id: str | None = None
    client_secret: Secret | None = None
    base_url: str = "https://api.spotify.com/v1"
    accounts_url: str = "https://accounts.spotify.com"
    mode: str = "auto"
    budget: int = 600
    window: float = 30.0
    in_flight: int = 20
    local_share: float = 25.0
    ttl: float = 7 * 86_400.0
    missing_ttl: float = 30 * 86_400.0
    fields: tuple[str, ...] = FIELDS
    job_index: int | None = None
    job_shards: int | None = None


SECTION = Section(
    "spotify",
    SpotifySettings,
    (
        Key("spotify.client_id", kinds.TEXT, "of the app, from the developer dashboard", ("SPOTIFY_CLIENT_ID",)),
        Key("spotify.client_secret", kinds.SECRET, "of the app", ("SPOTIFY_CLIENT_SECRET",)),
        Key("spotify.base_url", kinds.HTTP_URL, "the Web API; the emulator prints its own address"),
        Key("spotify.accounts_url", kinds.HTTP_URL, "where tokens come from"),
        Key(
            "spotify.mode",
            kinds.choice(("auto", "extended", "development")),
            "how the app may ask; auto begins as extended and switches at the first refusal",
        ),
        Key("spotify.budget", kinds.whole(1, 1_000_000), "requests of all processes together in any window"),
        Key("spotify.window", kinds.DURATION, "length of the rate limit's rolling window"),
        Key("spotify.in_flight", kinds.whole(1, 900), "requests of one process at the same time"),
        Key("spotify.local_share", kinds.PERCENTAGE, "share of the budget that a process takes while Redis is down"),
        Key("spotify.ttl", kinds.AGE, "age at which cached metadata is asked for again"),
        Key("spotify.missing_ttl", kinds.AGE, "age at which what Spotify did not have is asked for again"),
        Key("spotify.fields", kinds.some_of(FIELDS), "what is stored beside id, name and artists"),
        Key(
            "spotify.job_index",
            kinds.whole(0, MAX_SHARDS - 1),
            "which shard of the table a batch works on, counted from 0; an Indexed Job of Kubernetes sets it",
            ("JOB_COMPLETION_INDEX",),
        ),
        Key("spotify.job_shards", kinds.whole(1, MAX_SHARDS), "shards of the table", ("JOB_COMPLETIONS",)),
    ),
)
