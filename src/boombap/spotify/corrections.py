"""The actions of `spotify` with which a person corrects results."""

from __future__ import annotations

from boombap.command.emit import answer
from boombap.errors import EXIT_FINDINGS, EXIT_OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.command.context import RunContext


def choose(context: RunContext) -> int:
    """Let a person decide which track a row is."""
    from boombap.spotify import encode, report
    from boombap.spotify.commands import choose

    choice = choose.choose(context, context.args.row, _track_id(context.args.track))
    answer(context, lambda: report.choice_lines(choice), lambda: encode.choice(choice))
    return EXIT_OK


def _track_id(text: str) -> str:
    from boombap.spotify.catalogue.file_input import track_id

    try:
        return track_id(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def forget(context: RunContext) -> int:
    """Remove the results of rows; exit code 1 when one had none."""
    from boombap.spotify import encode, report
    from boombap.spotify.commands import forget

    is_dry = context.args.dry_run
    rows = forget.forget(context, _rows(context), is_dry=is_dry)
    answer(context, lambda: report.forgotten_lines(rows, is_dry=is_dry), lambda: encode.forgotten(rows, is_dry=is_dry))
    # "Was there something to remove of each row?"
    return EXIT_FINDINGS if any(row.is_empty for row in rows) else EXIT_OK


def restore(context: RunContext) -> int:
    """Put metadata back that was taken out of rows; exit code 1 when a row has none."""
    from boombap.spotify import encode, report
    from boombap.spotify.commands import restore

    is_dry, keys = context.args.dry_run, _rows(context)
    rows = restore.restore(context, keys, is_dry=is_dry)
    left = sorted(set(keys) - {row.key for row in rows})
    answer(
        context,
        lambda: report.restored_lines(rows, left, is_dry=is_dry),
        lambda: encode.restored(rows, left, is_dry=is_dry),
    )
    return EXIT_FINDINGS if left else EXIT_OK


def _rows(context: RunContext) -> list[int]:
    return sorted(set(context.args.rows))
