"""`flags shadow`: begins and ends comparisons of both engines, and says what they found."""

from __future__ import annotations

from boombap.errors import EXIT_FINDINGS, EXIT_NO_VERDICT, EXIT_OK, ExternalError, UsageError
from boombap.flags.change import set_shadow
from boombap.flags.evaluation import Flags
from boombap.flags.model import Shadow
from boombap.flags.settings import FlagSettings
from boombap.flags.shadow import journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from boombap.command.context import RunContext
    from boombap.flags.model import Definition

_DEADLINE_S = 10.0
_ALL_HUNDREDTHS = 10_000


def shadow(context: RunContext) -> int:
    """Do one step of a shadow, or show it; differences end with 1, no comparison with 4."""
    step = {"start": _start, "stop": _stop, "status": _status}[context.args.step]
    return step(context)


def _start(context: RunContext) -> int:
    args, settings = context.args, context.config.of(FlagSettings)
    _check_has_classic(_definition(context), args.name)
    hundredths = _ALL_HUNDREDTHS if args.percent is None else args.percent
    if not hundredths:
        raise UsageError("--percent 0 compares nothing", hint=f"`boombap flags shadow stop {args.name}` ends a shadow")
    chosen = Shadow(hundredths / 100, _DEADLINE_S if args.deadline is None else args.deadline)
    change = set_shadow(settings, _state(context), context.interrupt, args.name, chosen)
    context.terminal.write(
        f"{args.name}: native runs beside {chosen.percent:g} % of the runs that classic answers, "
        f"for {chosen.deadline_s:g} s at most"
    )
    if change.before is None:
        tool = args.name.removesuffix("-engine")
        context.terminal.note(f"{args.name} was not set: from now on classic answers every key of {tool}")
    if settings.forced(args.name):
        place = context.config.sources[f"flags.{args.name.replace('-', '_')}"]
        context.terminal.note(f"{place} forces {settings.forced(args.name)}: nothing is compared here")
    return EXIT_OK


def _check_has_classic(definition: Definition | None, flag: str) -> None:
    """Refuse a flag that gives nothing to classic.

    Raises:
        UsageError: for one at 100 %.
    """
    if definition and not definition.has_classic:
        hint = f"`boombap flags set {flag} --percent 0` gives every key to classic"
        raise UsageError(f"native answers every key of {flag}, and only answers of classic are compared", hint=hint)


def _stop(context: RunContext) -> int:
    definition = _definition(context)
    if not (definition and definition.shadow):
        context.terminal.write(f"{context.args.name} has no shadow")
        return EXIT_OK
    set_shadow(context.config.of(FlagSettings), _state(context), context.interrupt, context.args.name, None)
    context.terminal.write(f"{context.args.name}: its shadow has ended; classic still answers as before")
    return EXIT_OK


def _status(context: RunContext) -> int:
    from boombap.command.emit import answer
    from boombap.flags.shadow import report

    flag = context.args.name
    definition = _definition(context)
    try:
        rows, unreadable = journal.read(_state(context), flag)
    except OSError as error:
        raise ExternalError(f"the comparisons of {flag} cannot be read: {error.strerror}") from None
    state = report.state(flag, definition.shadow if definition else None, rows, unreadable)
    folder = journal.folder_of(_state(context), flag)
    answer(context, lambda: report.lines(state, folder), lambda: report.to_object(state, folder))
    if not rows:
        return EXIT_NO_VERDICT
    return EXIT_OK if state.equal == state.compared and not unreadable else EXIT_FINDINGS


def _definition(context: RunContext) -> Definition | None:
    flags = Flags(context.config.of(FlagSettings), _state(context), context.interrupt, note=context.terminal.note)
    return flags.definition(context.args.name)[0]


def _state(context: RunContext) -> Path:
    assert context.config.paths.state is not None, "config.load fills it in"
    return context.config.paths.state
