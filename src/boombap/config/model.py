"""What every tool may be configured with: the servers, logging and folders, and the sections of the tools in use."""

from __future__ import annotations

from types import MappingProxyType

from boombap.config import kinds
from boombap.config.section import Key, Section
from boombap.log import FORMATS, LEVELS
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import TypeVar

    from boombap.config.secret import Secret

    Shape = TypeVar("Shape", bound=Record)


class Postgres(Record):
    """Where the platform's PostgreSQL is. Parts set beside `url` in a nearer source replace that part of it."""

    url: Secret | None = None
    host: str | None = None
    port: int | None = None
    database: str | None = None
    username: str | None = None
    password: Secret | None = None
    connect_timeout: float = 5.0

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


class Http(Record):
    """How `spotify` and `deps` verify HTTPS servers."""

    ca_file: Path | None = None


class Log(Record):
    """What is logged to stderr, and how."""

    level: str = "warning"
    format: str = "text"


class Paths(Record):
    """Where boombap keeps files between runs (0600, in folders of 0700)."""

    data: Path | None = None
    state: Path | None = None
    cache: Path | None = None


class Config(Record):
    """The shared sections, those of the tool that runs, and where each value came from.

    Attributes:
        tools: the sections of tools, by the class of their value; `of` reads them.
        sources: by dotted key, for example ``postgres.host``, the place that set it; keys at their default are absent.
        passed_over: environment variables that were ignored, because Kubernetes sets them for its Services.
        renamed: for each old name that was used, one sentence that gives the new one.
        unused: for each part of an address that a url replaced, one sentence that says so.
    """

    postgres: Postgres = Postgres()
    redis: Redis = Redis()
    http: Http = Http()
    log: Log = Log()
    paths: Paths = Paths()
    tools: Mapping[type[Record], Record] = MappingProxyType({})
    sources: Mapping[str, str] = MappingProxyType({})
    passed_over: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    def of(self, shape: type[Shape]) -> Shape:
        """Return the section of a tool.

        Raises:
            KeyError: for a section that this run did not load.
        """
        section = self.tools[shape]
        assert isinstance(section, shape)
        return section

    def section(self, section: Section) -> Record:
        """Return the value of any section, shared or a tool's.

        Raises:
            KeyError: for a section that this run did not load.
        """
        shared: Record | None = getattr(self, section.name, None) if section in SHARED else None
        return shared or self.tools[section.shape]


_ADDRESS = ("url", "host", "port", "database", "username", "password", "db")

SHARED = (
    Section(
        "postgres",
        Postgres,
        (
            Key("postgres.url", kinds.SECRET, "address, as a URL or key=value text", ("DATABASE_URL",)),
            Key("postgres.host", kinds.TEXT, "host name, address or socket folder", ("POSTGRES_HOST", "DB_HOST")),
            Key("postgres.port", kinds.PORT, "port", ("POSTGRES_PORT", "DB_PORT")),
            Key("postgres.database", kinds.TEXT, "database name", ("POSTGRES_DATABASE", "DB_NAME")),
            Key("postgres.username", kinds.TEXT, "role", ("POSTGRES_USERNAME", "DB_USER")),
            Key("postgres.password", kinds.SECRET, "password of the role", ("POSTGRES_PASSWORD", "DB_PASSWORD")),
            Key("postgres.connect_timeout", kinds.DURATION, "limit for one connection attempt"),
        ),
        address=_ADDRESS,
    ),
    Section(
        "redis",
        Redis,
        (
            Key("redis.url", kinds.SECRET, "address as a URL: redis://, rediss:// or unix://", ("REDIS_URL",)),
            Key("redis.host", kinds.TEXT, "host name or address", ("REDIS_HOST",)),
            Key("redis.port", kinds.PORT, "port", ("REDIS_PORT",)),
            Key("redis.username", kinds.TEXT, "ACL user; the default user when empty", ("REDIS_USERNAME",)),
            Key("redis.password", kinds.SECRET, "password of the user", ("REDIS_PASSWORD",)),
            Key("redis.db", kinds.whole(0, 1_000_000), "number of the logical database", ("REDIS_DB",)),
        ),
        address=_ADDRESS,
    ),
    Section(
        "http",
        Http,
        (Key("http.ca_file", kinds.PATH, "PEM file with the authorities that are trusted, instead of the system's"),),
    ),
    Section(
        "log",
        Log,
        (
            Key("log.level", kinds.choice(LEVELS), "lowest level that is written"),
            Key("log.format", kinds.choice(FORMATS), "text for people, json for machines"),
        ),
    ),
    Section(
        "paths",
        Paths,
        (
            Key("paths.data", kinds.PATH, "snapshots and the embedded servers; default: boombap in $XDG_DATA_HOME"),
            Key(
                "paths.state",
                kinds.PATH,
                "what runs leave, and the log of bugs; default: boombap in $XDG_STATE_HOME",
            ),
            Key("paths.cache", kinds.PATH, "indexes of code; default: boombap in $XDG_CACHE_HOME"),
        ),
    ),
)
"""The sections of every run."""
