"""The actions of `flags`."""

from __future__ import annotations

import time

from boombap.command.action import Action, Tool
from boombap.errors import EXIT_EXTERNAL, EXIT_FINDINGS, EXIT_NO_VERDICT, EXIT_OK, EXIT_RETRY_LATER
from boombap.flags import options
from boombap.flags.model import NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from boombap.command.context import RunContext
    from boombap.flags.evaluation import Flags, Source
    from boombap.flags.report import BreakerRow, Row, SourceRow
    from boombap.flags.settings import FlagSettings

_UNUSABLE = "a file or a Redis with flags cannot be used; the answer says what tools do then"


def _state(context: RunContext) -> Path:
    assert context.config.paths.state is not None, "config.load fills it in"
    return context.config.paths.state


def _settings(context: RunContext) -> FlagSettings:
    from boombap.flags.settings import FlagSettings

    return context.config.of(FlagSettings)


def _flags(context: RunContext) -> Flags:
    """Return the flags without counting what is asked here: no tool runs for it."""
    from boombap.flags.evaluation import Flags

    return Flags(_settings(context), _state(context), context.interrupt, note=context.terminal.note)


def _list(context: RunContext) -> int:
    from boombap.command.emit import answer
    from boombap.flags.report import list_lines, list_object

    flags = _flags(context)
    rows = [_row(flags, _settings(context), name) for name in NAMES]
    answer(context, lambda: list_lines(rows), lambda: list_object(rows, flags.problems()))
    return _exit_code(flags)


def _row(flags: Flags, settings: FlagSettings, name: str) -> Row:
    from boombap.flags.model import NATIVE
    from boombap.flags.report import Row

    definition, source = flags.definition(name)
    forced = settings.forced(name)
    if forced:
        return Row(name, 100.0 if forced == NATIVE else 0.0, "override", is_known=True)
    if definition:
        return Row(name, definition.percent, source, is_known=True)
    return Row(name, 0.0, source, is_known=False) if source else Row(name, 100.0, "default", is_known=True)


def _set(context: RunContext) -> int:
    from boombap.flags.change import set_percent
    from boombap.flags.report import percent

    args, settings = context.args, _settings(context)
    change = set_percent(settings, _state(context), context.interrupt, args.name, args.percent)
    context.terminal.write(f"{args.name}: {percent(change.before)} to {percent(change.after)} native")
    if settings.forced(args.name):
        place = context.config.sources[f"flags.{args.name.replace('-', '_')}"]
        context.terminal.note(f"{place} forces {settings.forced(args.name)}: the percentage has no effect here")
    return EXIT_OK


def _status(context: RunContext) -> int:
    from boombap.command.emit import answer
    from boombap.flags.hashing import SCHEME
    from boombap.flags.report import status_lines, status_object

    flags, unusable = _flags(context), list[str]()
    rows, breakers = [*_overrides(context), *map(_source_row, flags.sources)], list(_breakers(context, unusable.append))
    problems = [*flags.problems(), *unusable]
    answer(
        context,
        lambda: status_lines(rows, breakers, SCHEME),
        lambda: status_object(rows, breakers, SCHEME, problems),
    )
    for problem in unusable:
        context.terminal.note(problem)
    return EXIT_EXTERNAL if problems else EXIT_OK


def _breakers(context: RunContext, note: Callable[[str], None]) -> Iterator[BreakerRow]:
    """Yield the breaker of each flag behind which an engine has run."""
    from boombap.flags.outcomes import Outcomes, read
    from boombap.flags.report import breaker_row

    for name in NAMES:
        outcomes = read(_state(context), name, note)
        if outcomes != Outcomes():
            yield breaker_row(name, outcomes, time.time())


def _overrides(context: RunContext) -> Iterator[SourceRow]:
    from boombap.flags.report import SourceRow

    for name in NAMES:
        forced = _settings(context).forced(name)
        if forced:
            place = context.config.sources[f"flags.{name.replace('-', '_')}"]
            yield SourceRow("override", place, "used", f"{name} is {forced}")


def _source_row(source: Source) -> SourceRow:
    from boombap.flags.report import SourceRow

    flags = source.all()
    detail = ", ".join(flags) or "no flag is set here"
    state = "failed" if source.problem else "used" if flags else "empty"
    return SourceRow(source.name, source.place, state, source.problem or detail)


def _evaluate(context: RunContext) -> int:
    from boombap.command.emit import answer
    from boombap.flags.report import evaluation_lines, evaluation_object

    flags, name = _flags(context), context.args.name
    rows = [flags.evaluate(name, key) for key in context.args.keys]
    answer(context, lambda: evaluation_lines(rows), lambda: evaluation_object(name, rows, flags.problems()))
    return _exit_code(flags)


def _export(context: RunContext) -> int:
    from boombap.flags.export import document
    from boombap.output.encode import to_json

    flags = _flags(context)
    context.terminal.write(to_json(document(flags)))
    return _exit_code(flags)


def _history(context: RunContext) -> int:
    from boombap.command.emit import answer
    from boombap.flags.audit_log import read
    from boombap.flags.report import history_lines, history_object

    args = context.args
    changes, unreadable = read(_state(context))
    changes = [change for change in changes if args.name in {None, change.flag}][-args.n :]
    answer(context, lambda: history_lines(changes), lambda: history_object(changes, unreadable))
    if unreadable:
        context.terminal.note(f"{unreadable:,} lines of the log of changes cannot be read")
    return EXIT_EXTERNAL if unreadable else EXIT_OK


def _rollout(context: RunContext) -> int:
    from boombap.flags.rollouts import actions

    return actions.rollout(context)


def _shadow(context: RunContext) -> int:
    from boombap.flags.shadow import actions

    return actions.shadow(context)


def _report(context: RunContext) -> int:
    from boombap.flags.rollouts import actions

    return actions.report(context)


def _exit_code(flags: Flags) -> int:
    return EXIT_EXTERNAL if flags.problems() else EXIT_OK


TOOL = Tool(
    description="Which engine each tool runs, native or classic, for which share of its work.",
    actions=(
        Action(
            "list",
            "every flag with its percentage and where it is set",
            _list,
            options.add_list,
            examples="list\nlist --format json",
            exits={EXIT_EXTERNAL: _UNUSABLE},
        ),
        Action(
            "set",
            "set the share of keys that get the native engine",
            _set,
            options.add_set,
            examples="set spotify-engine --percent 25\nset db-engine --percent 0.5",
            exits={EXIT_EXTERNAL: "the file, Redis or the log of changes cannot be read or written"},
        ),
        Action(
            "status",
            "where flags are kept, what is forced, and the breaker of each flag",
            _status,
            options.add_list,
            examples="status",
            exits={EXIT_EXTERNAL: _UNUSABLE},
        ),
        Action(
            "evaluate",
            "which engine works on a key, and why",
            _evaluate,
            options.add_evaluate,
            examples="evaluate spotify-engine track-1 track-7 --format json",
            exits={EXIT_EXTERNAL: _UNUSABLE},
        ),
        Action(
            "export",
            "print all flags as a file for flagd",
            _export,
            options.add_export,
            examples="export > flags.json",
            exits={EXIT_EXTERNAL: _UNUSABLE},
        ),
        Action(
            "history",
            "who changed which flag when, from and to which percentage",
            _history,
            options.add_history,
            examples="history\nhistory spotify-engine -n 5",
            exits={EXIT_EXTERNAL: "the log of changes, or a line of it, cannot be read"},
        ),
        Action(
            "rollout",
            "give native more keys step by step, as long as its runs are as good as classic's",
            _rollout,
            options.add_rollout,
            options.check_rollout,
            examples="rollout start ctx-engine --steps 5,25,100 --min-runs 30\nrollout advance ctx-engine",
            exits={
                EXIT_FINDINGS: "native was worse, and the flag went back to 0 %",
                EXIT_EXTERNAL: "the rollout, the flag or the log of changes cannot be read or written",
                EXIT_RETRY_LATER: "another process has been stepping this rollout for ten seconds",
            },
        ),
        Action(
            "shadow",
            "run native beside classic, whose answer is served, and keep what differs",
            _shadow,
            options.add_shadow,
            options.check_shadow,
            examples="shadow start ctx-engine --percent 10 --deadline 2s\nshadow status ctx-engine",
            exits={
                EXIT_FINDINGS: "with `status`: answers differ, or native failed or was late",
                EXIT_EXTERNAL: "the flag, the comparisons or the log of changes cannot be read or written",
                EXIT_NO_VERDICT: "with `status`: nothing was compared yet",
            },
        ),
        Action(
            "report",
            "the kept runs of both engines: failures, p50 and p95 with intervals of 95 %",
            _report,
            options.add_report,
            examples="report ctx-engine",
            exits={EXIT_NO_VERDICT: "there are not enough runs to compare the engines"},
        ),
    ),
    notes="""\
A flag decides by its name and the key, so a key that is in at 25 % is in at 50 %. Sources, the strongest
first: BOOMBAP_FLAG_DB_ENGINE and its like (native or classic), flags.redis, flags.file, the default: native.
A source that was configured and cannot be used never stops a tool: it runs its classic engine and says so.
Where native fails by a bug classic answers; after five failures in a row, or when it is slower than classic,
native is switched off, and tried again after 30 s by one run in twenty.

Exit codes: 0 fine, 1 a rollout went back or answers differ, 2 usage, 3 a file, a Redis or the log of changes
failed, 4 too few runs, 75 another process steps the rollout, 130 Ctrl-C.""",
)
