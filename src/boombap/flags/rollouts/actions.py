"""`flags rollout` and `flags report`: what the runs of both engines say, and what to do about it."""

from __future__ import annotations

import time
from functools import partial

from boombap.errors import EXIT_FINDINGS, EXIT_NO_VERDICT, EXIT_OK, NotFound
from boombap.flags import outcomes
from boombap.flags.change import set_percent
from boombap.flags.evaluation import Flags
from boombap.flags.rollouts import comparison, steps
from boombap.flags.rollouts import file as rollout_file
from boombap.flags.rollouts.decision import Plan
from boombap.flags.rollouts.steps import Wheel
from boombap.flags.settings import FlagSettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boombap.command.context import RunContext
    from boombap.flags.outcomes import Outcome
    from boombap.flags.rollouts.file import Rollout


def rollout(context: RunContext) -> int:
    """Do one step of a rollout, or show it; one that went back ends with 1."""
    from boombap.command.emit import answer
    from boombap.flags.rollouts.report import rollout_lines, rollout_object

    args = context.args
    now, decided = _stepped(context, rollout_file.path_of(_state(context), args.name))
    answer(context, lambda: rollout_lines(now, decided), lambda: rollout_object(now, decided))
    return EXIT_FINDINGS if now.state == "aborted" else EXIT_OK


def _stepped(context: RunContext, path: Path) -> tuple[Rollout, str]:
    """Return the rollout with what this step did: advance, wait, abort or finish; nothing where it only looked."""
    args, wheel = context.args, _wheel(context)
    if args.step == "start":
        return steps.start(path, args.name, _plan(context), wheel), ""
    if args.step == "stop":
        return steps.stop(path, args.name, wheel), ""
    if args.step == "advance":
        now, decision = steps.advance(path, args.name, wheel)
        return now, decision.action if decision else ""
    kept = rollout_file.read(path)
    if kept is None:
        raise NotFound(
            f"there was no rollout of {args.name}", hint=f"`boombap flags rollout start {args.name}` begins one"
        )
    return kept, ""


def report(context: RunContext) -> int:
    """Compare the kept runs of both engines; too few of them end with 4."""
    from boombap.command.emit import answer
    from boombap.flags.rollouts.report import comparison_lines, comparison_object

    flag = context.args.name
    kept = outcomes.read(_state(context), flag, context.terminal.note)
    pairs = comparison.pairs(kept)
    rows = [row for pair in pairs for row in (pair.native, pair.classic)]
    verdict, share = comparison.verdict(pairs), _percent(context)
    answer(
        context,
        lambda: comparison_lines(rows, verdict, share, kept.lost),
        lambda: comparison_object(flag, pairs, verdict, share, kept.lost),
    )
    return EXIT_OK if any(pair.is_enough for pair in pairs) else EXIT_NO_VERDICT


def _plan(context: RunContext) -> Plan:
    args = context.args
    given = {"steps": args.steps, "min_runs": args.min_runs, "max_slowdown": args.max_slowdown}
    if args.max_failures is not None:
        given["max_failures"] = args.max_failures / 10_000
    return Plan(**{name: value for name, value in given.items() if value is not None})


def _wheel(context: RunContext) -> Wheel:
    settings, state = context.config.of(FlagSettings), _state(context)

    def set_share(percent: float) -> None:
        set_percent(settings, state, context.interrupt, context.args.name, round(100 * percent))

    return Wheel(partial(_percent, context), set_share, partial(_runs, context), context.interrupt.sleep, time.time())


def _runs(context: RunContext, since_s: float) -> tuple[Sequence[Outcome], Sequence[Outcome]]:
    kept = outcomes.read(_state(context), context.args.name, context.terminal.note)
    return [outcome for outcome in kept.native if outcome.at_s >= since_s], kept.classic


def _percent(context: RunContext) -> float | None:
    """Return the share of native that is served, None where the flag is not set or cannot be known."""
    flags = Flags(context.config.of(FlagSettings), _state(context), context.interrupt, note=context.terminal.note)
    definition, _ = flags.definition(context.args.name)
    return definition.percent if definition else None


def _state(context: RunContext) -> Path:
    assert context.config.paths.state is not None, "config.load fills it in"
    return context.config.paths.state
