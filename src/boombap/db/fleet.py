"""Many databases in one run: a file of targets or every database of a server, a bounded number at the same time."""

from __future__ import annotations

import re
from functools import partial

from boombap.batch.fan_out import fan_out
from boombap.clients.postgres.pool import Pool
from boombap.clients.postgres.target import Target, from_text
from boombap.db import read
from boombap.db.collect import Request, diagnose
from boombap.errors import ConfigError, ExternalError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from boombap.clients.postgres.session import Limits
    from boombap.db.model import Diagnosis
    from boombap.interrupt import Interrupt

AT_ONCE = 16
_NAMED = re.compile(r"(?P<name>[^\s=:/']+)\s+(?P<address>\S.*)")


class Failure(Record):
    """A target that could not be diagnosed.

    Attributes:
        target: ``host:port/database``.
        name: what the person calls it.
        reason: one line, without secrets.
    """

    target: str
    name: str
    reason: str


def targets(file: Path) -> tuple[Target, ...]:
    """Read targets, one a line: an address, or a name and an address; ``#`` starts a comment line.

    Raises:
        ConfigError: naming the file and line, never the address, which may hold a password.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"cannot read the targets in {file}: {reason}") from None
    found = tuple(_parse(lines, file))
    if not found:
        raise ConfigError(f"{file} names no target", hint="write one address a line: postgresql://user@host/database")
    return found


def _parse(lines: Sequence[str], file: Path) -> Iterator[Target]:
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            continue
        named = _NAMED.fullmatch(line)
        name, address = (named["name"], named["address"]) if named else ("", line)
        yield from_text(address, name=name, origin=f"{file}:{number}")


def databases(server: Target, limits: Limits, interrupt: Interrupt) -> tuple[Target, ...]:
    """Return a target for each database of a server that this role may connect to.

    Raises:
        ExternalError: when the server cannot be asked.
    """
    with Pool(server, interrupt, limits=limits, size=1) as pool:
        facts, _ = read.server(pool.read)
        return tuple(server.at(name) for name in read.databases(pool.read, facts))


def diagnose_all(
    fleet: Sequence[Target],
    request: Request,
    limits: Limits,
    interrupt: Interrupt,
    done: Callable[[int], None],
) -> list[Diagnosis | Failure]:
    """Diagnose every target over one connection each, `AT_ONCE` at the same time; one that fails costs only itself.

    Args:
        done: told how many targets are finished, each time one is.
    """
    finished: list[None] = []

    def ask(target: Target) -> Diagnosis | Failure:
        try:
            with Pool(target, interrupt, limits=limits, size=1) as pool:
                return diagnose(pool, request)
        except (ExternalError, ConfigError) as error:
            return Failure(target.label, target.name, str(error))
        finally:
            finished.append(None)
            done(len(finished))

    return fan_out([partial(ask, target) for target in fleet], AT_ONCE)
