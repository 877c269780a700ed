"""Whether pg_stat_statements can answer: it must be both preloaded by the server and created in the database."""

from __future__ import annotations

from boombap.db.checks.check import Check
from boombap.db.checks.grade import DOCS
from boombap.health.finding import Finding, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.db.checks.check import Context
    from boombap.db.model import Row

_LIBRARY = "pg_stat_statements"


def check_statements_not_loaded(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find one half without the other; a server with neither has made its choice."""
    for row in rows:
        if row["is_created"] and not row["is_loaded"]:
            yield _not_loaded(context)
        if row["is_loaded"] and not row["is_created"]:
            yield _not_created(context)


def _not_loaded(context: Context) -> Finding:
    server = context.server
    names = ", ".join(f"'{name}'" for name in sorted({*server.preloaded, _LIBRARY}))
    # Without pg_monitor the present list is hidden, and setting a new one could drop a library from it.
    remedy = (
        f"ALTER SYSTEM SET shared_preload_libraries = {names};\n-- then restart the server"
        if server.can_monitor
        else f"add {_LIBRARY} to shared_preload_libraries and restart the server"
    )
    return Finding(
        "statements_not_loaded",
        Severity.WARNING,
        _LIBRARY,
        f"{_LIBRARY} is created in {server.database} but not preloaded, so its view fails",
        {"is_created": True, "is_loaded": False, "version": server.extensions.get(_LIBRARY)},
        remedy,
        DOCS + "pgstatstatements.html",
    )


def _not_created(context: Context) -> Finding:
    return Finding(
        "statements_not_created",
        Severity.INFO,
        _LIBRARY,
        f"{_LIBRARY} is preloaded, but {context.server.database} has no view to read it",
        {"is_created": False, "is_loaded": True},
        f"CREATE EXTENSION {_LIBRARY};",
        DOCS + "pgstatstatements.html",
    )


CHECKS: tuple[Check, ...] = (Check("statements_not_loaded", "pg_stat_statements at work", check_statements_not_loaded),)
