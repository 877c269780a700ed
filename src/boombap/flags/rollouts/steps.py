"""Steps a rollout: reads what runs say, sets the flag, and keeps what was decided.

The flag is set before the decision is kept: a process that ends between the two leaves a flag that is a step ahead,
which the next one sees. A share that the rollout did not set is a person's, and the rollout stops.
"""

from __future__ import annotations

from boombap.errors import NotFound, UsageError
from boombap.flags.rollouts import file as rollout_file
from boombap.flags.rollouts.decision import Decision, decide
from boombap.flags.rollouts.file import Rollout
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from boombap.flags.rollouts.decision import Plan, Run


class Wheel(Record):
    """What a rollout is steered with.

    Attributes:
        percent: returns the share of native that is served now, None where the flag is not set or not known.
        set_percent: sets it.
        runs: returns the runs of native since a Unix time, and those of classic.
        sleep: waits while another process steps the same rollout.
        now_s: the Unix time.
    """

    percent: Callable[[], float | None]
    set_percent: Callable[[float], object]
    runs: Callable[[float], tuple[Sequence[Run], Sequence[Run]]]
    sleep: Callable[[float], None]
    now_s: float


def start(path: Path, flag: str, plan: Plan, wheel: Wheel) -> Rollout:
    """Set the flag to the first share and return the rollout.

    Raises:
        UsageError: when one is running already.
        ExternalError: when the flag or the rollout cannot be written.
    """
    with rollout_file.locked(path, wheel.sleep):
        before = rollout_file.read(path)
        if before and before.state == "running":
            raise UsageError(
                f"a rollout of {flag} is running, at {before.percent:g} %",
                hint=f"`boombap flags rollout stop {flag}` ends it",
            )
        wheel.set_percent(plan.steps[0])
        rollout = Rollout(flag, plan, 0, wheel.now_s, "running", "started")
        rollout_file.write(path, rollout)
    return rollout


def advance(path: Path, flag: str, wheel: Wheel) -> tuple[Rollout, Decision | None]:
    """Step a rollout and return it with what was decided, None where it had ended before.

    Raises:
        NotFound: when there is none.
        ExternalError: when the flag or the rollout cannot be read or written.
    """
    with rollout_file.locked(path, wheel.sleep):
        rollout = _known(path, flag)
        if rollout.state != "running":
            return rollout, None
        rollout = _caught_up(rollout, wheel)
        decision = None
        if rollout.state == "running":
            decision = decide(rollout.plan, rollout.step, *wheel.runs(rollout.since_s))
            rollout = _taken(rollout, decision, wheel)
        rollout_file.write(path, rollout)
    return rollout, decision


def stop(path: Path, flag: str, wheel: Wheel) -> Rollout:
    """End a rollout; the flag stays where it is.

    Raises:
        NotFound: when there is none.
    """
    with rollout_file.locked(path, wheel.sleep):
        rollout = _known(path, flag)
        if rollout.state == "running":
            rollout = rollout.replace(state="stopped", reason="stopped by a person")
            rollout_file.write(path, rollout)
    return rollout


def _known(path: Path, flag: str) -> Rollout:
    rollout = rollout_file.read(path)
    if rollout is None:
        raise NotFound(f"there was no rollout of {flag}", hint=f"`boombap flags rollout start {flag}` begins one")
    return rollout


def _caught_up(rollout: Rollout, wheel: Wheel) -> Rollout:
    """Return the rollout at the share that is served: its own, the next one, or a person's, which ends it."""
    served, following = wheel.percent(), rollout.step + 1
    if served == rollout.percent:
        return rollout
    if following < len(rollout.plan.steps) and served == rollout.plan.steps[following]:
        return rollout.replace(step=following, since_s=wheel.now_s)
    now = "is not known" if served is None else f"is {served:g} %"
    return rollout.replace(state="stopped", reason=f"the share {now}, not {rollout.percent:g} %: somebody has set it")


def _taken(rollout: Rollout, decision: Decision, wheel: Wheel) -> Rollout:
    """Do what was decided, and return the rollout after it."""
    rollout = rollout.replace(reason=decision.reason)
    if decision.action == "abort":
        wheel.set_percent(0.0)
        return rollout.replace(state="aborted")
    if decision.action == "finish":
        return rollout.replace(state="finished")
    if decision.action == "advance":
        wheel.set_percent(rollout.plan.steps[rollout.step + 1])
        return rollout.replace(step=rollout.step + 1, since_s=wheel.now_s)
    return rollout
