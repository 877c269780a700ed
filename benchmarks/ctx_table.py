"""Makes the table of term vectors that `ctx` ships, and says how well it tells definitions apart.

Three steps, of which the first two go on where they were ended. All need the product with its extra `ctx`, the third
also numpy and scipy, best in a venv of their own (`pip install -e '.[ctx]' numpy scipy`):

    python benchmarks/ctx_table_packages.py LIST CACHE/packages
    python benchmarks/ctx_table_pairs.py CACHE/packages CACHE/pairs
    python benchmarks/ctx_table.py CACHE/pairs [--out src/boombap/ctx/term_vectors.bin] [--seed N]

The check needs no annotation: on a tenth of the packages, left out of the learning, the mean reciprocal rank of the
definition that a sentence documents among 256 of its package, by words, by vectors as stored, and by both. The file is
learned from all packages. `VERSION` in `boombap.ctx.term_vectors` rises with each new file.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from boombap.ctx.term_vectors import MAGIC
from ctx_table_pairs import read
from ctx_table_training import FEWEST_PAIRS, reciprocal_ranks, train, vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctx_table_pairs import Pair
    from ctx_table_training import Matrix, Vocabulary

_LARGEST_WEIGHT = 255
_LARGEST = 7
_CLIPS = (1.0, 0.9, 0.8, 0.7, 0.6)


def main() -> None:
    """Check, learn, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path, help="folder with the pairs of each package")
    parser.add_argument("--out", type=Path, help="write the table here (default: check only)")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers (default: 1)")
    parser.add_argument("--no-check", action="store_true", help="learn and write only")
    args = parser.parse_args()
    packages = [pairs for path in sorted(args.pairs.glob("*.tsv")) if len(pairs := read(path)) >= FEWEST_PAIRS]
    print(f"data     {sum(map(len, packages)):,} pairs of {len(packages)} packages, seed {args.seed}", flush=True)
    if not args.no_check:
        print(_check(packages, args.seed), flush=True)
    if args.out:
        known, weights, steps = _learned(packages, args.seed)
        args.out.write_bytes(encoded(list(known.words), weights, steps))
        print(f"written  {args.out}: {len(known.words):,} words, {args.out.stat().st_size:,} bytes")


def _check(packages: Sequence[Sequence[Pair]], seed: int) -> str:
    begun = time.perf_counter()
    order = np.random.default_rng(seed).permutation(len(packages))
    left_out = [packages[at] for at in order[: len(packages) // 10]]
    known, weights, steps = _learned([packages[at] for at in order[len(packages) // 10 :]], seed)
    everything = known.widened(left_out)
    found = reciprocal_ranks(left_out, everything, (weights[:, None] * steps).astype(np.float32))
    shown = ", ".join(f"{name} {value:.3f}" for name, value in found.items())
    return f"check    {shown} on {len(left_out)} packages; {time.perf_counter() - begun:.0f} s"


def _learned(packages: Sequence[Sequence[Pair]], seed: int) -> tuple[Vocabulary, Matrix, Matrix]:
    known = vocabulary(packages)
    return known, *quantised(train(packages, known, seed))


def quantised(vectors: Matrix) -> tuple[Matrix, Matrix]:
    """Return a whole weight for each vector, and steps from -7 to 7 that give the vector when multiplied by it."""
    largest = np.abs(vectors).max(axis=1)
    unit = largest.max() / _LARGEST / _LARGEST_WEIGHT
    best = np.full(len(vectors), np.inf)
    weights, steps = np.ones(len(vectors)), np.zeros_like(vectors)
    for clip in _CLIPS:
        tried = np.clip(np.rint(clip * largest / _LARGEST / unit), 1, _LARGEST_WEIGHT)
        rounded = np.clip(np.rint(vectors / (unit * tried[:, None])), -_LARGEST, _LARGEST)
        errors = ((vectors - unit * tried[:, None] * rounded) ** 2).sum(axis=1)
        better = errors < best
        best[better], weights[better], steps[better] = errors[better], tried[better], rounded[better]
    return weights, steps


def encoded(words: Sequence[str], weights: Matrix, steps: Matrix) -> bytes:
    """Return the file: the words in the order of their bytes, their weights and their vectors."""
    order = sorted(range(len(words)), key=lambda at: words[at].encode())
    texts = [words[at].encode() for at in order]
    offsets = np.cumsum([0, *map(len, texts)]).astype("<u4").tobytes()
    halves = (steps[order] + 8).astype(np.uint8)
    vectors = (halves[:, ::2] | halves[:, 1::2] << 4).tobytes()
    sizes = len(words).to_bytes(4, "little") + sum(map(len, texts)).to_bytes(4, "little")
    return b"".join((MAGIC, sizes, offsets, *texts, weights[order].astype(np.uint8).tobytes(), vectors))


if __name__ == "__main__":
    main()
