"""The action `explain`: an advisory and its aliases, as every database has them."""

from __future__ import annotations

import time

from boombap.deps import environment
from boombap.errors import EXIT_FINDINGS, EXIT_OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.command.context import RunContext
    from boombap.deps.model import Source


def explain(context: RunContext) -> int:
    """Show the advisory that the argument names and return the exit code.

    Raises:
        NoVerdict: without databases.
    """
    from boombap.deps.report import advisory

    id_, now_s = context.args.id, time.time()
    found = list(_advisories(context, id_, now_s))
    if context.args.format == "json":
        context.terminal.write("\n".join(advisory.json_lines(id_, found)))
    elif found:
        context.terminal.write("\n".join(line for known in found for line in advisory.explain_lines(*known)))
    if not found:
        context.terminal.note(f"no database knows {id_!r}")
    return EXIT_OK if found else EXIT_FINDINGS


def _advisories(context: RunContext, id_: str, now_s: float) -> Iterator[tuple[str, bytes, Source]]:
    """Yield id, OSV record and database of an advisory and its aliases."""
    from boombap.deps.advisories.database import open_database, present

    folder = environment.folder(context)
    names = present(folder)
    if not names:
        raise environment.no_databases(folder)
    for ecosystem in names:
        if database := open_database(folder, ecosystem):
            source = database.source(now_s)
            yield from ((name, document, source) for name, document in database.documents(id_))
            database.close()
