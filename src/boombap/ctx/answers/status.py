"""What an index holds, and what it left out and why."""

from __future__ import annotations

import os

from boombap.ctx.indexing import store
from boombap.ctx.model import HAS_CUT_LINES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.ctx.indexing.index import Index


def status(index: Index, cache: str) -> dict[str, object]:
    """Return the facts about an index by name; the order is that of the report."""
    ask = index.database.execute
    files, lines, size = ask("SELECT count(*), coalesce(sum(lines), 0), coalesce(sum(size), 0) FROM files").fetchone()
    path = store.place(cache, index.root)
    commits, edges = ask("SELECT (SELECT count(*) FROM commits), (SELECT count(*) FROM edges)").fetchone()
    return {
        "root": index.root,
        "index": path,
        "index_bytes": os.path.getsize(path) if os.path.exists(path) else 0,
        "files": files,
        "lines": lines,
        "text_bytes": size,
        "chunks": int(index.fact("chunks") or 0),
        "imports": edges,
        "commits": commits,
        "languages": dict(ask("SELECT language, count(*) FROM files GROUP BY 1 ORDER BY 2 DESC, 1")),
        "by_line_rules": dict(
            ask("SELECT language, count(*) FROM files WHERE parsed = 'lines' GROUP BY 1 ORDER BY 2 DESC, 1")
        ),
        "cut_lines": [
            path for (path,) in ask("SELECT path FROM files WHERE flags & ? ORDER BY path", (HAS_CUT_LINES,))
        ],
        "skipped": [dict(zip(("path", "reason"), row, strict=True)) for row in ask("SELECT path, reason FROM skipped")],
        "is_complete": index.has_history and not index.is_partial,
        "notes": index.all_notes,
    }
