"""`ctx pack`: the best chunks for a question, whole, within a budget of tokens."""

from __future__ import annotations

from boombap.ctx.commands.answering import (
    answered,
    file_filter,
    note_unmatched,
    note_unread,
    with_index,
    write_json,
    write_lines,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.command.context import RunContext
    from boombap.ctx.indexing.index import Index


def pack(context: RunContext) -> int:
    """Print the best chunks for a question."""
    args, query = context.args, " ".join(context.args.query)

    def ask(index: Index) -> int:
        from boombap.ctx import encode, report
        from boombap.ctx.answers import pack

        corrections: dict[str, str] = {}
        only = file_filter(args, index.root)
        reader = index.reader()
        packed = pack.pack(index, query, args.budget, only=only, on_correction=corrections.__setitem__, reader=reader)
        if not packed.parts:
            note_unmatched(context, index)
        note_unread(context, reader.notes)
        code = answered(index, is_found=bool(packed.parts), is_partial=bool(reader.notes))
        if args.format == "json":
            answer = encode.pack_object(index, query, packed, corrections, reader.notes)
            return write_json(context, answer, code)
        for word, other in corrections.items():
            context.terminal.note(f"no match for {word!r}; showing results for {other!r}")
        if packed.parts:
            chunks = f"{report.quantity(packed.left_out, 'chunk')} left out"
            context.terminal.note(report.budget_note(packed.tokens, packed.budget, chunks))
        return write_lines(context, report.pack_lines(packed, index.root, context.terminal), code)

    return with_index(context, ask)
