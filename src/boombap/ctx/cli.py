"""The actions of `ctx`: options and configuration to an index and a question, answers to stdout."""

from __future__ import annotations

import os
import time
from functools import partial

from boombap.command.action import Action, Tool
from boombap.ctx import options
from boombap.ctx.answers.filter import Filter, in_tree, unmatched
from boombap.ctx.model import Limits
from boombap.errors import EXIT_EXTERNAL, EXIT_FINDINGS, EXIT_OK, EXIT_RETRY_LATER
from boombap.units import parse_duration_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from boombap.command.context import RunContext
    from boombap.config.section import Section
    from boombap.ctx.indexing.index import Index
    from boombap.ctx.model import Hit
    from boombap.ctx.settings import CtxSettings


def _section() -> Section:
    from boombap.ctx.settings import SECTION

    return SECTION


def _settings(context: RunContext) -> CtxSettings:
    from boombap.ctx.settings import CtxSettings

    return context.config.of(CtxSettings)


def _check_search(args: Namespace) -> None:
    options.check_search(args)
    _check_languages(args)


def _check_languages(args: Namespace) -> None:
    if not args.lang:
        return
    from boombap.ctx.structure.languages import check_names

    check_names(args.lang)


def _open(context: RunContext, *, is_rebuilt: bool = False, is_thorough: bool = False) -> Index:
    from boombap.ctx.indexing.index import open_or_build

    index = open_or_build(
        context.args.root,
        _cache(context),
        limits=_limits(context),
        is_rebuilt=is_rebuilt,
        is_thorough=is_thorough,
        pause=context.interrupt.sleep,
    )
    context.stack.callback(index.close)
    return index


def _cache(context: RunContext) -> str:
    """Return the folder of all indexes."""
    assert context.config.paths.cache is not None, "config.load fills it in"
    return str(context.config.paths.cache)


def _limits(context: RunContext) -> Limits:
    settings = _settings(context)
    return Limits(settings.max_files, settings.max_index_mb)


def _search(context: RunContext) -> int:
    from boombap.ctx.answers.search import search

    args, query = context.args, " ".join(context.args.query)

    def ask(index: Index) -> int:
        only = _filter(args, index)
        if args.regex is not None:
            from boombap.ctx.answers.grep import grep

            lines = grep(
                index,
                args.regex,
                limit=args.n,
                only=only,
                ignore_case=args.ignore_case,
                around=args.context or 0,
                interrupt=context.interrupt,
            )
            return _hits(context, index, args.regex, lines, {}, is_numbered=args.context is not None)
        corrections: dict[str, str] = {}
        hits = search(
            index,
            query,
            limit=args.n,
            only=only,
            on_correction=corrections.__setitem__,
            ignore_case=args.ignore_case,
        )
        return _hits(context, index, query, hits, corrections)

    return _with_index(context, ask)


def _filter(args: Namespace, index: Index, since_s: int = 0) -> Filter:
    groups = (args.path, args.exclude)
    paths, excluded = ([in_tree(name, index.root, os.getcwd()) for name in names] for names in groups)
    return Filter(args.lang, paths, since_s, excluded)


def _hits(
    context: RunContext,
    index: Index,
    query: str,
    hits: Sequence[Hit],
    corrections: Mapping[str, str],
    *,
    is_numbered: bool = False,
) -> int:
    from boombap.ctx import encode, report

    args = context.args
    if not hits:
        _note_unmatched(context, index)
    if args.format == "json":
        return _json(context, encode.search_object(index, query, hits, corrections), is_found=bool(hits))
    for word, other in corrections.items():
        context.terminal.note(f"no match for {word!r}; showing results for {other!r}")
    if args.files_only:
        return _lines(context, report.file_lines(hits, index.root), is_found=bool(hits))
    shown = report.search_lines(hits, index.root, context.terminal, explain=args.explain, is_numbered=is_numbered)
    return _lines(context, shown, is_found=bool(hits))


def _note_unmatched(context: RunContext, index: Index) -> None:
    """Say which of the paths asked for hold no indexed file: that nothing was found there says nothing."""
    for path, reason in unmatched(index, _filter(context.args, index).paths):
        context.terminal.note(f"no indexed file matches {path}{': ' * bool(reason)}{reason}")


def _with_index(
    context: RunContext, ask: Callable[[Index], int], *, is_rebuilt: bool = False, is_thorough: bool = False
) -> int:
    """Ask the index; when it proves damaged, rebuild it and ask once more."""
    from boombap.ctx.indexing.index import ask_index

    def open_index(is_again: bool) -> Index:  # noqa: FBT001 - the one argument that `ask_index` gives
        return _open(context, is_rebuilt=is_rebuilt or is_again, is_thorough=is_thorough)

    def noted(index: Index) -> int:
        for note in index.all_notes:
            context.terminal.note(note)
        return ask(index)

    return ask_index(open_index, noted, context.terminal.note)


def _index(context: RunContext) -> int:
    begun = time.perf_counter()

    def ask(index: Index) -> int:
        files, size = index.database.execute("SELECT count(*), coalesce(sum(size), 0) FROM files").fetchone()
        took_ms = 1000 * (time.perf_counter() - begun)
        if context.args.format == "json":
            return _status_of(context, index)
        state = "built" if context.args.rebuild else "brought up to date" if index.built else "already up to date"
        context.terminal.write(f"{state} in {took_ms:.0f} ms: {files:,} files, {size / 1e6:.1f} MB of text")
        return EXIT_OK

    return _with_index(context, ask, is_rebuilt=context.args.rebuild, is_thorough=True)


def _recent(context: RunContext) -> int:
    args, query = context.args, " ".join(context.args.query)
    since_s = int(time.time() - parse_duration_s(args.since))

    def ask(index: Index) -> int:
        from boombap.ctx import encode, report
        from boombap.ctx.answers import recent

        if query:
            from boombap.ctx.answers.search import search

            corrections: dict[str, str] = {}
            only = _filter(args, index, since_s)
            hits = search(index, query, limit=args.n, only=only, on_correction=corrections.__setitem__)
            return _hits(context, index, query, hits, corrections)
        changes = recent.changes(index, since_s, _filter(args, index), args.n)
        if not changes:
            _note_unmatched(context, index)
        if args.format == "json":
            return _json(context, encode.recent_object(index, since_s, changes), is_found=bool(changes))
        if args.files_only:
            return _lines(
                context, [report.shown(change.path, index.root) for change in changes], is_found=bool(changes)
            )
        lines = report.recent_lines(changes, index.root, time.time()) if changes else ()
        return _lines(context, lines, is_found=bool(changes))

    return _with_index(context, ask)


def _related(context: RunContext) -> int:
    args = context.args

    def ask(index: Index) -> int:
        from boombap.ctx import encode, report
        from boombap.ctx.answers import related

        files = related.relatives(index, in_tree(args.file, index.root, os.getcwd()), args.n)
        if args.format == "json":
            return _json(context, encode.related_object(index, args.file, files), is_found=bool(files))
        if args.files_only:
            return _lines(context, [report.shown(file.path, index.root) for file in files], is_found=bool(files))
        return _lines(context, report.related_lines(files, index.root, explain=args.explain), is_found=bool(files))

    return _with_index(context, ask)


def _status(context: RunContext) -> int:
    return _prune(context) if context.args.prune else _show_status(context)


def _prune(context: RunContext) -> int:
    from boombap.ctx import encode, report
    from boombap.ctx.indexing.prune import prune

    indexes = prune(_cache(context))
    if context.args.format == "json":
        _json(context, encode.prune_object(indexes), is_found=True)
    else:
        _lines(context, report.prune_lines(indexes), is_found=True)
    return EXIT_EXTERNAL if any(index.state == "failed" for index in indexes) else EXIT_OK


def _show_status(context: RunContext) -> int:
    return _with_index(context, partial(_status_of, context))


def _status_of(context: RunContext, index: Index) -> int:
    from boombap.ctx import encode, report
    from boombap.ctx.answers.status import status

    facts = status(index, _cache(context))
    if context.args.format == "json":
        return _json(context, encode.status_object(facts), is_found=True)
    return _lines(context, report.status_lines(facts, context.terminal), is_found=True)


def _mcp(context: RunContext) -> int:
    from boombap.ctx.mcp import server

    root, state = os.path.abspath(context.args.root), str(context.config.paths.state)
    return server.serve(root, _cache(context), _limits(context), state, context.interrupt)


def _json(context: RunContext, value: object, *, is_found: bool) -> int:
    from boombap.output.encode import to_json

    context.terminal.write(to_json(value))
    return EXIT_OK if is_found else EXIT_FINDINGS


def _lines(context: RunContext, lines: Iterable[str], *, is_found: bool) -> int:
    for line in lines:
        context.terminal.write(line)
    if not is_found:
        context.terminal.note("nothing found")
    return EXIT_OK if is_found else EXIT_FINDINGS


_UNREADABLE = "the tree, git or the index cannot be read"
_BUSY = "another process has been writing the index for two minutes"

TOOL = Tool(
    description="Which lines of this repository answer a question.",
    section=_section,
    actions=(
        Action(
            "search",
            "the best answers; a text in double quotes must occur as written",
            _search,
            options.add_search,
            _check_search,
            examples='search "FastAPI route handler"\nsearch --explain -n 3 RouterGroup\n'
            "search -e 'todo|fixme' -i -C 2 --exclude tests",
            exits={EXIT_FINDINGS: "nothing was found", EXIT_EXTERNAL: _UNREADABLE, EXIT_RETRY_LATER: _BUSY},
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
            _recent,
            options.add_recent,
            _check_languages,
            examples='recent --since "2 days" pool',
            exits={EXIT_FINDINGS: "nothing was found", EXIT_EXTERNAL: _UNREADABLE, EXIT_RETRY_LATER: _BUSY},
        ),
        Action(
            "related",
            "files that belong to one: imports, commits together, tests, rare words",
            _related,
            options.add_related,
            examples="related --file src/boombap/db/collect.py",
            exits={EXIT_FINDINGS: "nothing was found", EXIT_EXTERNAL: _UNREADABLE, EXIT_RETRY_LATER: _BUSY},
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
            "serve search, related, recent and status to an assistant on stdin and stdout",
            _mcp,
            options.add_mcp,
        ),
    ),
    notes="""\
Exit codes: 0 found, 1 nothing found, 2 usage, 3 the tree or the index cannot be read,
75 another process is writing the index, 130 Ctrl-C.""",
)
