"""Commands on one key that are run all together or not at all, in a Cluster too, where they follow the key's slot."""

from __future__ import annotations

import time

from boombap.clients.redis.cluster import Cluster
from boombap.clients.redis.errors import ServerError
from boombap.clients.redis.slots import slot_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boombap.clients.redis.connection import Command, Reply
    from boombap.clients.redis.deployment import Deployment
    from boombap.clients.redis.pool import Pool

    Transaction = tuple[bytes, Sequence[Command]]
    """A key, and commands on it or on keys of its slot."""

_MOVING = ("MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN")
_PATIENCE_S = 10.0
_PAUSE_S = 0.1


class Transactions:
    """Runs transactions on a deployment; where MULTI is not allowed, their commands one by one up to the first error.

    Args:
        pause: waits before a transaction is sent after its slot has moved.
    """

    def __init__(self, deployment: Deployment, pause: Callable[[float], object] = time.sleep) -> None:
        self._deployment = deployment
        self._pause = pause
        self._is_allowed: bool | None = None

    def run(self, transactions: Sequence[Transaction]) -> list[list[Reply | ServerError]]:
        """Return the replies to many transactions; of one that was refused, the refusal alone.

        A command that fails inside a transaction does not stop those behind it: its error is among the replies.

        Raises:
            ExternalError: for a time-out or a broken connection.
        """
        if not self._may_run():
            return [self._one_by_one(commands) for _, commands in transactions]
        results: list[list[Reply | ServerError]] = [[] for _ in transactions]
        for pool, members in self._by_node(transactions).items():
            for at, replies in zip(members, _run_on(pool, [transactions[at][1] for at in members]), strict=True):
                results[at] = replies
        if isinstance(self._deployment, Cluster):
            # One limit for all: a slot that is being moved for long would hold up each of its keys.
            deadline_s = time.monotonic() + _PATIENCE_S
            for at, transaction in enumerate(transactions):
                results[at] = self._followed(self._deployment, transaction, results[at], deadline_s)
        return results

    def _may_run(self) -> bool:
        if self._is_allowed is None:
            asked = self._deployment.masters()[0].pipeline([("MULTI",), ("EXEC",)])
            self._is_allowed = not isinstance(asked[0], ServerError)
        return self._is_allowed

    def _one_by_one(self, commands: Sequence[Command]) -> list[Reply | ServerError]:
        replies: list[Reply | ServerError] = []
        for command in commands:
            replies.append(self._deployment.ask(*command))
            if isinstance(replies[-1], ServerError):
                break
        return replies

    def _by_node(self, transactions: Sequence[Transaction]) -> dict[Pool, list[int]]:
        found: dict[Pool, list[int]] = {}
        for at, (key, _) in enumerate(transactions):
            where = self._deployment
            pool = where.holder(slot_of(key)) if isinstance(where, Cluster) else where
            found.setdefault(pool, []).append(at)
        return found

    def _followed(
        self, cluster: Cluster, transaction: Transaction, replies: list[Reply | ServerError], deadline_s: float
    ) -> list[Reply | ServerError]:
        """Return the replies to a transaction at the node that its slot has moved to."""
        key, commands = transaction
        while _has_moved(replies) and time.monotonic() < deadline_s:
            self._pause(_PAUSE_S)
            cluster.refresh()
            replies = _run_on(cluster.holder(slot_of(key)), [commands])[0]
        return replies


def _run_on(pool: Pool, transactions: Sequence[Sequence[Command]]) -> list[list[Reply | ServerError]]:
    replies = pool.pipeline([words for commands in transactions for words in (("MULTI",), *commands, ("EXEC",))])
    results, at = [], 0
    for commands in transactions:
        *queued, ended = replies[at : at + len(commands) + 2]
        at += len(commands) + 2
        refused = next((reply for reply in queued if isinstance(reply, ServerError)), None)
        if refused is None and isinstance(ended, list):
            results.append(ended)
        else:
            results.append([refused or (ended if isinstance(ended, ServerError) else ServerError("EXECABORT"))])
    return results


def _has_moved(replies: Sequence[Reply | ServerError]) -> bool:
    return any(isinstance(reply, ServerError) and reply.word in _MOVING for reply in replies)
