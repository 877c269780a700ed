"""What is kept of a rollout between its steps: a JSON file per flag in the state folder, for its owner only (0600)."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress

from boombap.errors import ExternalError, RetryLater
from boombap.filelock import lock_within
from boombap.flags.rollouts.decision import Plan
from boombap.private import make_folder
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Literal

    State = Literal["running", "finished", "aborted", "stopped"]

_MAX_BYTES = 100_000
_LOCK_S = 10.0


class Rollout(Record):
    """A rollout as it is now.

    Attributes:
        flag: its name.
        plan: what it may do.
        step: the place of the present share in the plan, from 0.
        since_s: when this step began, in Unix time.
        state: running, or how it ended.
        reason: of the latest decision.
    """

    flag: str
    plan: Plan
    step: int
    since_s: float
    state: State
    reason: str

    @property
    def percent(self) -> float:
        """Return the share of native that it stands for: that of its step, 0 where it went back."""
        return 0.0 if self.state == "aborted" else self.plan.steps[self.step]


def path_of(state: Path, flag: str) -> Path:
    """Return the file of a flag's rollout."""
    return state / "flags" / "rollouts" / f"{flag}.json"


def read(path: Path) -> Rollout | None:
    """Return what a file holds, None where there is none.

    Raises:
        ExternalError: when it cannot be read, or is not what `write` writes.
    """
    try:
        with path.open("rb") as file:
            kept = json.loads(file.read(_MAX_BYTES))
        plan = Plan(**{**kept.pop("plan"), "steps": tuple(map(float, kept.pop("steps")))})
        rollout = Rollout(plan=plan, **kept)
        _ = plan.steps[rollout.step], rollout.since_s + 0.0
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ExternalError(f"the rollout in {path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        hint = "remove the file, and start the rollout again"
        raise ExternalError(f"{path} does not hold a rollout", hint=hint) from None
    return rollout


def write(path: Path, rollout: Rollout) -> None:
    """Write a rollout, in one step.

    Raises:
        ExternalError: when it cannot be written.
    """
    plan = {name: getattr(rollout.plan, name) for name in rollout.plan.__match_args__ if name != "steps"}
    kept = {name: getattr(rollout, name) for name in rollout.__match_args__}
    text = json.dumps({**kept, "plan": plan, "steps": rollout.plan.steps}, indent=1)
    part = path.with_suffix(".part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise ExternalError(f"the rollout cannot be written to {path}: {error.strerror}") from None


@contextmanager
def locked(path: Path, sleep: Callable[[float], None]) -> Iterator[None]:
    """Keep other processes from stepping the same rollout.

    Raises:
        ExternalError: when the folder cannot be written.
        RetryLater: when another process has stepped it for ten seconds.
    """
    try:
        make_folder(path.parent)
        descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ExternalError(f"{path.parent} cannot be written: {error.strerror}") from None
    try:
        if lock_within(descriptor, _LOCK_S, sleep) is None:
            raise RetryLater("another process has been stepping this rollout for ten seconds")
        yield
    finally:
        with suppress(OSError):
            os.close(descriptor)
