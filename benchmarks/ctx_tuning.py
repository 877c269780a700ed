"""What each weight of the score is worth, and whether tuning them holds on a repository that was not tuned on.

`Bench` is anything that scores a repository under a set of weights, so that a search over weights asks each question of
one set of weights once.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.ctx.ranking.score import Weights
    from ctx_corpora import Ready

# Differences under .01 of the whole are noise; a move must at least gain this to be taken.
_GAIN = 0.001
_STEPS = (0.0, 0.5, 0.75, 1.33, 2.0)
# What has no effect at 1: factors. The rest is added, and is off at 0.
_FILES = frozenset(
    ("tests", "examples", "text", "configuration", "reexports", "stubs", "versions", "private", "generated")
)
_FACTORS = _FILES | {"stem_is_symbol", "is_type", "is_constant", "respelt", "decay", "file_decay", "prior_cap"}
_FIXED = frozenset(("candidates",))  # a limit


class Scorer(Protocol):
    """What tells how good weights are."""

    @property
    def corpora(self) -> list[Ready]: ...  # noqa: D102 - as Bench has it

    def score(self, name: str, weights: Weights) -> float: ...  # noqa: D102 - as Bench has it


def off(weights: Weights, name: str) -> Weights:
    """Give the weights with one of them without effect: a factor becomes 1, a summand 0."""
    return weights.replace(**{name: 1.0 if name in _FACTORS else 0.0})


def plain(weights: Weights) -> Weights:
    """Return weights that leave BM25 over whole definitions."""
    for name in tuned_names(weights):
        weights = off(weights, name)
    return weights


def tuned_names(weights: Weights) -> list[str]:
    """Give the names of the weights that may be moved."""
    return [name for name in weights.__match_args__ if name not in _FIXED]


def ablation(bench: Scorer, weights: Weights) -> str:
    """Give a table of what each weight is worth: the mean without it, less the mean with it."""
    names = [one.corpus.name for one in bench.corpora]
    whole = _mean(bench, names, weights)
    lines = [f"\n{'without':<24}{'value':>8}{'change':>9}   changed repositories", "-" * 70]
    for field in tuned_names(weights):
        without = off(weights, field)
        changes = {name: bench.score(name, without) - bench.score(name, weights) for name in names}
        shown = ", ".join(f"{name} {change:+.3f}" for name, change in changes.items() if abs(change) > 0.005)
        value = f"{getattr(weights, field):>8}"
        lines.append(f"{field:<24}{value}{_mean(bench, names, without) - whole:>+9.4f}   {shown}")
    return "\n".join([*lines, f"{'nothing':<24}{'':>8}{whole:>9.4f}"])


def leave_one_out(bench: Scorer, start: Weights) -> str:
    """Tune on all repositories but one and score that one, for each; then tune on all, to be read with care."""
    names = [one.corpus.name for one in bench.corpora]
    lines = [f"\n{'left out':<12}{'as it is':>9}{'tuned':>9}   changed weights", "-" * 70]
    unseen = []
    for left in names:
        tuned = tune(bench, [name for name in names if name != left], start)
        unseen.append(bench.score(left, tuned))
        lines.append(f"{left:<12}{bench.score(left, start):>9.3f}{unseen[-1]:>9.3f}   {_changed(start, tuned)}")
        print(lines[-1], flush=True)
    best = tune(bench, names, start)
    lines += [
        f"{'mean':<12}{_mean(bench, names, start):>9.3f}{statistics.fmean(unseen):>9.3f}",
        f"{'in sample':<12}{'':>9}{_mean(bench, names, best):>9.3f}   {_changed(start, best)}",
    ]
    return "\n".join(lines)


def tune(bench: Scorer, names: Sequence[str], start: Weights) -> Weights:
    """Walk over the weights once, in their order, and keep each step that helps the mean."""
    best, score = start, _mean(bench, names, start)
    for field in tuned_names(start):
        for candidate in [best.replace(**{field: round(getattr(start, field) * step, 4)}) for step in _STEPS]:
            if (found := _mean(bench, names, candidate)) > score + _GAIN:
                best, score = candidate, found
    return best


def _mean(bench: Scorer, names: Sequence[str], weights: Weights) -> float:
    return statistics.fmean(bench.score(name, weights) for name in names)


def _changed(start: Weights, tuned: Weights) -> str:
    return ", ".join(
        f"{name} {getattr(start, name)} > {getattr(tuned, name)}"
        for name in start.__match_args__
        if getattr(start, name) != getattr(tuned, name)
    )
