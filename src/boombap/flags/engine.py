"""Runs the engine of a tool that its flag chooses, and classic in its place where native fails or is switched off.

Where nobody has configured a flag native runs as if there were no switch: nothing is written, and its errors stay.
Elsewhere each run leaves an outcome (`outcomes`). An engine that the configuration forces is never replaced.
"""

from __future__ import annotations

import time

from boombap.errors import BoombapError, ConfigError, NoVerdict, UsageError
from boombap.flags.evaluation import count, opened
from boombap.flags.model import CLASSIC, NATIVE
from boombap.flags.settings import FlagSettings
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from boombap.command.context import RunContext
    from boombap.flags.fallback import Fallback
    from boombap.flags.model import Evaluation
    from boombap.flags.shadow.difference import Differ

    Answer = TypeVar("Answer")

_SLOW_S = 0.5
# What the extra `classic` installs and the native engines do without.
_CLASSIC_MODULES = frozenset(("psycopg2", "redis", "prometheus_client"))
# Not failures of an engine: errors raised on purpose, a reader that went away, an argument, a missing extra.
_NOT_OF_THE_ENGINE = (BoombapError, BrokenPipeError, UnicodeEncodeError, ModuleNotFoundError)


def run(
    context: RunContext,
    flag: str,
    key: str,
    native: Callable[[], Answer],
    classic: Callable[[], Answer],
    *,
    may_fall_back: bool,
    differ: Differ[Answer] | None = None,
    work: str = "",
    native_work: str = "",
) -> Answer:
    """Return the answer of the engine that a flag chooses for a key, with a note where that is not native.

    The engines only compute: an engine that fails has written nothing. An error that is raised on purpose
    (`BoombapError`) is one of the data or of a server, which the other engine would meet too.

    Args:
        context: of the run.
        flag: its name, for example ``db-engine``.
        key: what the work is about, as `evaluate` takes it.
        native: computes the answer.
        classic: computes it in the plain way.
        may_fall_back: whether classic may answer where native fails; not for a verdict, nor for what changes something.
        differ: names what differs in the answers of classic and native, where a shadow compares them; None compares
            every field but the engine's name.
        work: what is done, ``keys`` for example: times of different work are never compared.
        native_work: what native has to do where that is more, such as making an index first.

    Raises:
        UsageError: when classic is to run and its extra is not installed.
        ConfigError: when `flags.redis` is not an address, or a fault is to be made outside a test environment.
    """
    native = _with_fault(context, flag, native)
    evaluation = opened(context, is_counted=False).evaluate(flag, key)
    if evaluation.source == "default" and not context.config.of(FlagSettings).test_engine_fault:
        count(context, evaluation)
        return native()
    may_fall_back = may_fall_back and evaluation.reason != "OVERRIDE"
    works = {NATIVE: native_work or work, CLASSIC: work}
    return _Run(context, evaluation, works, may_fall_back=may_fall_back).answer(native, classic, differ)


class _Failed(Record):
    """A run of native that failed.

    Attributes:
        error: that nobody raises on purpose.
        took_s: until then, in seconds.
    """

    error: Exception
    took_s: float


class _Run:
    """One run of a tool whose flag is configured."""

    def __init__(
        self, context: RunContext, evaluation: Evaluation, works: Mapping[str, str], *, may_fall_back: bool
    ) -> None:
        from boombap.flags.fallback import Fallback  # only where a flag is configured

        assert context.config.paths.state is not None, "config.load fills it in"
        self._context = context
        self._evaluation = evaluation
        self._works = works
        self._may_fall_back = may_fall_back
        self._state = context.config.paths.state
        self._tool = evaluation.flag.partition("-")[0]
        self._fallback: Fallback = Fallback(self._state, evaluation.flag, context.terminal.note)

    def answer(
        self, native: Callable[[], Answer], classic: Callable[[], Answer], differ: Differ[Answer] | None
    ) -> Answer:
        """Return the answer of the engine that is to run."""
        flag = self._evaluation.flag
        if not self._evaluation.is_native:
            count(self._context, self._evaluation)
            cannot = self._evaluation.reason == "ERROR"
            started_s = time.monotonic()
            answer = self._served(classic, f"{flag} cannot be read" if cannot else f"as {flag} says")
            self._compare(answer, time.monotonic() - started_s, native, differ)
            return answer
        passed = self._fallback.ask() if self._may_fall_back else None
        if passed is None or passed.is_native:
            count(self._context, self._evaluation)
            return self._native(native, classic, is_trial=passed is not None and passed.is_trial)
        count(self._context, self._replaced())
        return self._served(classic, f"native is switched off ({passed.reason})")

    def _compare(
        self, answer: Answer, took_s: float, native: Callable[[], Answer], differ: Differ[Answer] | None
    ) -> None:
        """Run native beside classic where the flag has a shadow, and this run is in its sample."""
        if not self._evaluation.shadow:
            return
        from boombap.flags.shadow import beside

        if beside.is_sampled(self._evaluation.shadow):
            beside.compare(self._context, self._evaluation, beside.Served(answer, took_s), native, differ)

    def _served(self, classic: Callable[[], Answer], reason: str) -> Answer:
        """Return the answer of classic where native was not tried, and say why."""
        started_s = time.monotonic()
        try:
            answer = self._classic(classic)
        except _NOT_OF_THE_ENGINE:
            raise
        except Exception:
            self._record(CLASSIC, time.monotonic() - started_s, is_failure=True)
            raise
        self._note(reason)
        return answer

    def _native(self, native: Callable[[], Answer], classic: Callable[[], Answer], *, is_trial: bool) -> Answer:
        started_s = time.monotonic()
        try:
            answer = native()
        except _NOT_OF_THE_ENGINE:
            raise
        except Exception as error:
            failed = _Failed(error, time.monotonic() - started_s)
            if not self._may_fall_back:
                self._record(NATIVE, failed.took_s, is_failure=True)
                raise
        else:
            self._record(NATIVE, time.monotonic() - started_s, is_trial=is_trial)
            return answer
        return self._instead(failed, classic, is_trial=is_trial)

    def _instead(self, failed: _Failed, classic: Callable[[], Answer], *, is_trial: bool) -> Answer:
        """Return the answer of classic; where that fails too the data is to blame, and native's error is raised."""
        try:
            answer = self._classic(classic)
        except (UsageError, NoVerdict) as error:  # its extra is not installed, or it does not have this
            self._record(NATIVE, failed.took_s, is_failure=True, is_trial=is_trial)
            self._context.terminal.note(str(error))
            raise failed.error from None
        except BoombapError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, the caller gets the error of native
            raise failed.error from None
        self._record(NATIVE, failed.took_s, is_failure=True, is_trial=is_trial)
        count(self._context, self._replaced())
        self._note(f"native failed ({type(failed.error).__name__}); {self._traceback(failed.error)}")
        return answer

    def _classic(self, classic: Callable[[], Answer]) -> Answer:
        started_s = time.monotonic()
        try:
            answer = classic()
        except ModuleNotFoundError as error:
            if error.name not in _CLASSIC_MODULES:
                raise
            raise _not_installed(self._tool, error.name) from None
        self._record(CLASSIC, time.monotonic() - started_s)
        return answer

    def _record(self, engine: str, took_s: float, *, is_failure: bool = False, is_trial: bool = False) -> None:
        self._fallback.record(engine, took_s, is_failure=is_failure, is_trial=is_trial, work=self._works[engine])

    def _replaced(self) -> Evaluation:
        return self._evaluation.replace(variant=CLASSIC, reason="FALLBACK")

    def _note(self, reason: str) -> None:
        self._context.terminal.note(f"answered by the classic engine of {self._tool}: {reason}")

    def _traceback(self, error: Exception) -> str:
        from boombap.log import write_traceback

        try:
            return f"the traceback is in {write_traceback(error, self._state)}"
        except OSError:
            return f"the traceback could not be written to {self._state}"


def _not_installed(tool: str, module: str) -> UsageError:
    message = f"{module} is not installed, which the classic engine of {tool} needs"
    return UsageError(message, hint="pip install 'boombap[classic]'")


def _with_fault(context: RunContext, flag: str, native: Callable[[], Answer]) -> Callable[[], Answer]:
    """Return the native engine, broken as a test asks for.

    Raises:
        ConfigError: when a fault is to be made outside a test environment.
    """
    settings = context.config.of(FlagSettings)
    if not settings.test_engine_fault:
        return native
    if not settings.test:
        place = context.config.sources.get("flags.test_engine_fault", "flags.test_engine_fault")
        hint = "unset it, or mark the test environment with BOOMBAP_TEST=1"
        raise ConfigError(f"{place} breaks an engine outside a test environment", hint=hint)
    tool, _, fault = settings.test_engine_fault.partition(":")
    if flag != f"{tool}-engine":
        return native

    def broken() -> Answer:
        if fault == "error":
            raise RuntimeError("broken on purpose, by BOOMBAP_TEST_ENGINE_FAULT")
        context.interrupt.sleep(_SLOW_S)
        return native()

    return broken
