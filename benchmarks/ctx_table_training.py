"""Learns a vector for each common stem from pairs of a documenting sentence and the definition it documents.

The loss is the softmax of the right definition among up to 256 of the same package, over 12 x cosine + 12 x a lexical
score, so that the vectors learn what tells the definitions of one project apart and the words alone do not. Needs numpy
and scipy. The same seed and pairs give the same vectors on one machine.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from boombap.ctx.term_vectors import DIMENSIONS, IN_STEM, IN_SYMBOL, PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    from ctx_table_pairs import Pair

    Matrix: TypeAlias = NDArray[np.float32]

BATCH = 256
FEWEST_PAIRS = 24
_SEEN_AT_LEAST, _IN_PACKAGES = 15, 3
_SHARPNESS = 12.0
_RATE, _LAST_RATE = 0.004, 0.0008
_PASSES = 2
_DECAYS, _EPSILON = (0.9, 0.999), 1e-8
# BM25's own constants; a definition holds a term or not. Its factor K1 + 1 is left out: with it words leave less to
# learn (gain in NDCG on the development and held-out questions .001 and .002, without it .002 and .007).
_K1, _B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The terms of all pairs.

    Attributes:
        words: the stems that get a vector, to their number.
        known: every term, to its number among all.
        idf: the inverse document frequency of every term, by its number among all.
    """

    words: dict[str, int]
    known: dict[str, int]
    idf: Matrix

    @property
    def idf_of_words(self) -> Matrix:
        """Return the inverse document frequency of every word that gets a vector."""
        return self.idf[[self.known[word] for word in self.words]]

    def widened(self, packages: Iterable[Sequence[Pair]]) -> Vocabulary:
        """Return it with the terms of other packages, which count as rare as the rarest."""
        terms = {term for pairs in packages for pair in pairs for term in (*pair.asked, *_answer(pair))}
        known = self.known | {term: at for at, term in enumerate(sorted(terms - self.known.keys()), len(self.known))}
        rarest = np.full(len(known) - len(self.known), self.idf.max(), np.float32)
        return Vocabulary(self.words, known, np.concatenate((self.idf, rarest)))


@dataclass(frozen=True, slots=True)
class Batch:
    """Pairs of one package.

    Attributes:
        asked, answers: pairs x words, each term's weight times its idf.
        lexical: asked x answers, the share of the question's idf that the answer holds, less for long answers.
    """

    asked: csr_matrix
    answers: csr_matrix
    lexical: Matrix


class Pairs:
    """The pairs of all packages as sparse matrices, of which a batch is some rows."""

    def __init__(self, packages: Sequence[Sequence[Pair]], known: Vocabulary) -> None:
        everything = [pair for pairs in packages for pair in pairs]
        self._starts = np.cumsum([0, *map(len, packages)])
        self._asked = _matrix(map(_question, everything), known.words, known.idf_of_words)
        self._answers = _matrix(map(_answer, everything), known.words, known.idf_of_words)
        self._wanted = _matrix(map(_question, everything), known.known, known.idf)
        self._held = _matrix(map(_answer, everything), known.known, None)
        self._held.data[:] = 1
        self._lengths = np.asarray(self._held.sum(axis=1)).ravel()

    def groups(self, random: np.random.Generator) -> list[NDArray[np.int64]]:
        """Cut each package into groups of at most `BATCH` pairs, in an order drawn at random."""
        found = []
        for start, stop in pairwise(self._starts):
            order = start + random.permutation(stop - start)
            drawn = [order[cut : cut + BATCH] for cut in range(0, len(order), BATCH)]
            found += [group for group in drawn if len(group) >= FEWEST_PAIRS]
        return [found[at] for at in random.permutation(len(found))]

    def batch(self, rows: NDArray[np.int64]) -> Batch:
        """Return the pairs with these numbers, which are of one package."""
        wanted, lengths = self._wanted[rows], self._lengths[rows]
        shares = (wanted @ self._held[rows].T).toarray() / np.maximum(np.asarray(wanted.sum(axis=1)), 1e-6)
        lexical = shares / (1 + _K1 * (1 - _B + _B * lengths / max(lengths.mean(), 1)))
        return Batch(self._asked[rows], self._answers[rows], lexical.astype(np.float32))


def vocabulary(packages: Iterable[Sequence[Pair]]) -> Vocabulary:
    """Count the terms of all packages; a word that sentences do not use gets no vector."""
    seen: Counter[str] = Counter()
    held_by: Counter[str] = Counter()
    said_by: Counter[str] = Counter()
    total = 0
    for pairs in packages:
        said = Counter(term for pair in pairs for term in _question(pair))
        of_package = said + Counter(term for pair in pairs for term in _answer(pair))
        total += 2 * len(pairs)
        seen.update(of_package)
        held_by.update(of_package.keys())
        said_by.update(said.keys())
    common = [term for term in seen if seen[term] >= _SEEN_AT_LEAST and said_by[term] >= _IN_PACKAGES]
    idf = np.array([math.log(1 + total / seen[term]) for term in seen], np.float32)
    words = {term: at for at, term in enumerate(sorted(common))}
    return Vocabulary(words, {term: at for at, term in enumerate(seen)}, idf)


def _question(pair: Pair) -> dict[str, int]:
    # A name that the sentence repeats stays in: NDCG gains .013 and .012 on the two sets, without it .002 and .007.
    return dict.fromkeys(pair.asked, PLAIN)


def _answer(pair: Pair) -> dict[str, int]:
    found = dict.fromkeys(pair.text, PLAIN)
    found |= dict.fromkeys(pair.stem, IN_STEM)
    return found | dict.fromkeys(pair.symbols, IN_SYMBOL)


def _matrix(rows: Iterable[Mapping[str, int]], columns: Mapping[str, int], idf: Matrix | None) -> csr_matrix:
    places, values, starts = array("i"), array("f"), array("q", [0])
    for row in rows:
        for term, weight in row.items():
            if (at := columns.get(term)) is not None:
                places.append(at)
                values.append(weight / PLAIN)
        starts.append(len(places))
    data = np.array(values, np.float32)
    if idf is not None:
        data *= idf[np.array(places)]
    return csr_matrix((data, np.array(places), np.array(starts)), shape=(len(starts) - 1, len(columns)))


def train(packages: Sequence[Sequence[Pair]], known: Vocabulary, seed: int) -> Matrix:
    """Return words x `DIMENSIONS`: what each term adds to a text's vector, its idf included."""
    random = np.random.default_rng(seed)
    vectors = random.normal(0, DIMENSIONS**-0.5, (len(known.words), DIMENSIONS)).astype(np.float32)
    pairs = Pairs(packages, known)
    steps = [group for _ in range(_PASSES) for group in pairs.groups(random)]
    moments = np.zeros_like(vectors), np.zeros_like(vectors)
    for at, group in enumerate(steps):
        rate = _RATE + (_LAST_RATE - _RATE) * at / len(steps)
        _step(vectors, _gradient(vectors, pairs.batch(group)), moments, rate, at + 1)
    return vectors * known.idf_of_words[:, None]


def _gradient(vectors: Matrix, made: Batch) -> Matrix:
    asked, asked_norms = _normal(made.asked @ vectors)
    answers, answer_norms = _normal(made.answers @ vectors)
    scores = _SHARPNESS * (asked @ answers.T + made.lexical)
    scores -= scores.max(axis=1, keepdims=True)
    wrong = np.exp(scores)
    wrong /= wrong.sum(axis=1, keepdims=True)
    wrong[np.diag_indices_from(wrong)] -= 1
    wrong *= _SHARPNESS / len(wrong)
    of_asked = _through_norm(wrong @ answers, asked, asked_norms)
    of_answers = _through_norm(wrong.T @ asked, answers, answer_norms)
    return np.asarray(made.asked.T @ of_asked + made.answers.T @ of_answers)


def _normal(rows: Matrix) -> tuple[Matrix, Matrix]:
    norms = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return rows / norms, norms


def _through_norm(gradient: Matrix, unit: Matrix, norms: Matrix) -> Matrix:
    return np.asarray((gradient - unit * (gradient * unit).sum(axis=1, keepdims=True)) / norms)


def _step(vectors: Matrix, gradient: Matrix, moments: tuple[Matrix, Matrix], rate: float, at: int) -> None:
    """Move the vectors once (Adam: Kingma and Ba, "Adam: a method for stochastic optimization", algorithm 1)."""
    first, second = moments
    first += (1 - _DECAYS[0]) * (gradient - first)
    second += (1 - _DECAYS[1]) * (gradient * gradient - second)
    scale = math.sqrt(1 - _DECAYS[1] ** at) / (1 - _DECAYS[0] ** at)
    vectors -= np.float32(rate * scale) * first / (np.sqrt(second) + np.float32(_EPSILON))


def reciprocal_ranks(packages: Sequence[Sequence[Pair]], known: Vocabulary, vectors: Matrix) -> dict[str, float]:
    """Return the mean reciprocal rank of the right definition among those of its batch, by what is compared.

    Args:
        packages: pairs that were not learned from.
        known: their vocabulary.
        vectors: words x `DIMENSIONS`, the idf included.
    """
    plain = vectors / known.idf_of_words[:, None]
    pairs = Pairs(packages, known)
    ranks: dict[str, list[float]] = {"words": [], "vectors": [], "both": []}
    for group in pairs.groups(np.random.default_rng(0)):
        made = pairs.batch(group)
        near = _normal(made.asked @ plain)[0] @ _normal(made.answers @ plain)[0].T
        for name, scores in (("words", made.lexical), ("vectors", near), ("both", near + made.lexical)):
            better = (scores > np.diag(scores)[:, None]).sum(axis=1)
            # Equal scores are no order: the right one is taken to be in the middle of its equals.
            equal = (scores == np.diag(scores)[:, None]).sum(axis=1) - 1
            ranks[name] += (1 / (1 + better + equal / 2)).tolist()
    return {name: float(np.mean(found)) for name, found in ranks.items()}
