"""`ctx search`: the answers of the engine that the flag chooses, and how each is written.

Classic has words, quoted texts, and a choice of files. A regular expression and `--ignore-case` are native's alone.
"""

from __future__ import annotations

import sys

from boombap.ctx.answers.filter import Filter
from boombap.ctx.commands.answering import (
    file_filter,
    has_index,
    note_unmatched,
    note_unread,
    with_index,
    write_json,
    write_lines,
)
from boombap.ctx.model import SearchAnswer, Skipped
from boombap.errors import EXIT_FINDINGS, EXIT_NO_VERDICT, EXIT_OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.command.context import RunContext
    from boombap.ctx.indexing.index import Index
    from boombap.ctx.repository.files import Listing

_FLAG = "ctx-engine"
_WORK, _FIRST_WORK = "search", "index and search"
_UNREADABLE = "unreadable: "


def search(context: RunContext) -> int:
    """Print the best answers to a query, or the lines that a regular expression matches."""
    args = context.args
    if args.regex is not None:
        lines = with_index(context, lambda index: _lines(context, index))
        return write_answer(context, lines, is_numbered=args.context is not None)
    query = " ".join(args.query)

    def native() -> SearchAnswer:
        return with_index(context, lambda index: ranked(context, index, query))

    if args.ignore_case:
        return write_answer(context, native())
    from boombap.ctx.indexing.digest import digest
    from boombap.ctx.repository.roots import root_of
    from boombap.flags.engine import run

    root = root_of(args.root)
    answer = run(
        context,
        _FLAG,
        digest(root),
        native,
        lambda: _classic(context, root, query),
        may_fall_back=True,
        differ=differences,
        work=_WORK,
        native_work=_WORK if has_index(context, root) else _FIRST_WORK,
    )
    return write_answer(context, answer)


def differences(classic: SearchAnswer, native: SearchAnswer) -> list[str]:
    """Return where native's answer lacks something: the order of files is not expected to be the same."""
    files = {hit.path for hit in native.hits}
    best = classic.hits[0].path if classic.hits else None
    named = [f"classic's first file, {best}, is not among native's {len(files)}"] if best and best not in files else []
    if classic.is_complete != native.is_complete:
        named.append(f"{'native' if classic.is_complete else 'classic'} could not search all files")
    return named


def ranked(
    context: RunContext, index: Index, query: str, since_s: int = 0, *, is_partial: bool = False
) -> SearchAnswer:
    """Return the best answers of an index to a query.

    Args:
        context: of the run.
        index: of the tree that is searched.
        query: as it was asked.
        since_s: only files that a commit touched after this second; 0 means all.
        is_partial: whether the answer may lack something that the index does not know of.
    """
    from boombap.ctx.answers.search import search
    from boombap.ctx.answers.search_answer import search_answer

    args, reader = context.args, index.reader()
    corrections: dict[str, str] = {}
    hits = search(
        index,
        query,
        limit=args.n,
        only=file_filter(args, index.root, since_s),
        on_correction=corrections.__setitem__,
        ignore_case=getattr(args, "ignore_case", False),
        reader=reader,
    )
    answer = search_answer(index, query, hits, corrections, unread=reader.notes, is_partial=is_partial)
    return _noted(context, index, answer, reader.notes)


def write_answer(context: RunContext, answer: SearchAnswer, *, is_numbered: bool = False) -> int:
    """Write an answer as `--format` says, and return the exit code; `is_numbered` shows snippets as grep does."""
    from boombap.ctx import encode, report

    args = context.args
    code = EXIT_OK if answer.hits else EXIT_FINDINGS if answer.is_complete else EXIT_NO_VERDICT
    if args.format == "json":
        return write_json(context, encode.search_object(answer), code)
    for word, other in answer.corrections.items():
        context.terminal.note(f"no match for {word!r}; showing results for {other!r}")
    if args.files_only:
        return write_lines(context, report.file_lines(answer.hits, answer.root), code)
    shown = report.search_lines(
        answer.hits, answer.root, context.terminal, explain=args.explain, is_numbered=is_numbered
    )
    return write_lines(context, shown, code)


def _lines(context: RunContext, index: Index) -> SearchAnswer:
    from boombap.ctx.answers.grep import grep
    from boombap.ctx.answers.search_answer import search_answer

    args, reader = context.args, index.reader()
    lines = grep(
        index,
        args.regex,
        limit=args.n,
        only=file_filter(args, index.root),
        ignore_case=args.ignore_case,
        around=args.context or 0,
        interrupt=context.interrupt,
        reader=reader,
    )
    return _noted(context, index, search_answer(index, args.regex, lines, {}, unread=reader.notes), reader.notes)


def _noted(context: RunContext, index: Index, answer: SearchAnswer, unread: list[str]) -> SearchAnswer:
    if not answer.hits:
        note_unmatched(context, index)
    note_unread(context, unread)
    return answer


def _classic(context: RunContext, root: str, query: str) -> SearchAnswer:
    """Return the answers of the plain engine, among the files that the options choose."""
    from boombap.ctx.classic import search

    args, only = context.args, file_filter(context.args, root)
    listings: list[Listing] = []
    skipped: list[Skipped] = []
    # Which file comes first is known only among all.
    limit = sys.maxsize if only else args.n
    hits = search(root, query, limit, on_listed=listings.append, on_skipped=skipped.append)
    hits = [hit for hit in hits if only.has(hit.path, _language(root, hit.path) if args.lang else "", 0)][: args.n]
    skipped += [file for listed in listings for file in listed.skipped]
    unread = [file for file in skipped if file.reason.startswith(_UNREADABLE)]
    notes = [listed.note for listed in listings if listed.note]
    notes += [f"{file.path} cannot be read: {file.reason.removeprefix(_UNREADABLE)}" for file in unread]
    note_unread(context, notes)
    if not hits:
        note_unread(context, _unmatched(only, listings))
    is_complete = not unread and not any(listed.is_cut for listed in listings)
    return SearchAnswer(root, query, hits, {}, notes, is_complete, "classic")


def _language(root: str, path: str) -> str:
    from boombap.ctx.repository.texts import lines_of
    from boombap.ctx.structure.languages import language_of

    lines = lines_of(root, path, None)
    return "" if isinstance(lines, Skipped) else language_of(path, lines[0])


def _unmatched(only: Filter, listings: list[Listing]) -> Iterator[str]:
    paths = [path for listed in listings for path in listed.paths]
    for name in only.paths:
        named = Filter(paths=[name])
        if not any(named.has(path, "", 0) for path in paths):
            yield f"no file matches {name}"
