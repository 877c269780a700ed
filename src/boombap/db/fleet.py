"""Many databases in one run: a file of targets or every database of a server, a bounded number at the same time."""

from __future__ import annotations

import re
from functools import partial

from boombap.batch.fan_out import fan_out
from boombap.clients.postgres.charset import ESCAPED
from boombap.clients.postgres.pool import Pool
from boombap.clients.postgres.target import Target, from_text
from boombap.db import read
from boombap.db.collect import Request, diagnose
from boombap.errors import AccessDenied, ConfigError, ExternalError, NotFound
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from boombap.clients.postgres.session import Limits
    from boombap.db.model import Diagnosis
    from boombap.interrupt import Interrupt

    Answer: TypeAlias = "Diagnosis | Failure | Passed"
    """What comes of one database among many."""

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


class Passed(Record):
    """A database of the server that was not asked, because it cannot be entered.

    Attributes:
        name: the database.
        reason: one line, without secrets.
    """

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


def databases(server: Target, limits: Limits, interrupt: Interrupt) -> tuple[list[Target], list[Passed]]:
    """Return a target for each database of a server that this role may enter, and the others with the reason.

    Raises:
        ExternalError: when the server cannot be asked.
    """
    with Pool(server, interrupt, limits=limits, size=1) as pool:
        facts, _ = read.server(pool.read)
        found = read.databases(pool.read, facts)
    for name in found:
        if ESCAPED.search(name):
            found[name] = found[name] or "its name is not UTF-8: give its address in a file of targets"
    passed = [Passed(name, reason) for name, reason in found.items() if reason]
    return [server.at(name) for name, reason in found.items() if not reason], passed


def diagnose_all(
    fleet: Sequence[Target],
    request: Request,
    limits: Limits,
    interrupt: Interrupt,
    done: Callable[[int], None],
    *,
    is_server: bool = False,
) -> list[Answer]:
    """Diagnose every target over one connection each, `AT_ONCE` at the same time; one that fails costs only itself.

    Args:
        done: told how many targets are finished, each time one is.
        is_server: whether the targets are what a server has, and not what a person named: one that refuses this role,
            or was dropped since, is then skipped.
    """
    finished: list[None] = []

    def ask(target: Target) -> Answer:
        try:
            with Pool(target, interrupt, limits=limits, size=1) as pool:
                return diagnose(pool, request)
        except (ExternalError, ConfigError) as error:
            if is_server and isinstance(error, AccessDenied | NotFound):
                return Passed(target.name, str(error))
            return Failure(target.label, target.name, str(error))
        finally:
            finished.append(None)
            done(len(finished))

    return fan_out([partial(ask, target) for target in fleet], AT_ONCE)
