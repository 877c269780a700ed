"""What may be configured of `db`."""

from __future__ import annotations

from boombap.config import kinds
from boombap.config.section import Key, Section
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


class DbSettings(Record):
    """How `db` asks, and what it expects of a healthy database. Durations are kept in seconds."""

    statement_timeout: float = 5.0
    lock_timeout: float = 0.05
    pool_size: int = 3
    embedding_dimension: int | None = None
    coverage_floor: float = 95.0
    coverage_analyzers: tuple[str, ...] = ()
    waivers: Path | None = None


SECTION = Section(
    "db",
    DbSettings,
    (
        Key("db.statement_timeout", kinds.DURATION, "limit for one statement, enforced by the server"),
        Key("db.lock_timeout", kinds.DURATION, "limit for waiting on a lock, enforced by the server"),
        Key("db.pool_size", kinds.whole(1, 16), "connections to one database at the same time"),
        Key("db.embedding_dimension", kinds.whole(1, 16_000), "dimension that tracks.lyrics_embedding must have"),
        Key("db.coverage_floor", kinds.PERCENTAGE, "share of tracks that each analyzer named below must have reached"),
        Key("db.coverage_analyzers", kinds.NAMES, "analyzers whose coverage is judged"),
        Key("db.waivers", kinds.PATH, "TOML file with waived findings"),
    ),
)
