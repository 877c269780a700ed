"""The digests that may run in an environment, in shards that fit into a ConfigMap each."""

from __future__ import annotations

from boombap.errors import NoVerdict
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from boombap.deps.verdicts.model import Decision

# An entry takes 97 bytes in the object and 79 in each list of managed fields, of which there may be two; etcd takes
# requests of 1.5 MiB, and a ConfigMap has 1 MiB of values.
MOST_A_SHARD = 5000
"""Digests in one ConfigMap."""
_SHA256 = "sha256:"


class AllowedDigests(Record):
    """What may run in an environment.

    Attributes:
        expiries: by the 64 digits of a digest, in their order, the Unix time from which it may not be created.
        failed: number of verdicts that refuse.
        unknown: number of verdicts without an answer.
        expired: number of verdicts that passed once, or were judged by a clock that is ahead.
    """

    expiries: Mapping[str, int]
    failed: int = 0
    unknown: int = 0
    expired: int = 0


def allowed_digests(decisions: Iterable[tuple[str, Decision]], now_s: float) -> AllowedDigests:
    """Return the digests whose verdict passes and counts, and how many do not.

    Args:
        decisions: digest and answer of one environment.
        now_s: Unix time.
    """
    expiries: dict[str, int] = {}
    left_out = {"fail": 0, "unknown": 0, "pass": 0}
    for digest, decision in decisions:
        if decision.word == "pass" and decision.validity(now_s) == "valid":
            expiries[digest.removeprefix(_SHA256)] = decision.expires_at_s
        else:
            left_out[decision.word] += 1
    return AllowedDigests(dict(sorted(expiries.items())), left_out["fail"], left_out["unknown"], left_out["pass"])


def require_some(allowed: AllowedDigests, environment: str, path: Path) -> None:
    """Refuse a list without a digest: it would stop every pod.

    Raises:
        NoVerdict: with what to do.
    """
    if allowed.expiries:
        return
    where = f" of the environment {environment!r}" if environment else " without an environment"
    if total := allowed.failed + allowed.unknown + allowed.expired:
        raise NoVerdict(
            f"none of the {total:,} verdicts{where} in {path} passes and counts",
            hint="run `boombap deps sync` and `boombap deps verdict refresh`, then read `boombap deps verdict list`",
        )
    raise NoVerdict(f"no verdict{where} is recorded in {path}", hint="`verdict record` does that in CI")


def sharded(expiries: Mapping[str, int], most: int = MOST_A_SHARD) -> Mapping[str, Mapping[str, int]]:
    """Return the digests by their first digits, as few as make each shard small enough.

    All shards are there, also those without a digest, because each refuses the other digests that begin so.

    >>> list(sharded({"ab": 1}, 1))
    ['']
    >>> sharded({"0a": 1, "ff": 2}, 1)["f"]
    {'ff': 2}

    Args:
        expiries: by the digits of a digest.
        most: digests in one shard.
    """
    width = 0
    while True:
        shards: dict[str, dict[str, int]] = {prefix: {} for prefix in _prefixes(width)}
        for digits, expires_at_s in expiries.items():
            shards[digits[:width]][digits] = expires_at_s
        if max(map(len, shards.values())) <= most:
            return shards
        width += 1


def _prefixes(width: int) -> list[str]:
    return [f"{number:0{width}x}" for number in range(16**width)] if width else [""]
