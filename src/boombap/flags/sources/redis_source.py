"""A Redis as a source of flags for many machines: one hash, a field for each flag in flagd's JSON.

It is asked at most once a second, and after a failure not for half a minute: a run over many keys waits once.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from boombap.clients.redis.target import from_text
from boombap.errors import Conflict, ExternalError
from boombap.flags.model import NAMES
from boombap.flags.sources.document import Malformed, definition, parse_flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from typing import Any

    from boombap.clients.redis.deployment import Deployment
    from boombap.config.secret import Secret
    from boombap.flags.model import Definition
    from boombap.interrupt import Interrupt

KEY = "boombap:flags"
"""The hash that holds the flags."""

_FRESH_S = 1.0
_DOWN_S = 30.0
_ATTEMPTS = 20


class RedisSource:
    """Flags in a Redis.

    Attributes:
        name: ``redis``.
        problem: what of it cannot be used, and why; empty while all can.
        place: host and port, without a password.
    """

    name = "redis"

    def __init__(
        self, url: Secret, timeout_s: float, interrupt: Interrupt, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.problem = ""
        self._target = from_text(url.reveal(), origin="flags.redis")
        self.place = self._target.label
        self._timeout_s = timeout_s
        self._interrupt = interrupt
        self._clock = clock
        self._again_s = 0.0
        self._definitions: Mapping[str, Definition] = {}
        self._unknown: frozenset[str] = frozenset()

    def is_blind(self, flag: str) -> bool:
        """Tell whether what Redis says of a flag is not known: it did not answer, or the flag cannot be read."""
        return flag in self._unknown

    def get(self, flag: str) -> Definition | None:
        """Return what Redis says of a flag; None where it says nothing, or cannot be asked."""
        self._look()
        return self._definitions.get(flag)

    def all(self) -> Mapping[str, Definition]:
        """Return every flag of ours in Redis."""
        self._look()
        return self._definitions

    def change(self, flag: str, edit: Callable[[dict[str, Any]], dict[str, Any]]) -> Definition | None:
        """Change a flag in one step, so that two writers lose nothing; return what it said, None where it was not set.

        Args:
            edit: takes the flag as flagd writes it, empty for a new one, and returns the new one; may run again.

        Raises:
            ExternalError: when Redis does not answer, or holds something else than a flag.
        """
        with self._opened() as redis:
            for _ in range(_ATTEMPTS):
                text = redis.call("HGET", KEY, flag) or b""
                before = self._flag(flag, text) if text else {}
                if redis.call("EVAL", _script(), 1, KEY, flag, text, json.dumps(edit(before))):
                    return definition(flag, before) if before else None
        raise Conflict(f"{flag} in Redis at {self.place} is being changed by others", hint="try again")

    def _flag(self, flag: str, text: bytes) -> dict[str, Any]:
        try:
            return parse_flag(flag, text)
        except Malformed as error:
            hint = f"nothing was changed; remove the field {flag} of the hash {KEY} to start over"
            raise ExternalError(f"{flag} in Redis at {self.place} is not a flag: {error}", hint=hint) from None

    def _opened(self) -> AbstractContextManager[Deployment]:
        try:
            from boombap.clients.redis import deployment  # 10 MB
            from boombap.clients.redis.connection import Limits
        except ModuleNotFoundError as error:
            # A tool whose extra does not bring it runs all the same.
            raise ExternalError(f"{error.name} is not installed", hint="pip install 'boombap[redis]'") from None
        limits = Limits(self._timeout_s, self._timeout_s)
        return deployment.opened(self._target, self._interrupt, limits=limits, size=1)

    def _look(self) -> None:
        if self._clock() < self._again_s:
            return
        try:
            with self._opened() as redis:
                texts = redis.call("HMGET", KEY, *NAMES)
        except ExternalError as error:
            self._definitions, self._unknown = {}, frozenset(NAMES)
            self.problem = f"flags in Redis are not used: {error}"
            self._again_s = self._clock() + _DOWN_S
            return
        self._read(dict(zip(NAMES, texts, strict=True)))
        self._again_s = self._clock() + _FRESH_S

    def _read(self, texts: Mapping[str, bytes | None]) -> None:
        flags, reasons = {}, {}
        for name, text in texts.items():
            try:
                if text is not None:
                    flags[name] = definition(name, parse_flag(name, text))
            except Malformed as error:
                reasons[name] = f"{name} in Redis at {self.place} is not used: {error}"
        self._definitions, self._unknown = flags, frozenset(reasons)
        self.problem = "; ".join(reasons.values())


def _script() -> bytes:
    return Path(__file__).with_name("set_flag.lua").read_bytes()
