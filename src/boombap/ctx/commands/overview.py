"""`ctx outline` and `ctx map`: what one file defines, and what the most central files of a repository define."""

from __future__ import annotations

import os

from boombap.ctx.answers.filter import in_tree
from boombap.ctx.commands.answering import answered, file_filter, note_unmatched, with_index, write_json, write_lines
from boombap.errors import EXIT_EXTERNAL, EXIT_FINDINGS, EXIT_OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.command.context import RunContext
    from boombap.ctx.answers.repo_map import RepositoryMap
    from boombap.ctx.indexing.index import Index


def outline(context: RunContext) -> int:
    """Print the definitions of a file."""

    def ask(index: Index) -> int:
        from boombap.ctx import encode, report
        from boombap.ctx.answers import outline

        answer = outline.outline(index, in_tree(context.args.file, index.root, os.getcwd()))
        code = EXIT_OK if answer.definitions else EXIT_FINDINGS
        if context.args.format == "json":
            return write_json(context, encode.outline_object(index, answer), code)
        lines = f"{report.quantity(answer.lines, 'line')} of {answer.language}"
        nothing = f"{report.shown(answer.path, index.root)} has no definitions: {lines}"
        shown = report.outline_lines(answer, index.root, context.terminal) if answer.definitions else ()
        return write_lines(context, shown, code, nothing=nothing)

    return with_index(context, ask)


def map_(context: RunContext) -> int:
    """Print the map of the repository."""

    def ask(index: Index) -> int:
        from boombap.ctx import encode, report
        from boombap.ctx.answers.repo_map import repository_map

        answer = repository_map(index, context.args.budget, file_filter(context.args, index.root))
        _note_map(context, index, answer)
        code = exit_of_map(index, answer)
        if context.args.format == "json":
            return write_json(context, encode.map_object(index, answer), code)
        for line in report.map_lines(answer, index.root, context.terminal):
            context.terminal.write(line)
        if not answer.files:
            context.terminal.note("nothing to map: no code that is indexed defines anything")
        return code

    return with_index(context, ask)


def exit_of_map(index: Index, answer: RepositoryMap) -> int:
    """Return the exit code of a map: a file that could not be read decides it, whatever the others gave."""
    if answer.unread:
        return EXIT_EXTERNAL
    return answered(index, is_found=bool(answer.files))


def _note_map(context: RunContext, index: Index, answer: RepositoryMap) -> None:
    from boombap.ctx import report

    if not answer.files:
        note_unmatched(context, index)
    for skipped in answer.unread:
        context.terminal.note(f"{report.shown(skipped.path, index.root)} cannot be read: {skipped.reason}")
    if answer.files:
        files = f"{report.quantity(len(answer.files), 'file')} shown, {answer.left_out:,} left out"
        context.terminal.note(report.budget_note(answer.tokens, answer.budget, files))
