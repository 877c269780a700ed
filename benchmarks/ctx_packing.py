"""What `ctx pack` puts into a budget: is a right file in it, are the right lines, and how much is read before them?

Tokens are those that `ctx pack` counts, 4 bytes of UTF-8 each. Expected tokens are those of the parts up to the first
one of a right file, its own included, and 32,000 where even a budget of that size holds none; the mean is over
questions.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boombap.ctx.answers.pack import Pack, PackedPart
    from ctx_corpora import Question, Ready, Target

    IsHit = Callable[[Ready, PackedPart, Target], bool]

BUDGETS = (500, 1_000, 2_000, 4_000, 8_000)
_FIRST_BUDGET = 2_000
_LARGEST_BUDGET = 32_000


class Packer(Protocol):
    """Anything that packs the answer to a question, for example the benchmark's `Bench`."""

    @property
    def corpora(self) -> list[Ready]:
        """Return the corpora with their questions."""

    def pack(self, ready: Ready, query: str, budget: int) -> Pack:
        """Return the pack of a question."""


@dataclass(frozen=True, slots=True)
class _Asked:
    ready: Ready
    question: Question
    packs: dict[int, Pack]


def table(packer: Packer, is_hit: IsHit) -> str:
    """Return the share of questions with a right file and right lines in each budget, and the expected tokens.

    Args:
        packer: packs the answers.
        is_hit: tells whether a part of a corpus answers a target.
    """
    asked = [
        _Asked(ready, question, {budget: packer.pack(ready, question.query, budget) for budget in BUDGETS})
        for ready in packer.corpora
        for question in ready.corpus.questions
    ]
    lines = [f"{'ctx pack, tokens':<28}" + "".join(f"{budget:>9,}" for budget in BUDGETS)]
    for title, of_file in (("a right file", True), ("the right lines", False)):
        shares = [_share(asked, budget, is_hit, of_file=of_file) for budget in BUDGETS]
        lines.append(f"{title:<28}" + "".join(f"{share:>9.1%}" for share in shares))
    expected = statistics.fmean(_expected_tokens(packer, one, is_hit) for one in asked)
    return "\n".join([*lines, f"expected tokens to the first right file: {expected:,.0f}"])


def _share(asked: Sequence[_Asked], budget: int, is_hit: IsHit, *, of_file: bool) -> float:
    return statistics.fmean(_first_hit(one, budget, is_hit, of_file=of_file) is not None for one in asked)


def _expected_tokens(packer: Packer, asked: _Asked, is_hit: IsHit) -> int:
    tokens = _first_hit(asked, _FIRST_BUDGET, is_hit, of_file=True)
    if tokens is None:
        asked.packs[_LARGEST_BUDGET] = packer.pack(asked.ready, asked.question.query, _LARGEST_BUDGET)
        tokens = _first_hit(asked, _LARGEST_BUDGET, is_hit, of_file=True)
    return _LARGEST_BUDGET if tokens is None else tokens


def _first_hit(asked: _Asked, budget: int, is_hit: IsHit, *, of_file: bool) -> int | None:
    """Return the tokens up to the first part that answers, its own included; None without one."""
    targets: Sequence[Target] = asked.question.targets
    if of_file:
        targets = [replace(target, start_line=None, end_line=None) for target in targets]
    tokens = 0
    for part in asked.packs[budget].parts:
        tokens += part.tokens
        if any(is_hit(asked.ready, part, target) for target in targets):
            return tokens
    return None
