"""What may be configured: one frozen value a section, and for each key its environment names and its meaning.

The reference page, `boombap config show` and the loader all read `KEYS`; a default is written in its section only.
"""

from __future__ import annotations

from types import MappingProxyType

from boombap.config import kinds
from boombap.log import FORMATS, LEVELS
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from boombap.config.kinds import Kind
    from boombap.config.secret import Secret

# What Spotify says of a track beyond its id, name and artists, which are always kept.
SPOTIFY_FIELDS = ("album", "release_date", "duration", "explicit", "isrc", "popularity", "preview_url")


class Postgres(Record):
    """Where the platform's PostgreSQL is. Parts set beside `url` in a nearer source replace that part of it."""

    url: Secret | None = None
    host: str | None = None
    port: int | None = None
    database: str | None = None
    username: str | None = None
    password: Secret | None = None

    @property
    def is_set(self) -> bool:
        """Tell whether any server was named."""
        return any((self.url, self.host, self.port, self.database, self.username))


class Redis(Record):
    """Where the platform's Redis or Valkey is. Parts set beside `url` in a nearer source replace that part of it."""

    url: Secret | None = None
    host: str | None = None
    port: int | None = None
    username: str | None = None
    password: Secret | None = None
    db: int | None = None

    @property
    def is_set(self) -> bool:
        """Tell whether any server was named."""
        return any((self.url, self.host, self.port))


class Db(Record):
    """How `db` asks, and what it expects of a healthy database. Durations are kept in seconds."""

    connect_timeout: float = 5.0
    statement_timeout: float = 5.0
    lock_timeout: float = 0.05
    pool_size: int = 3
    embedding_dimension: int | None = None
    coverage_floor: float = 95.0
    coverage_analyzers: tuple[str, ...] = ()
    waivers: Path | None = None


class Cache(Record):
    """How `redis` asks, and what it expects of a healthy cache. Durations are kept in seconds.

    Attributes:
        ttls: by prefix of keys, how long their values may live.
    """

    connect_timeout: float = 2.0
    read_timeout: float = 5.0
    pool_size: int = 4
    ttls: Mapping[str, float] = MappingProxyType(
        {
            "artist:": 3600.0,
            "lyrics:": 86_400.0,
            "analysis:": 604_800.0,
            "embedding:": 2_592_000.0,
            "spotify:": 604_800.0,
        }
    )
    hit_ratio_floor: float = 80.0
    big_key: int = 1024**2
    waivers: Path | None = None


class Ctx(Record):
    """What bounds an index of code; what is dropped is said."""

    max_files: int = 20_000
    max_index_mb: int = 200


class Spotify(Record):
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
    fields: tuple[str, ...] = SPOTIFY_FIELDS


class Deps(Record):
    """Where `deps` gets advisories and what it holds a project against. Durations are kept in seconds."""

    source: Secret | None = None
    database: Path | None = None
    ecosystems: tuple[str, ...] = ("PyPI", "npm", "Go", "crates.io")
    ttl: float = 86_400.0
    max_age: float = 7 * 86_400.0
    refresh: bool = True
    policy: Path | None = None
    waivers: Path | None = None
    kev: Path | None = None
    epss: Path | None = None


class Http(Record):
    """How HTTPS servers are checked, by `spotify` and by `deps` alike."""

    ca_file: Path | None = None


class Log(Record):
    """What is logged to stderr, and how."""

    level: str = "warning"
    format: str = "text"


class Paths(Record):
    """Where files lie that boombap keeps between runs (0600, in folders of 0700)."""

    data: Path | None = None
    state: Path | None = None
    cache: Path | None = None


class Config(Record):
    """Every section, and where each value came from.

    Attributes:
        sources: by dotted key, for example ``postgres.host``, the place that set it; keys at their default are absent.
        passed_over: variables of the environment that Kubernetes set for its Services, though they are named as ours.
    """

    postgres: Postgres = Postgres()
    redis: Redis = Redis()
    db: Db = Db()
    cache: Cache = Cache()
    ctx: Ctx = Ctx()
    spotify: Spotify = Spotify()
    deps: Deps = Deps()
    http: Http = Http()
    log: Log = Log()
    paths: Paths = Paths()
    sources: Mapping[str, str] = MappingProxyType({})
    passed_over: tuple[str, ...] = ()


SECTIONS: Mapping[str, type[Record]] = {
    "postgres": Postgres,
    "redis": Redis,
    "db": Db,
    "cache": Cache,
    "ctx": Ctx,
    "spotify": Spotify,
    "deps": Deps,
    "http": Http,
    "log": Log,
    "paths": Paths,
}


class Key(Record):
    """One thing that may be set.

    Attributes:
        dotted: the section, which is the table in boombap.toml, and the name in it.
        kind: what may be written.
        doc: its meaning in one phrase.
        names: the environment names, the strongest first; without any, BOOMBAP_SECTION_NAME is its name.
    """

    dotted: str
    kind: Kind
    doc: str
    names: tuple[str, ...] = ()

    @property
    def section(self) -> str:
        """Return the name of the section."""
        return self.dotted.partition(".")[0]

    @property
    def name(self) -> str:
        """Return the name in the section."""
        return self.dotted.partition(".")[2]

    @property
    def env(self) -> tuple[str, ...]:
        """Return the environment names, the strongest first."""
        return self.names or (f"BOOMBAP_{self.dotted.replace('.', '_')}".upper(),)

    @property
    def default(self) -> object:
        """Return the value when nothing sets it."""
        return getattr(SECTIONS[self.section], self.name)


KEYS = (
    Key("postgres.url", kinds.SECRET, "address, as a URL or key=value text", ("DATABASE_URL",)),
    Key("postgres.host", kinds.TEXT, "host name, address or socket folder", ("POSTGRES_HOST", "DB_HOST")),
    Key("postgres.port", kinds.PORT, "port", ("POSTGRES_PORT", "DB_PORT")),
    Key("postgres.database", kinds.TEXT, "database name", ("POSTGRES_DATABASE", "DB_NAME")),
    Key("postgres.username", kinds.TEXT, "role", ("POSTGRES_USERNAME", "DB_USER")),
    Key("postgres.password", kinds.SECRET, "password of the role", ("POSTGRES_PASSWORD", "DB_PASSWORD")),
    Key("redis.url", kinds.SECRET, "address as a URL: redis://, rediss:// or unix://", ("REDIS_URL",)),
    Key("redis.host", kinds.TEXT, "host name or address", ("REDIS_HOST",)),
    Key("redis.port", kinds.PORT, "port", ("REDIS_PORT",)),
    Key("redis.username", kinds.TEXT, "ACL user; the default user when empty", ("REDIS_USERNAME",)),
    Key("redis.password", kinds.SECRET, "password of the user", ("REDIS_PASSWORD",)),
    Key("redis.db", kinds.whole(0, 1_000_000), "number of the logical database", ("REDIS_DB",)),
    Key("db.connect_timeout", kinds.DURATION, "limit for one connection attempt"),
    Key("db.statement_timeout", kinds.DURATION, "limit for one statement, enforced by the server"),
    Key("db.lock_timeout", kinds.DURATION, "limit for waiting on a lock, enforced by the server"),
    Key("db.pool_size", kinds.whole(1, 16), "connections to one database at the same time"),
    Key("db.embedding_dimension", kinds.whole(1, 16_000), "dimension that tracks.lyrics_embedding must have"),
    Key("db.coverage_floor", kinds.PERCENTAGE, "share of tracks that each analyzer named below must have reached"),
    Key("db.coverage_analyzers", kinds.NAMES, "analyzers whose coverage is judged"),
    Key("db.waivers", kinds.PATH, "TOML file with waived findings"),
    Key("cache.connect_timeout", kinds.DURATION, "limit for one connection attempt to Redis"),
    Key("cache.read_timeout", kinds.DURATION, "limit for one answer of Redis"),
    Key("cache.pool_size", kinds.whole(1, 64), "connections to one Redis server at the same time"),
    Key("cache.ttls", kinds.TTLS, "how long the values under a prefix may live, for example lyrics:=1d"),
    Key("cache.hit_ratio_floor", kinds.PERCENTAGE, "share of reads that a healthy cache answers"),
    Key("cache.big_key", kinds.whole(1024, 2**40), "bytes from which a key is called big"),
    Key("cache.waivers", kinds.PATH, "TOML file with waived findings about Redis"),
    Key("ctx.max_files", kinds.whole(1, 1_000_000), "files in one index; those in deeper folders are left out first"),
    Key("ctx.max_index_mb", kinds.whole(1, 10_000), "megabytes of text in one index"),
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
    Key("spotify.fields", kinds.some_of(SPOTIFY_FIELDS), "what is stored beside id, name and artists"),
    Key("deps.source", kinds.SECRET, "folder or address of an OSV export: it holds PyPI/all.zip"),
    Key("deps.database", kinds.PATH, "folder of the databases; default: deps in paths.data"),
    Key("deps.ecosystems", kinds.NAMES, "ecosystems that are synced, as OSV names them"),
    Key("deps.ttl", kinds.DURATION, "age from which an audit has the databases refreshed in the background"),
    Key("deps.max_age", kinds.DURATION, "age from which a database gives no verdict, unless the policy says another"),
    Key("deps.refresh", kinds.SWITCH, "whether an audit starts that refresh"),
    Key("deps.policy", kinds.PATH, "TOML file with what blocks"),
    Key("deps.waivers", kinds.PATH, "TOML file with accepted findings"),
    Key("deps.kev", kinds.PATH, "catalogue of known exploited vulnerabilities, as CISA publishes it (JSON)"),
    Key("deps.epss", kinds.PATH, "exploitation probabilities, as FIRST publishes them (CSV, also gzip)"),
    Key("http.ca_file", kinds.PATH, "PEM file with the authorities that are trusted, instead of the system's"),
    Key("log.level", kinds.choice(LEVELS), "lowest level that is written"),
    Key("log.format", kinds.choice(FORMATS), "text for people, json for machines"),
    Key("paths.data", kinds.PATH, "snapshots and the embedded servers; default: boombap in $XDG_DATA_HOME"),
    Key("paths.state", kinds.PATH, "the log of bugs; default: boombap in $XDG_STATE_HOME"),
    Key("paths.cache", kinds.PATH, "indexes of code; default: boombap in $XDG_CACHE_HOME"),
)
