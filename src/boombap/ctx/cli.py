"""The actions of `ctx`: options and configuration to an index and a question, answers to stdout."""

from __future__ import annotations

import os
import time
from functools import partial

from boombap.command.action import Action, Tool
from boombap.ctx import options
from boombap.ctx.answers.filter import in_tree
from boombap.ctx.commands.answering import (
    answered,
    cache_folder,
    file_filter,
    limits,
    note_unmatched,
    with_index,
    write_json,
    write_lines,
)
from boombap.ctx.counts import counted
from boombap.errors import EXIT_EXTERNAL, EXIT_FINDINGS, EXIT_NO_VERDICT, EXIT_OK, EXIT_RETRY_LATER
from boombap.units import format_duration, parse_duration_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from boombap.command.context import RunContext
    from boombap.config.section import Section
    from boombap.ctx.indexing.index import Index
    from boombap.ctx.model import SearchAnswer


def _section() -> Section:
    from boombap.ctx.settings import SECTION

    return SECTION


def _check_search(args: Namespace) -> None:
    options.check_search(args)
    _check_languages(args)


def _check_languages(args: Namespace) -> None:
    if not args.lang:
        return
    from boombap.ctx.structure.languages import check_names

    check_names(args.lang)


def _search(context: RunContext) -> int:
    from boombap.ctx.commands.search import search

    return search(context)


def _index(context: RunContext) -> int:
    from boombap.ctx import report

    begun = time.perf_counter()

    def ask(index: Index) -> int:
        code = EXIT_OK if index.is_kept else EXIT_EXTERNAL  # the notes say why: it was in memory for this run only
        if context.args.format == "json":
            return _status_of(context, index, code)
        files, size = index.database.execute("SELECT count(*), coalesce(sum(size), 0) FROM files").fetchone()
        took = format_duration(time.perf_counter() - begun)
        state = "built" if context.args.rebuild else "brought up to date" if index.built else "already up to date"
        state = f"{state} in {took}" if index.is_kept else "not saved"
        context.terminal.write(f"{state}: {report.quantity(files, 'file')}, {size / 1e6:.1f} MB of text")
        return code

    return with_index(context, ask, is_rebuilt=context.args.rebuild, is_thorough=True)


def _recent(context: RunContext) -> int:
    args, query = context.args, " ".join(context.args.query)
    since_s = int(time.time() - parse_duration_s(args.since))
    if query:
        from boombap.ctx.commands.search import ranked, write_answer

        def find(index: Index) -> SearchAnswer:
            return ranked(context, index, query, since_s, is_partial=not index.has_history)

        return write_answer(context, with_index(context, find))

    def ask(index: Index) -> int:
        from boombap.ctx import encode, report
        from boombap.ctx.answers import recent

        changes = recent.changes(index, since_s, file_filter(args, index.root), args.n)
        if not changes:
            note_unmatched(context, index)
        code = answered(index, is_found=bool(changes), is_partial=not index.has_history)
        if args.format == "json":
            return write_json(context, encode.recent_object(index, since_s, changes), code)
        if args.files_only:
            return write_lines(context, [report.shown(change.path, index.root) for change in changes], code)
        lines = report.recent_lines(changes, index.root, time.time()) if changes else ()
        return write_lines(context, lines, code)

    return with_index(context, ask)


def _related(context: RunContext) -> int:
    args = context.args

    def ask(index: Index) -> int:
        from boombap.ctx import encode, report
        from boombap.ctx.answers import related

        files = related.relatives(index, in_tree(args.file, index.root, os.getcwd()), args.n)
        code = answered(index, is_found=bool(files), is_partial=not index.has_history)
        if args.format == "json":
            return write_json(context, encode.related_object(index, args.file, files), code)
        if args.files_only:
            return write_lines(context, [report.shown(file.path, index.root) for file in files], code)
        return write_lines(context, report.related_lines(files, index.root, explain=args.explain), code)

    return with_index(context, ask)


def _outline(context: RunContext) -> int:
    from boombap.ctx.commands.overview import outline

    return outline(context)


def _map(context: RunContext) -> int:
    from boombap.ctx.commands.overview import map_

    return map_(context)


def _pack(context: RunContext) -> int:
    from boombap.ctx.commands.pack import pack

    return pack(context)


def _check_pack(args: Namespace) -> None:
    options.check_pack(args)
    _check_languages(args)


def _status(context: RunContext) -> int:
    return _prune(context) if context.args.prune else _show_status(context)


def _prune(context: RunContext) -> int:
    from boombap.ctx import encode, report
    from boombap.ctx.indexing.prune import prune

    indexes = prune(cache_folder(context))
    if context.args.format == "json":
        write_json(context, encode.prune_object(indexes))
    else:
        write_lines(context, report.prune_lines(indexes))
    return EXIT_EXTERNAL if any(index.state == "failed" for index in indexes) else EXIT_OK


def _show_status(context: RunContext) -> int:
    return with_index(context, partial(_status_of, context))


def _status_of(context: RunContext, index: Index, code: int = EXIT_OK) -> int:
    from boombap.ctx import encode, report
    from boombap.ctx.answers.status import status

    facts = status(index, cache_folder(context))
    if context.args.format == "json":
        return write_json(context, encode.status_object(facts), code)
    return write_lines(context, report.status_lines(facts, context.terminal))


def _mcp(context: RunContext) -> int:
    from boombap.ctx.mcp import server
    from boombap.ctx.mcp.session import Place

    root, state = os.path.abspath(context.args.root), str(context.config.paths.state)
    place = Place(root, cache_folder(context), limits(context), state)
    return server.serve(place, context.interrupt, context.meter)


_UNREADABLE = "the tree, git or the index cannot be read"
_PARTIAL = "nothing was found, and not everything was searched: a note says what and why"
_BUSY = "another process has been writing the index for two minutes"

_EXITS = {
    EXIT_FINDINGS: "nothing was found",
    EXIT_NO_VERDICT: _PARTIAL,
    EXIT_EXTERNAL: _UNREADABLE,
    EXIT_RETRY_LATER: _BUSY,
}

TOOL = Tool(
    description="Which lines of this repository answer a question.",
    section=_section,
    actions=(
        Action(
            "search",
            "the best answers; a text in double quotes must occur as written",
            counted(_search),
            options.add_search,
            _check_search,
            examples='search "FastAPI route handler"\nsearch --explain -n 3 RouterGroup\n'
            "search -e 'todo|fixme' -i -C 2 --exclude tests",
            exits=_EXITS,
        ),
        Action(
            "index",
            "bring the index up to date; a search does so by itself",
            _index,
            options.add_index,
            examples="index --rebuild",
            exits={EXIT_EXTERNAL: _UNREADABLE, EXIT_RETRY_LATER: _BUSY},
        ),
        Action(
            "recent",
            "what changed lately, by git's history",
            counted(_recent),
            options.add_recent,
            _check_languages,
            examples='recent --since "2 days" pool',
            exits=_EXITS,
        ),
        Action(
            "related",
            "files that belong to one: tests, imports, package, commits together, rare words",
            counted(_related),
            options.add_related,
            examples="related --file src/boombap/db/collect.py",
            exits=_EXITS,
        ),
        Action(
            "outline",
            "the definitions of one file: lines, kind and signature, by their nesting",
            _outline,
            options.add_outline,
            examples="outline src/boombap/db/collect.py",
            exits={
                EXIT_FINDINGS: "the file has no definitions",
                EXIT_EXTERNAL: f"the file is not indexed, or {_UNREADABLE}",
                EXIT_RETRY_LATER: _BUSY,
            },
        ),
        Action(
            "map",
            "the signatures of the most imported files, within a budget of tokens",
            _map,
            options.add_map,
            _check_languages,
            examples="map --budget 2000\nmap --path src --exclude tests",
            exits={
                EXIT_FINDINGS: "no code defines anything",
                EXIT_NO_VERDICT: _PARTIAL,
                EXIT_EXTERNAL: f"a file of the map or {_UNREADABLE}",
                EXIT_RETRY_LATER: _BUSY,
            },
        ),
        Action(
            "pack",
            "the best chunks for a question, whole, within a budget of tokens",
            counted(_pack),
            options.add_pack,
            _check_pack,
            examples='pack "connection pool" --budget 2000',
            exits=_EXITS,
        ),
        Action(
            "status",
            "what was indexed, and what was left out and why",
            _status,
            options.add_status,
            examples="status --prune",
            exits={
                EXIT_EXTERNAL: f"{_UNREADABLE}; with --prune: an index cannot be removed",
                EXIT_RETRY_LATER: _BUSY,
            },
        ),
        Action(
            "mcp",
            "serve search, pack, outline, map, related, recent and status to an assistant on stdin and stdout",
            _mcp,
            options.add_mcp,
        ),
    ),
    notes="""\
Exit codes: 0 found, 1 nothing found, 2 usage, 3 the tree or the index cannot be read,
4 nothing found, and not everything was searched, 75 another process is writing the index, 130 Ctrl-C.""",
)
