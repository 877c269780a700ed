"""How central each file is: PageRank over the import graph."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Brin and Page, "The anatomy of a large-scale hypertextual web search engine", 1998.
_DAMPING = 0.85
_ROUNDS = 20


def ranks(nodes: Sequence[int], edges: Mapping[int, Sequence[int]]) -> dict[int, float]:
    """Return each file's PageRank, scaled so that the most central has 1; 0 for one that nobody imports."""
    if not nodes:
        return {}
    base = (1 - _DAMPING) / len(nodes)
    rank = dict.fromkeys(nodes, 1 / len(nodes))
    for _ in range(_ROUNDS):
        following = dict.fromkeys(nodes, base)
        for source, targets in edges.items():
            share = _DAMPING * rank[source] / len(targets)
            for target in targets:
                following[target] += share
        rank = following
    largest = max(rank.values()) - base
    return {node: (value - base) / largest if largest > 0 else 0.0 for node, value in rank.items()}
