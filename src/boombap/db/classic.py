"""The plain way to look at a database: psycopg2, one connection, one query after the other.

As safe as the native engine (``queries/classic/limits.sql``), and no text of the driver is shown. What it cannot know:
views in place of tables, whose code would run with this role's rights; all health checks but three, which it says; and
databases whose encoding has no way to UTF-8.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
from psycopg2.extras import RealDictCursor
from psycopg2.sql import SQL, Identifier

from boombap.clients.postgres.errors import connecting, running
from boombap.db import model
from boombap.errors import AccessDenied, ExternalError, NotFound, RowsHidden
from boombap.health.finding import Finding, Severity, Skipped, by_urgency

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boombap.clients.postgres.target import Target
    from boombap.db.model import Part
    from boombap.interrupt import Interrupt

CHECKS = ("duplicate_index", "invalid_index", "unanalyzed_tracks")
"""The health checks that it has."""

_TABLES = ["tracks", "analysis_results", "ml_features", "dataset_versions"]
_COLUMNS = {"with_lyrics": "lyrics", "with_spotify": "spotify_data", "artists": "artist", "latest": "created_at"}
_OWN: dict[str, Any] = {"client_encoding": "UTF8", "connect_timeout": "5"}
_PARTS = ("tracks", "analyzers", "connections", "tables", "unanalyzed", "health")


def diagnose(target: Target, interrupt: Interrupt, parts: frozenset[Part] = model.FULL) -> model.Diagnosis:
    """Return the answers of one database; a part that fails is an `Absent` among them.

    Raises:
        ExternalError: when the server cannot be reached.
    """
    started_s = time.monotonic()
    name = f"boombap {os.getpid()}"  # the native engine's: both leave their own sessions out of what they count
    password = {"password": target.password.reveal()} if target.password else {}
    with connecting(target):
        connection = psycopg2.connect(**{**_OWN, "application_name": name, **target.parameters, **password})
    with closing(connection):
        session = _Session(connection, target, interrupt)
        part_of = {name: _answer(session.server, getattr(session, name)) for name in _PARTS if name in parts}
    taken_at, took_ms = datetime.now(UTC).isoformat(timespec="seconds"), 1000 * (time.monotonic() - started_s)
    facts = (target.label, target.name, taken_at, round(took_ms, 1), session.server, session.is_pooled, "classic")
    return model.Diagnosis(*facts, **part_of)


def _answer(server: model.Server, part: Callable[..., object], *values: object) -> Any:  # noqa: ANN401 - one or Absent
    try:
        return part(*values)
    except RowsHidden:
        return model.Absent(server.hidden_rows, is_failure=False, is_hidden=True)
    except AccessDenied:
        return model.Absent(f"no permission: {server.user} needs SELECT on the table", is_failure=False, is_hidden=True)
    except ExternalError as error:
        return model.Absent(str(error), is_failure=not isinstance(error, NotFound))


class _Session:
    """A connection to one database, where its tables are (id, schema and columns), and a method for each part."""

    def __init__(self, connection: psycopg2.extensions.connection, target: Target, interrupt: Interrupt) -> None:
        self._connection, self._target, self._interrupt = connection, target, interrupt
        connection.set_session(readonly=True)
        self._found: dict[str, dict[str, Any]] = {}
        schemas = self._rows("schemas")[0]["schemas"]
        self._found = {row["name"]: row for row in self._rows("columns", tables=_TABLES, schemas=schemas)}
        facts = self._rows("server")[0]
        self.is_pooled = facts.pop("backend_pid") != connection.info.backend_pid
        facts["columns"] = {name: frozenset(row["columns"]) for name, row in self._found.items()}
        self.server = model.Server(**facts | {"preloaded": frozenset(facts["preloaded"])})

    def _rows(self, name: str, **values: object) -> list[dict[str, Any]]:
        """Return the rows of a query, run in a transaction of its own; a table that is not there has no schema."""
        places = dict(zip(_TABLES, map(Identifier, _TABLES), strict=True))
        places |= {table: Identifier(row["schema"], table) for table, row in self._found.items()}
        folder = Path(__file__).with_name("queries") / "classic"
        files = (folder / f"{part}.sql" for part in ("limits", name) if name != "schemas" or part == name)
        query = SQL("").join(SQL(file.read_text(encoding="utf-8")).format(**places) for file in files)
        with (
            self._interrupt.cancel_with(self._connection.cancel),
            running(self._target, self._interrupt),
            self._connection,
            self._connection.cursor(cursor_factory=RealDictCursor) as cursor,
        ):
            cursor.execute(query, values)
            return [dict(row) for row in cursor.fetchall()]

    def tracks(self) -> model.Tracks:
        names = [name for name, column in _COLUMNS.items() if self.server.has("tracks", column)]
        values: dict[str, Any] = dict.fromkeys(_COLUMNS)
        values |= {name: self._rows(name)[0]["value"] for name in ("total", *names)}
        return model.Tracks(**values)

    def analyzers(self) -> tuple[model.Analyzer, ...]:
        total = self._rows("total")[0]["value"] if "tracks" in self._found else None
        names = [row["name"] for row in self._rows("analyzer_names")]
        rows = [{"name": name or "(none)", **self._rows("analyzer", analyzer=name)[0]} for name in names]
        shares = [100.0 * row["tracks"] / total if total else None for row in rows]
        return tuple(model.Analyzer(**row, coverage_pct=share) for row, share in zip(rows, shares, strict=True))

    def connections(self) -> model.Connections:
        rows, (ages,) = self._rows("sessions"), self._rows("ages")
        sources = Counter((row["user"], row["application"], row["address"], row["database"]) for row in rows)
        return model.Connections(
            total=len(rows),
            limit=self.server.max_connections,
            by_state=dict(Counter(row["state"] for row in rows)),
            sources=tuple(model.Source(*source, count) for source, count in sources.most_common()),
            **ages,
            xmin=next((model.XminHolder(**row) for row in self._rows("xmin")), None),
        )

    def tables(self) -> tuple[model.Table, ...]:
        ids = [self._found[name]["id"] if name in self._found else None for name in _TABLES]
        return tuple(model.Table(**row) for row in self._rows("tables", tables=_TABLES, ids=ids))

    def unanalyzed(self) -> model.Unanalyzed | model.Absent:
        if not self._rows("total")[0]["value"]:
            return model.Absent("there are no tracks", is_failure=False)
        rows = self._rows("unanalyzed")
        newest = tuple((row["id"], row["artist"], row["title"]) for row in rows[:10])
        return model.Unanalyzed(None, len(rows), newest, has_results=bool(self._rows("has_results")[0]["value"]))

    def health(self) -> model.Health:
        findings, skipped = [], []
        for check in CHECKS:
            rows = _answer(self.server, self._rows, f"health/{check}")
            if isinstance(rows, model.Absent):
                skipped.append(Skipped(check, rows.reason, rows.is_failure))
            else:
                findings += [Finding(check, Severity.WARNING, row["subject"], row["summary"]) for row in rows]
        skipped.append(Skipped("health", f"the classic engine checks {', '.join(CHECKS)} only", is_failure=True))
        return model.Health(tuple(by_urgency(findings)), (), (), tuple(skipped), len(CHECKS) + 1 - len(skipped))
