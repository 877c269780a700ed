"""What every question to an index has in common: opening it, which files may answer, and writing the answer."""

from __future__ import annotations

import os

from boombap.ctx.answers.filter import Filter, in_tree, unmatched_notes
from boombap.ctx.model import Limits
from boombap.errors import EXIT_FINDINGS, EXIT_NO_VERDICT, EXIT_OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from boombap.command.context import RunContext
    from boombap.ctx.indexing.index import Index
    from boombap.ctx.settings import CtxSettings

    Answer = TypeVar("Answer")


def _settings(context: RunContext) -> CtxSettings:
    from boombap.ctx.settings import CtxSettings

    return context.config.of(CtxSettings)


def _open(context: RunContext, *, is_rebuilt: bool = False, is_thorough: bool = False) -> Index:
    from boombap.ctx.indexing.index import open_or_build

    index = open_or_build(
        context.args.root,
        cache_folder(context),
        limits=limits(context),
        is_rebuilt=is_rebuilt,
        is_thorough=is_thorough,
        pause=context.interrupt.sleep,
    )
    context.stack.callback(index.close)
    return index


def cache_folder(context: RunContext) -> str:
    """Return the folder of all indexes."""
    assert context.config.paths.cache is not None, "config.load fills it in"
    return str(context.config.paths.cache)


def has_index(context: RunContext, root: str) -> bool:
    """Tell whether a tree was indexed before."""
    from boombap.ctx.indexing.store import place

    return os.path.exists(place(cache_folder(context), root))


def limits(context: RunContext) -> Limits:
    """Return what bounds the index."""
    settings = _settings(context)
    return Limits(settings.max_files, settings.max_index_mb)


def file_filter(args: Namespace, root: str, since_s: int = 0) -> Filter:
    """Return which files may answer, by ``--lang``, ``--path`` and ``--exclude``.

    Raises:
        NotFound: for a path outside the tree.
    """
    groups = (args.path, args.exclude)
    paths, excluded = ([in_tree(name, root, os.getcwd()) for name in names] for names in groups)
    return Filter(args.lang, paths, since_s, excluded)


def note_unmatched(context: RunContext, index: Index) -> None:
    """Say which of the paths asked for hold no indexed file."""
    for note in unmatched_notes(index, file_filter(context.args, index.root).paths):
        context.terminal.note(note)


def note_unread(context: RunContext, notes: Iterable[str]) -> None:
    """Say which files could not be read; their names may hold anything."""
    from boombap.output.terminal import printable

    for note in notes:
        context.terminal.note(printable(note))


def with_index(
    context: RunContext, ask: Callable[[Index], Answer], *, is_rebuilt: bool = False, is_thorough: bool = False
) -> Answer:
    """Ask the index; when it proves damaged, rebuild it and ask once more."""
    from boombap.ctx.indexing.index import ask_index

    def open_index(is_again: bool) -> Index:  # noqa: FBT001 - the one argument that `ask_index` gives
        return _open(context, is_rebuilt=is_rebuilt or is_again, is_thorough=is_thorough)

    def noted(index: Index) -> Answer:
        for note in index.all_notes:
            context.terminal.note(note)
        return ask(index)

    return ask_index(open_index, noted, context.terminal.note)


def answered(index: Index, *, is_found: bool, is_partial: bool = False) -> int:
    """Return the exit code of an answer: where files may be missing, "nothing found" is not a verdict."""
    if is_found:
        return EXIT_OK
    return EXIT_NO_VERDICT if is_partial or index.is_partial else EXIT_FINDINGS


def write_json(context: RunContext, value: object, code: int = EXIT_OK) -> int:
    """Write an answer for programs; returns the exit code that it was given."""
    from boombap.output.encode import to_json

    context.terminal.write(to_json(value))
    return code


def write_lines(
    context: RunContext, lines: Iterable[str], code: int = EXIT_OK, *, nothing: str = "nothing found"
) -> int:
    """Write an answer for people, with a note where it is empty; returns the exit code that it was given."""
    for line in lines:
        context.terminal.write(line)
    if code:
        context.terminal.note(nothing + ", but not everything was searched" * (code == EXIT_NO_VERDICT))
    return code
