"""How many requests all processes of one developer account have sent in the rolling window, and who may send more.

The log of the window is kept in Redis, and its scripts use the server's clock alone, so that machines whose clocks
differ agree. An account is known by a hash of its client id; the id itself goes nowhere.
"""

from __future__ import annotations

import hashlib
import math
import os
import time
from itertools import count
from pathlib import Path

from boombap.clients.redis.errors import ServerError, refusal
from boombap.spotify.quota.limiter import Grant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from boombap.clients.redis.connection import Word
    from boombap.clients.redis.pool import Pool

_SCRIPTS = Path(__file__).with_name("scripts")


class Script:
    """A Lua script that runs on the server, sent by its hash, and as a whole where the server does not know it yet."""

    def __init__(self, name: str) -> None:
        self._text = (_SCRIPTS / f"{name}.lua").read_bytes()
        # The server's own name for it.
        self._sha = hashlib.sha1(self._text, usedforsecurity=False).hexdigest()

    def run(self, pool: Pool, keys: list[str], *arguments: Word) -> list[int] | int:
        """Return the script's answer.

        Raises:
            ExternalError: when the server does not answer, or refuses.
        """
        words = (len(keys), *keys, *arguments)
        command = "EVALSHA"
        response = pool.ask(command, self._sha, *words)
        if isinstance(response, ServerError) and response.word == "NOSCRIPT":
            command = "EVAL"
            response = pool.ask(command, self._text, *words)
        if isinstance(response, ServerError):
            raise refusal(response, pool.target, command)
        answer: list[int] | int = response
        return answer


class SharedRateWindow:
    """The window of one account, and its cool-down; use it from one thread.

    Args:
        account: from `account_of`.
        budget: tokens in any window.
        length_s: for how long a token counts. A caller that uses tokens later than it takes them adds that delay.
        now: Unix time of this process, to which answers are translated.
    """

    def __init__(
        self,
        pool: Pool,
        account: str,
        *,
        budget: int,
        length_s: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._pool = pool
        self._budget = budget
        self._length_us = round(length_s * 1_000_000)
        self._now = now
        # The braces keep the keys on one node of a Cluster.
        self._log, self._total, self._cooldown = (
            f"boombap:spotify:{{{account}}}:{name}" for name in ("window", "total", "cooldown")
        )
        self._take = Script("take")
        self._give_back = Script("give_back")
        self._cool_down = Script("cool_down")
        self._name = f"{os.getpid()}-{os.urandom(6).hex()}"
        self._numbers = count()
        self._member = ""
        self._held = 0

    def take(self, limit: int) -> Grant:
        """Take up to `limit` tokens, without waiting.

        Raises:
            ExternalError: when Redis cannot say.
        """
        member = f"{self._name}-{next(self._numbers)}"
        keys = [self._log, self._total, self._cooldown]
        answer = self._take.run(self._pool, keys, limit, self._budget, self._length_us, member)
        assert isinstance(answer, list)
        granted, wait_us, cooldown_ms = answer
        self._member, self._held = member, granted
        until_s = self._now() + cooldown_ms / 1000 if cooldown_ms else 0.0
        return Grant(granted, wait_us / 1_000_000, until_s)

    def give_back(self, n: int) -> None:
        """Return tokens of the last bundle that were not used.

        Raises:
            ExternalError: when Redis cannot be told.
        """
        returned = min(n, self._held)
        if returned > 0:
            self._give_back.run(self._pool, [self._log, self._total], returned, self._member, self._held)
            self._held -= returned

    def cooldown_until_s(self) -> float:
        """Return the Unix time before which nobody may call, 0 when there is none.

        Raises:
            ExternalError: when Redis cannot say.
        """
        return self._extend(0)

    def cool_down(self, until_s: float, reason: str) -> None:  # noqa: ARG002 - the table of `Cooldown` keeps it
        """Remember a cool-down; one that ends later stays.

        Raises:
            ExternalError: when Redis cannot be told.
        """
        left_ms = math.ceil((until_s - self._now()) * 1000)
        if left_ms > 0:
            self._extend(left_ms)

    def end_cooldown(self) -> None:
        """Forget the cool-down before its end.

        Raises:
            ExternalError: when Redis cannot be told.
        """
        self._pool.call("DEL", self._cooldown)

    def _extend(self, by_ms: int) -> float:
        left_ms = self._cool_down.run(self._pool, [self._cooldown], by_ms)
        assert isinstance(left_ms, int)
        return self._now() + left_ms / 1000 if left_ms else 0.0


def account_of(client_id: str) -> str:
    """Return the name under which an account is known: 16 hexadecimal digits, from which the id cannot be read."""
    return hashlib.sha256(b"boombap spotify account " + client_id.encode()).hexdigest()[:16]
