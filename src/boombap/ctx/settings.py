"""What may be configured of `ctx`."""

from __future__ import annotations

from boombap.config import kinds
from boombap.config.section import Key, Section
from boombap.record import Record


class CtxSettings(Record):
    """What bounds an index of code; what is dropped is said."""

    max_files: int = 20_000
    max_index_mb: int = 200


SECTION = Section(
    "ctx",
    CtxSettings,
    (
        Key(
            "ctx.max_files", kinds.whole(1, 1_000_000), "files in one index; those in deeper folders are left out first"
        ),
        Key("ctx.max_index_mb", kinds.whole(1, 10_000), "megabytes of text in one index"),
    ),
)
