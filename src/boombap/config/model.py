"""What may be configured: one frozen dataclass a section, each field with its environment names and its meaning.

The reference page, `boombap config show` and the loader all read these definitions; nothing is written twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path

from boombap.config.secret import Secret
from boombap.errors import ConfigError
from boombap.log import FORMATS, LEVELS
from boombap.units import parse_duration_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    Parse = Callable[[str], object]


def _key(doc: str, *, default: Any, parse: Parse, env: tuple[str, ...] = (), kind: str) -> Any:
    return field(default=default, metadata={"doc": doc, "parse": parse, "env": env, "kind": kind})


def _text(doc: str, default: str | None = None, *env: str) -> Any:
    return _key(doc, default=default, parse=str, env=env, kind="text")


def _secret(doc: str, *env: str) -> Any:
    return _key(doc, default=None, parse=Secret, env=env, kind="secret")


def _whole(doc: str, default: int | None, low: int, high: int, *env: str) -> Any:
    def parse(text: str) -> int:
        if not text.strip().isascii() or not text.strip().isdigit() or not low <= int(text) <= high:
            raise ConfigError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return _key(doc, default=default, parse=parse, env=env, kind=f"{low}-{high}")


def _percent(doc: str, default: float) -> Any:
    def parse(text: str) -> float:
        try:
            value = float(text.strip().removesuffix("%"))
        except ValueError:
            value = -1.0
        if not 0 <= value <= 100:  # noqa: PLR2004 - a percentage
            raise ConfigError(f"{text!r} is not a percentage from 0 to 100")
        return value

    return _key(doc, default=default, parse=parse, kind="percentage")


def _duration(doc: str, default: str) -> Any:
    return _key(doc, default=parse_duration_s(default), parse=parse_duration_s, kind="duration")


def _choice(doc: str, default: str, choices: tuple[str, ...]) -> Any:
    def parse(text: str) -> str:
        if text.lower() not in choices:
            raise ConfigError(f"{text!r} is not one of {', '.join(choices)}")
        return text.lower()

    return _key(doc, default=default, parse=parse, kind=" or ".join(choices))


def _names(doc: str) -> Any:
    def parse(text: str) -> tuple[str, ...]:
        return tuple(name.strip() for name in text.split(",") if name.strip())

    return _key(doc, default=(), parse=parse, kind="names, separated by commas")


def _path(doc: str) -> Any:
    return _key(doc, default=None, parse=lambda text: Path(text).expanduser(), kind="path")


@dataclass(frozen=True, slots=True)
class Postgres:
    """Where the platform's PostgreSQL is. Parts set beside `url` in a nearer source replace that part of it."""

    url: Secret | None = _secret("address, as a URL or key=value text", "DATABASE_URL")
    host: str | None = _text("host name, address or socket folder", None, "POSTGRES_HOST", "DB_HOST")
    port: int | None = _whole("port", None, 1, 65_535, "POSTGRES_PORT", "DB_PORT")
    database: str | None = _text("database name", None, "POSTGRES_DATABASE", "DB_NAME")
    username: str | None = _text("role", None, "POSTGRES_USERNAME", "DB_USER")
    password: Secret | None = _secret("password of the role", "POSTGRES_PASSWORD", "DB_PASSWORD")

    @property
    def is_set(self) -> bool:
        """Tell whether any server was named."""
        return any((self.url, self.host, self.port, self.database, self.username))


@dataclass(frozen=True, slots=True)
class Redis:
    """Where the platform's Redis or Valkey is. Parts set beside `url` in a nearer source replace that part of it."""

    url: Secret | None = _secret("address as a URL: redis://, rediss:// or unix://", "REDIS_URL")
    host: str | None = _text("host name or address", None, "REDIS_HOST")
    port: int | None = _whole("port", None, 1, 65_535, "REDIS_PORT")
    password: Secret | None = _secret("password of the user", "REDIS_PASSWORD")
    db: int | None = _whole("number of the logical database", None, 0, 1_000_000, "REDIS_DB")

    @property
    def is_set(self) -> bool:
        """Tell whether any server was named."""
        return any((self.url, self.host, self.port))


@dataclass(frozen=True, slots=True)
class Db:
    """How `db` asks, and what it expects of a healthy database."""

    connect_timeout: float = _duration("limit for one connection attempt", "5s")
    statement_timeout: float = _duration("limit for one statement, enforced by the server", "5s")
    lock_timeout: float = _duration("limit for waiting on a lock, enforced by the server", "50ms")
    pool_size: int = _whole("connections to one database at the same time", 3, 1, 16)
    embedding_dimension: int | None = _whole("dimension that tracks.lyrics_embedding must have", None, 1, 16_000)
    coverage_floor: float = _percent("share of tracks that each analyzer named below must have reached", 95.0)
    coverage_analyzers: tuple[str, ...] = _names("analyzers whose coverage is judged")
    waivers: Path | None = _path("TOML file with waived findings")


@dataclass(frozen=True, slots=True)
class Log:
    """What is logged to stderr, and how."""

    level: str = _choice("lowest level that is written", "warning", LEVELS)
    format: str = _choice("text for people, json for machines", "text", FORMATS)


@dataclass(frozen=True, slots=True)
class Paths:
    """Where files lie that boombap keeps between runs (0600, in folders of 0700)."""

    data: Path | None = _path("snapshots and the embedded servers; default: boombap in $XDG_DATA_HOME")
    state: Path | None = _path("the log of bugs; default: boombap in $XDG_STATE_HOME")


@dataclass(frozen=True, slots=True)
class Config:
    """Every section, and where each value came from.

    Attributes:
        sources: by dotted key, for example ``postgres.host``, the place that set it; keys at their default are absent.
    """

    postgres: Postgres = field(default_factory=Postgres)
    redis: Redis = field(default_factory=Redis)
    db: Db = field(default_factory=Db)
    log: Log = field(default_factory=Log)
    paths: Paths = field(default_factory=Paths)
    sources: Mapping[str, str] = field(default_factory=dict)


SECTIONS = {"postgres": Postgres, "redis": Redis, "db": Db, "log": Log, "paths": Paths}


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that may be set.

    Attributes:
        section: the table in boombap.toml.
        name: the key in that table.
        env: the environment names, the first of them the strongest.
        parse: text to value; raises UsageError for text that does not fit.
        kind: what a person may write.
        default: the value when nothing sets it.
        doc: its meaning in one phrase.
    """

    section: str
    name: str
    env: tuple[str, ...]
    parse: Parse
    kind: str
    default: object
    doc: str

    @property
    def dotted(self) -> str:
        """Give the key's full name, for example ``postgres.host``."""
        return f"{self.section}.{self.name}"


def keys() -> Iterator[Key]:
    """Give every key in the order of the sections."""
    for section, shape in SECTIONS.items():
        for item in fields(shape):
            meta = item.metadata
            env = meta["env"] or (f"BOOMBAP_{section}_{item.name}".upper(),)
            yield Key(section, item.name, env, meta["parse"], meta["kind"], item.default, meta["doc"])
