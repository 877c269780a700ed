"""What is asked at each scrape: a probe a source, in a worker of its own, so that a hung server costs only itself."""

from __future__ import annotations

import threading
import time

from boombap.errors import BoombapError, ConfigError, Interrupted, NoVerdict
from boombap.log import logger
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from boombap.config.model import Config
    from boombap.interrupt import Interrupt
    from boombap.telemetry.catalogue import Figure

    Probe = Callable[[Config, Interrupt], Iterable[Figure]]


class Reading(Record):
    """What one look at a source gave.

    Attributes:
        figures: none when it failed.
        seconds: how long it took.
        error: one line without secrets; empty when it answered.
    """

    figures: tuple[Figure, ...]
    seconds: float
    error: str = ""

    @property
    def is_up(self) -> bool:
        """Tell whether the source answered."""
        return not self.error


class Source:
    """One source with its worker; scrapes that come while it works share the answer.

    Attributes:
        name: the label of its figures.
        last: the last reading; None before the first one.
    """

    def __init__(self, name: str, probe: Callable[[], Iterable[Figure]]) -> None:
        self.name = name
        self.last: Reading | None = None
        self._probe = probe
        self._lock = threading.Lock()
        self._done: threading.Event | None = None

    def begin(self) -> threading.Event:
        """Start a look, unless one is under way, and return what is set at its end."""
        with self._lock:
            if self._done is None:
                self._done = threading.Event()
                threading.Thread(target=self._look, args=(self._done,), name=f"probe {self.name}", daemon=True).start()
            return self._done

    def _look(self, done: threading.Event) -> None:
        started_s = time.monotonic()
        try:
            figures, error = tuple(self._probe()), ""
        except (BoombapError, OSError) as failure:
            figures, error = (), str(failure)
        except Exception as bug:  # noqa: BLE001 - one part never fails the page
            logger(__name__).error("the probe of %s failed: %s", self.name, type(bug).__name__)
            figures, error = (), f"a bug in boombap ({type(bug).__name__})"
        with self._lock:
            self.last, self._done = Reading(figures, time.monotonic() - started_s, error), None
        done.set()


def look(sources: Iterable[Source], limit_s: float) -> Iterator[tuple[Source, Reading]]:
    """Ask all sources at once, and yield each with its reading; one that is late has none of its figures."""
    begun = [(source, source.begin()) for source in sources]
    deadline_s = time.monotonic() + limit_s
    for source, done in begun:
        if done.wait(max(0.0, deadline_s - time.monotonic())) and source.last is not None:
            yield source, source.last
        else:
            yield source, Reading((), limit_s, f"no answer within {limit_s:g} s")


def configured(config: Config, interrupt: Interrupt, names: tuple[str, ...]) -> list[Source]:
    """Return the sources that are asked for, or those that the configuration names where nobody asks.

    Raises:
        ConfigError: for an unknown one.
    """
    unknown = [name for name in names if name not in _PROBES]
    if unknown:
        raise ConfigError(f"metrics.sources names {unknown[0]!r}", hint=f"known are {', '.join(_PROBES)}")
    wanted = names or tuple(name for name in _PROBES if _is_there(name, config, interrupt))
    return [Source(name, _bound(_PROBES[name], config, interrupt)) for name in wanted]


def _is_there(name: str, config: Config, interrupt: Interrupt) -> bool:
    """Tell whether a source is configured, or runs beside us; one that is configured and down is there."""
    if (name == "db" and config.postgres.is_set) or (name == "redis" and config.redis.is_set):
        return True
    try:
        for _ in _PROBES[name]()(config, interrupt):
            break
    except (ConfigError, NoVerdict):
        return False
    except Interrupted:
        raise
    except BoombapError:
        return True
    return True


def _bound(load: Callable[[], Probe], config: Config, interrupt: Interrupt) -> Callable[[], Iterable[Figure]]:
    return lambda: load()(config, interrupt)


def _db() -> Probe:
    from boombap.db.probe import probe

    return probe


def _redis() -> Probe:
    from boombap.redis.probe import probe

    return probe


def _ctx() -> Probe:
    from boombap.ctx.probe import probe

    return probe


def _deps() -> Probe:
    from boombap.deps.probe import probe

    return probe


def _spotify() -> Probe:
    from boombap.spotify.probe import probe

    return probe


_PROBES: dict[str, Callable[[], Probe]] = {
    "db": _db,
    "redis": _redis,
    "ctx": _ctx,
    "deps": _deps,
    "spotify": _spotify,
}
