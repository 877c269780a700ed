"""One answer in the requested format: lines for a person, JSON for a program."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from boombap.command.context import RunContext


def answer(context: RunContext, lines: Callable[[], Iterable[str]], to_object: Callable[[], object]) -> None:
    """Write an answer as ``--format`` says; only the requested form is built.

    Args:
        lines: makes the lines for a person.
        to_object: makes the value that `--format json` prints.
    """
    if context.args.format == "json":
        from boombap.output.encode import to_json

        context.terminal.write(to_json(to_object()))
        return
    for line in lines():
        context.terminal.write(line)
