"""The command `ctx`: options and configuration to an index and a question, answers to stdout."""

from __future__ import annotations

import os
import sqlite3
import time

from boombap import log
from boombap.config.load import load
from boombap.ctx import words as options
from boombap.ctx.index import open_or_build
from boombap.ctx.model import Limits
from boombap.ctx.search import grep, search
from boombap.ctx.selection import Filter
from boombap.errors import EXIT_FINE, EXIT_NO, OutsideError, UsageError
from boombap.output.terminal import Terminal
from boombap.record import Record
from boombap.units import parse_duration_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Sequence

    from boombap.config.model import Config
    from boombap.ctx.index import Index
    from boombap.interrupt import Interrupt

_SINCE = "7 days"


class _Desk(Record):
    """What every action of one run works with."""

    args: Namespace
    config: Config
    terminal: Terminal
    interrupt: Interrupt

    @property
    def cache(self) -> str:
        """Give the folder of all indexes."""
        assert self.config.paths.cache is not None, "config.load fills it in"
        return str(self.config.paths.cache)


def main(words: Sequence[str], *, prog: str, interrupt: Interrupt) -> int:
    """Run `ctx` and give its exit code."""
    args = options.parse(words, prog)
    config = load()
    log.configure(config.log.level, config.log.format)
    desk = _Desk(args, config, Terminal(quiet=args.quiet), interrupt)
    _refuse_unknown_languages(args.lang)
    actions: dict[str, Callable[[_Desk], int]] = {
        "search": _search,
        "index": _index,
        "recent": _recent,
        "related": _related,
        "status": _status,
        "mcp": _mcp,
    }
    return actions[args.action](desk)


def _refuse_unknown_languages(names: Sequence[str]) -> None:
    if not names:
        return
    from boombap.ctx.structure.languages import NAMES

    for name in names:
        if name not in NAMES:
            raise UsageError(f"{name!r} is no language here", hint=f"one of {', '.join(sorted(NAMES))}")


def _open(desk: _Desk, *, is_rebuilt: bool = False) -> Index:
    limits = Limits(desk.config.ctx.max_files, desk.config.ctx.max_index_mb)
    index = open_or_build(desk.args.root, desk.cache, limits=limits, is_rebuilt=is_rebuilt, pause=desk.interrupt.sleep)
    for note in (index.fact("notes"), *index.notes):
        if note:
            desk.terminal.note(note)
    return index


def _search(desk: _Desk) -> int:
    args = desk.args
    corrections: dict[str, str] = {}
    only = Filter(args.lang, args.path)

    def ask(index: Index) -> int:
        corrections.clear()
        if args.regex is not None:
            hits = grep(index, args.regex, limit=args.n, only=only)
        else:
            hits = search(index, args.query, limit=args.n, only=only, on_correction=corrections.__setitem__)
        from boombap.ctx import report

        if args.json:
            from boombap.ctx.encode import search_object

            return _json(
                desk, search_object(index.root, args.regex or args.query, hits, corrections), is_found=bool(hits)
            )
        for word, other in corrections.items():
            desk.terminal.note(f"{word!r} is nowhere; searched for {other!r}")
        if args.files_only:
            return _lines(desk, report.file_lines(hits, index.root), is_found=bool(hits))
        shown = report.search_lines(hits, index.root, desk.terminal, explain=args.explain)
        return _lines(desk, shown, is_found=bool(hits))

    return _with_index(desk, ask)


def _with_index(desk: _Desk, ask: Callable[[Index], int]) -> int:
    """Ask the index; when it proves damaged, build it anew and ask once more."""
    index = _open(desk)
    try:
        return ask(index)
    except sqlite3.DatabaseError:
        index.close()
        desk.terminal.note("the index was damaged and is built anew")
    index = _open(desk, is_rebuilt=True)
    try:
        return ask(index)
    except sqlite3.DatabaseError as error:
        raise OutsideError(f"the index of {index.root} cannot be read: {error}", hint="check the disk") from None


def _index(desk: _Desk) -> int:
    begun = time.perf_counter()
    index = _open(desk, is_rebuilt=desk.args.rebuild)
    files, size = index.database.execute("SELECT count(*), coalesce(sum(size), 0) FROM files").fetchone()
    took_ms = 1000 * (time.perf_counter() - begun)
    if desk.args.json:
        return _status(desk)
    state = "built" if desk.args.rebuild else "brought up to date" if index.built else "already up to date"
    desk.terminal.write(f"{state} in {took_ms:.0f} ms: {files:,} files, {size / 1e6:.1f} MB of text")
    return EXIT_FINE


def _recent(desk: _Desk) -> int:
    args = desk.args
    since_s = int(time.time() - parse_duration_s(args.since or _SINCE))

    def ask(index: Index) -> int:
        from boombap.ctx import encode, recent, report

        if args.query:
            hits = search(index, args.query, limit=args.n, only=Filter(args.lang, args.path, since_s))
            if args.json:
                return _json(desk, encode.search_object(index.root, args.query, hits, {}), is_found=bool(hits))
            shown = report.search_lines(hits, index.root, desk.terminal, explain=args.explain)
            return _lines(desk, shown, is_found=bool(hits))
        changes = recent.changes(index, since_s, Filter(args.lang, args.path), args.n)
        if args.json:
            return _json(desk, encode.recent_object(index.root, since_s, changes), is_found=bool(changes))
        if args.files_only:
            return _lines(desk, [report.shown(one.path, index.root) for one in changes], is_found=bool(changes))
        lines = report.recent_lines(changes, index.root, time.time()) if changes else ()
        return _lines(desk, lines, is_found=bool(changes))

    return _with_index(desk, ask)


def _related(desk: _Desk) -> int:
    args = desk.args

    def ask(index: Index) -> int:
        from boombap.ctx import encode, related, report

        found = related.relatives(index, args.file, args.n)
        if args.json:
            return _json(desk, encode.related_object(index.root, args.file, found), is_found=bool(found))
        if args.files_only:
            return _lines(desk, [report.shown(one.path, index.root) for one in found], is_found=bool(found))
        return _lines(desk, report.related_lines(found, index.root, explain=args.explain), is_found=bool(found))

    return _with_index(desk, ask)


def _status(desk: _Desk) -> int:
    def ask(index: Index) -> int:
        from boombap.ctx import encode, report
        from boombap.ctx.status import status

        facts = status(index, desk.cache)
        if desk.args.json:
            return _json(desk, encode.status_object(facts), is_found=True)
        return _lines(desk, report.status_lines(facts, desk.terminal), is_found=True)

    return _with_index(desk, ask)


def _mcp(desk: _Desk) -> int:
    from boombap.ctx import mcp

    limits = Limits(desk.config.ctx.max_files, desk.config.ctx.max_index_mb)
    return mcp.serve(os.path.abspath(desk.args.root), desk.cache, limits, desk.interrupt)


def _json(desk: _Desk, value: object, *, is_found: bool) -> int:
    from boombap.output.encode import to_json

    desk.terminal.write(to_json(value))
    return EXIT_FINE if is_found else EXIT_NO


def _lines(desk: _Desk, lines: Iterable[str], *, is_found: bool) -> int:
    for line in lines:
        desk.terminal.write(line)
    if not is_found:
        desk.terminal.note("nothing found")
    return EXIT_FINE if is_found else EXIT_NO
