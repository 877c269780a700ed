"""Which engine works on a key. A tool calls `evaluate`; one that evaluates many keys keeps `opened`.

Sources, the strongest first: what the configuration forces, Redis where one is configured, the file, the default. What
nobody has configured is native. What was configured and cannot be known is classic, with a note: a broken source never
stops a tool. On a machine without flags an evaluation looks for one folder, 5 us, and imports nothing more.
"""

from __future__ import annotations

import os
import threading

from boombap.flags.model import CLASSIC, NAMES, NATIVE, Evaluation
from boombap.flags.settings import FlagSettings
from boombap.telemetry.catalogue import FLAG_EVALUATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import Protocol

    from boombap.command.context import RunContext
    from boombap.flags.model import Definition
    from boombap.interrupt import Interrupt

    class Source(Protocol):
        """Where flags are kept: a file or a Redis."""

        name: str
        place: str
        problem: str

        def get(self, flag: str) -> Definition | None:
            """Return what it says of a flag; None where it says nothing."""

        def all(self) -> Mapping[str, Definition]:
            """Return every flag that it has."""

        def is_blind(self, flag: str) -> bool:
            """Tell whether what it says of a flag is not known."""


def evaluate(context: RunContext, flag: str, key: str) -> Evaluation:
    """Return which engine works on a key, for a run that asks once.

    Args:
        flag: its name, for example ``db-engine``.
        key: what the work is about, the same at every run, without credentials: a database, a path, a track.

    Raises:
        ConfigError: when `flags.redis` is not an address.
    """
    return opened(context).evaluate(flag, key)


def opened(context: RunContext, *, is_counted: bool = True) -> Flags:
    """Return the flags of a run, whose notes go to its terminal.

    Args:
        context: of the run.
        is_counted: whether each evaluation is counted; not for a caller that counts what it makes of them.

    Raises:
        ConfigError: when `flags.redis` is not an address.
    """
    assert context.config.paths.state is not None, "config.load fills it in"
    settings, state = context.config.of(FlagSettings), context.config.paths.state

    def counted(evaluation: Evaluation) -> None:
        if is_counted:
            count(context, evaluation)

    return Flags(settings, state, context.interrupt, note=context.terminal.note, count=counted)


def count(context: RunContext, evaluation: Evaluation) -> None:
    """Count a decision for the collector."""
    flag, variant, reason = evaluation.flag, evaluation.variant, evaluation.reason
    context.meter.add(FLAG_EVALUATIONS, flag=flag, variant=variant, reason=reason)


class Flags:
    """The flags of one run. Threads may share it.

    Attributes:
        sources: where flags are kept, the strongest first.
    """

    def __init__(
        self,
        settings: FlagSettings,
        state: Path,
        interrupt: Interrupt,
        *,
        note: Callable[[str], None] = lambda _: None,
        count: Callable[[Evaluation], None] = lambda _: None,
    ) -> None:
        self._lock = threading.Lock()
        self._settings = settings
        self._state = state
        self._note = note
        self._count = count
        self._noted: set[str] = set()
        self._has_file = False
        self.sources: list[Source] = list(_redis(settings, interrupt))
        self._add_file()

    def evaluate(self, flag: str, key: str) -> Evaluation:
        """Return which engine works on a key."""
        with self._lock:
            evaluation = self._evaluate(flag, key)
            self._count(evaluation)
        return evaluation

    def _evaluate(self, flag: str, key: str) -> Evaluation:
        forced = self._settings.forced(flag)
        if forced:
            return Evaluation(flag, key, forced, "OVERRIDE", "override")
        definition, source = self.definition(flag)
        if definition is not None:
            return Evaluation(flag, key, *definition.answer(key), source, definition.shadow)
        if source:
            return Evaluation(flag, key, CLASSIC, "ERROR", source)
        return Evaluation(flag, key, NATIVE, "DEFAULT", "default")

    def definition(self, flag: str) -> tuple[Definition | None, str]:
        """Return what the strongest source says of a flag, and its name.

        Where no source says anything it is None, with the name of a source that could not be asked, or none.
        """
        assert flag in NAMES, flag
        blind = ""
        self._add_file()
        for source in self.sources:
            definition = source.get(flag)
            self._tell(source.problem)
            if definition is not None and definition.is_enabled:
                return definition, source.name
            if source.is_blind(flag):
                blind = blind or source.name
        return None, blind

    def problems(self) -> list[str]:
        """Return a sentence for each source that cannot be used as it is."""
        return [source.problem for source in self.sources if source.problem]

    def _add_file(self) -> None:
        """Add the file as the last source, as soon as there may be one: flags may be set while a long run goes on."""
        if self._has_file or not (self._settings.file or _may_be_set(self._state)):
            return
        from boombap.flags.sources.file_source import FileSource, copy_of

        path, is_explicit = self._settings.file or default_file(self._state), self._settings.file is not None
        self.sources.append(FileSource(path, copy_of(path, self._state), is_explicit=is_explicit))
        self._has_file = True

    def _tell(self, problem: str) -> None:
        if problem and problem not in self._noted:
            self._noted.add(problem)
            self._note(problem)


def default_file(state: Path) -> Path:
    """Return the file that holds flags where the configuration names none."""
    return state / "flags" / "flags.json"


def _redis(settings: FlagSettings, interrupt: Interrupt) -> Iterator[Source]:
    if settings.redis:
        from boombap.flags.sources.redis_source import RedisSource  # only where one is configured

        yield RedisSource(settings.redis, settings.redis_timeout, interrupt)


def _may_be_set(state: Path) -> bool:
    """Tell whether a flag was ever set here: the first one makes the folder, which stays when the file is removed."""
    try:
        os.lstat(state / "flags")
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # without the right to look it is not known, which is not "never"
        return True
    return True
