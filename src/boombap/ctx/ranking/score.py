"""How well a chunk answers a question: BM25, names, definitions, evidence of its file, penalties, and a bounded prior.

Work on values only: the search hands in rows and gets numbers. Every weight is a field of `Weights`, so that
benchmarks/ctx_relevance.py can switch each off and tune it with a repository left out.
"""

from __future__ import annotations

import re

from boombap.ctx.model import IS_CONFIGURATION, IS_GENERATED, IS_PROSE, ONLY_REEXPORTS
from boombap.ctx.ranking.file_names import FileNames
from boombap.ctx.ranking.nearness import weighted
from boombap.ctx.tokens import fold, stem, terms
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Parts = dict[str, float]
    """The parts of a score by name; those that begin with × multiply."""


class Weights(Record):
    """Every weight and switch of the ranking; 0 (1 for a factor) switches one off.

    Attributes:
        stem: for the share of the question's terms in the name of the file.
        folder: the same for its folder, relative to `stem`.
        rare_names: for the share of the question's rarity in the names of the path, a shared beginning counting half.
        prefix: what a term counts that shares 70 % of its beginning with one of the name.
        file: for the evidence of the whole file, the sum of (BM25/max)² over its chunks.
        related: for the cosine of the question with the chunk in the table of term vectors.
        related_file: the same with the mean of its file's chunks.
        defined: a symbol query is answered where the symbol is defined.
        mentioned: the same for a symbol inside prose.
        stem_is_symbol, is_type, is_constant: factors on the two before.
        respelt: the same where the symbol is spelt in another way, as play_track for playTrack.
        all_parts: all parts of a symbol are asked for, as in "router group".
        tests, examples, text, configuration, stubs, versions, private, generated: factors on such files.
        reexports: the same for an `__init__` or index file that defines nothing.
        decay: on each further chunk of a file.
        file_decay: on the evidence of the file in each further chunk of it.
        recency, frequency, centrality, complexity: parts of the prior.
        prior_cap: the most that the prior multiplies by.
        candidates: how many chunks are looked at.
    """

    stem: float = 2.0
    folder: float = 0.75
    rare_names: float = 0.5
    prefix: float = 0.2
    file: float = 0.5
    related: float = 0.9
    related_file: float = 0.6
    defined: float = 2.0
    mentioned: float = 1.0
    stem_is_symbol: float = 1.5
    is_type: float = 1.5
    is_constant: float = 0.7
    respelt: float = 0.6
    all_parts: float = 0.4
    tests: float = 0.3
    examples: float = 0.3
    text: float = 0.2
    configuration: float = 0.6
    reexports: float = 0.5
    stubs: float = 0.7
    versions: float = 0.4
    private: float = 0.85
    generated: float = 0.3
    decay: float = 0.6
    file_decay: float = 1.0
    recency: float = 0.10
    frequency: float = 0.05
    centrality: float = 0.0
    complexity: float = 0.03
    prior_cap: float = 1.25
    candidates: int = 400


WEIGHTS = Weights()

_STOP = frozenset(
    (
        "a an the of to in on at for from by with without and or not is are was were be been being "
        "it its this that these those how what where when which who why does do did can could "
        "should would will into as if then than there their you your we our i me my he she they "
        "them us work works working used using use via get"
    ).split()
) | frozenset(("и в во на не с со к ко о об от до за из у по для что как где когда это или а но ли же").split())
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_HUMPS = re.compile(r"[a-z0-9][A-Z]|[A-Z]{2}[a-z]|\w_\w")
_TESTS = re.compile(
    r"(?:^|/)(?:tests?|__tests__|specs?|testing|testdata|fixtures|e2e|benches|benchmarks?)/"
    r"|(?:^|/)(?:test_|conftest\.)[^/]*$|(?:^|/)tests?\.\w+$|(?:_test|_tests|_spec|\.test|\.spec|Tests?|Spec)\.\w+$"
)
_EXAMPLES = re.compile(r"(?:^|/)(?:examples?|samples?|demos?|docs?|docs_src|tutorials?|_examples)/")
_STUBS = re.compile(r"\.(?:pyi|d\.ts|d\.mts|d\.cts)$")
_VERSIONS = re.compile(r"(?:^|/)v(\d+)/")
_ASKS = {
    "tests": frozenset(("test", "spec", "fixtur", "benchmark", "тест")),
    "examples": frozenset(("exampl", "sampl", "demo", "doc", "tutorial", "documentat", "пример")),
    "text": frozenset(
        ("readm", "doc", "documentat", "changelog", "markdown", "guid", "config", "yaml", "toml", "документац")
    ),
}
_MARKS = "$!?~_"
_TYPES = frozenset(("class", "type", "impl"))
_HALF_LIFE_S = 30 * 86_400


class Question(Record):
    """What was asked, in the forms that the parts of the score compare.

    Attributes:
        terms: the terms that are looked up, without stop words unless there are no others.
        words: their single words, without compounds.
        symbols: identifiers in it, folded, without underscores.
        is_symbol: whether it is an identifier and nothing else.
        rarity: of each of the words, its inverse document frequency; 1 for a word that is not in it.
        spellings: the same identifiers as written; empty where all are in one case, which says nothing.
        corrected: misspelt term to the term of the index that replaces it.
    """

    terms: tuple[str, ...]
    words: frozenset[str]
    symbols: frozenset[str]
    is_symbol: bool
    spellings: frozenset[str] = frozenset()
    corrected: Mapping[str, str] = {}
    rarity: Mapping[str, float] = {}


def question(text: str) -> Question:
    """Return a query as a question.

    >>> question("how does RouterGroup work").terms
    ('routergroup', 'router', 'group')
    """
    found = _IDENTIFIER.findall(text)
    kept = [word for word in found if fold(word) not in _STOP] or found
    looked_up = tuple(dict.fromkeys(terms(" ".join(kept) if kept else text))) or tuple(dict.fromkeys(terms(text)))
    bare = text.strip().strip("`()")
    is_symbol = bool(re.fullmatch(r"[^\W\d]\w*(?:(?:\.|::|#|->)[^\W\d]\w*)*", bare))
    named = [word for word in found if _HUMPS.search(word)]
    if is_symbol:
        named.append(re.split(r"\W+", bare)[-1])
    symbols = frozenset(fold(word).replace("_", "") for word in named)
    words = frozenset(term for word in kept for term in _single(word))
    spellings = frozenset(word.strip(_MARKS) for word in named if _HUMPS.search(word))
    return Question(looked_up, words, symbols, is_symbol, spellings)


def _single(word: str) -> list[str]:
    found = terms(word)
    return found if len(found) == 1 else [term for term in found if term != fold(word).replace("_", "")]


class CandidateRow(Record):
    """What the index knows of a candidate and its file."""

    chunk: int
    bm25: float
    file: int
    path: str
    start: int
    stop: int
    kind: str
    symbols: str
    scope: str
    complexity: int
    flags: int
    rank: float
    commits: int
    changed_s: int
    vector: bytes
    file_vector: bytes


def row_of(values: Sequence[object]) -> CandidateRow:
    """Return a row of the database as a `CandidateRow`, without the checks that cost 4 us each."""
    made = object.__new__(CandidateRow)
    made.__dict__.update(zip(CandidateRow.__match_args__, values, strict=True))
    return made


class Scored:
    """A candidate with its score; 400 of them are made for each question, and a Record takes 3 us.

    Attributes:
        row: the candidate.
        score: after diversity.
        symbol: the name in it that answers best; empty outside any definition.
        parts: what the score is made of.
    """

    __slots__ = ("parts", "row", "score", "symbol")

    def __init__(self, row: CandidateRow, score: float, symbol: str, parts: Parts) -> None:
        self.row = row
        self.score = score
        self.symbol = symbol
        self.parts = parts


def ranked(rows: Sequence[CandidateRow], asked: Question, weights: Weights, now_s: int) -> list[Scored]:
    """Return the candidates, the best first; equal ones by path and line."""
    if not rows:
        return []
    top = max(row.bm25 for row in rows) or 1.0
    evidence = _evidence(rows, top)
    versions = _newest_versions(rows)
    names = FileNames(asked.words, asked.rarity, folder=weights.folder, prefix=weights.prefix)
    nearness = _Nearness(rows, asked, weights)
    by_file: dict[int, list[Scored]] = {}
    for row in rows:
        scored = _scored(row, asked, weights, top, evidence, names, nearness, versions, now_s)
        by_file.setdefault(row.file, []).append(scored)
    found = [one for chunks in by_file.values() for one in _decayed(chunks, weights)]
    return sorted(found, key=lambda one: (-one.score, one.row.path, one.row.start))


def _evidence(rows: Sequence[CandidateRow], top: float) -> dict[int, float]:
    sums: dict[int, float] = {}
    for row in rows:
        sums[row.file] = sums.get(row.file, 0.0) + (row.bm25 / top) ** 2
    most = max(sums.values()) or 1.0
    return {file: value / most for file, value in sums.items()}


def _newest_versions(rows: Sequence[CandidateRow]) -> dict[str, int]:
    newest: dict[str, int] = {}
    for row in rows:
        if found := _VERSIONS.search(row.path):
            before = row.path[: found.start()]
            newest[before] = max(newest.get(before, 0), int(found[1]))
    return newest


class _Nearness:
    """What the table of term vectors adds to the score of each candidate."""

    def __init__(self, rows: Sequence[CandidateRow], asked: Question, weights: Weights) -> None:
        self._chunks = weighted({row.chunk: row.vector for row in rows}, asked.terms, weights.related)
        self._files = weighted({row.file: row.file_vector for row in rows}, asked.terms, weights.related_file)

    def parts(self, row: CandidateRow) -> Parts:
        return {"related words": self._chunks[row.chunk], "related words in file": self._files[row.file]}


def _scored(
    row: CandidateRow,
    asked: Question,
    weights: Weights,
    top: float,
    evidence: Mapping[int, float],
    names: FileNames,
    nearness: _Nearness,
    versions: Mapping[str, int],
    now_s: int,
) -> Scored:
    boost, symbol, reason = _definition(row, asked, weights, is_old=_is_old(row.path, versions))
    parts: Parts = {
        "text": row.bm25 / top,
        "file name": weights.stem * names.share(row.path),
        "rare names": weights.rare_names * names.rare_share(row.path),
        "file": weights.file * evidence[row.file],
        reason: boost,
        **nearness.parts(row),
    }
    score = sum(parts.values())
    for name, factor in _penalties(row, asked, weights, versions):
        parts[f"×{name}"] = factor
        score *= factor
    prior = _prior(row, weights, now_s)
    parts["×prior"] = prior
    return Scored(row, score * prior, symbol, parts)


def _definition(row: CandidateRow, asked: Question, weights: Weights, *, is_old: bool) -> tuple[float, str, str]:
    symbols = row.symbols.split()
    best = (0.0, symbols[0] if symbols else "", "definition")
    for name in symbols:
        folded = _folded(name)
        if _is_asked(folded, asked):
            boost = weights.defined if asked.is_symbol else weights.mentioned
            boost *= _kind_factor(row, folded, weights, is_old=is_old)
            if asked.spellings and name.strip(_MARKS) not in asked.spellings:
                boost *= weights.respelt
            if boost > best[0]:
                best = (boost, name, "definition")
    if best[0] == 0 and weights.all_parts:
        for name in symbols:
            parts = {term for term in _single(name) if len(term) > 1}
            if len(parts) > 1 and parts <= asked.words:
                return weights.all_parts * len(parts) ** 0.5 / 2**0.5, name, "symbol parts"
    return best


def _folded(name: str) -> str:
    return fold(name).replace("_", "").strip(_MARKS)


def _is_asked(folded: str, asked: Question) -> bool:
    # A corrected word is a term of the index, so it is compared as one.
    return folded in asked.symbols or bool(asked.corrected and stem(folded) in asked.symbols)


def defines(row: CandidateRow, asked: Question) -> bool:
    """Tell whether a chunk defines one of the symbols that were asked for."""
    return any(_is_asked(_folded(name), asked) for name in row.symbols.split())


def penalty(row: CandidateRow, asked: Question, weights: Weights) -> float:
    """Return what a chunk's file multiplies its score by, 1 for plain code; older versions count as the newest."""
    factor = 1.0
    for _, one in _penalties(row, asked, weights, {}):
        factor *= one
    return factor


def belongs_to_tests(path: str) -> bool:
    """Tell whether a file is a test, by its path."""
    return _TESTS.search(path) is not None


def _kind_factor(row: CandidateRow, folded: str, weights: Weights, *, is_old: bool) -> float:
    factor = 1.0
    base = row.path.rpartition("/")[2].partition(".")[0]
    if fold(base).replace("_", "").replace("-", "") == folded and not is_old:
        factor *= weights.stem_is_symbol
    if row.kind in _TYPES:
        factor *= weights.is_type
    if row.kind in ("constant", "prototype"):
        factor *= weights.is_constant
    return factor


def _penalties(
    row: CandidateRow, asked: Question, weights: Weights, versions: Mapping[str, int]
) -> list[tuple[str, float]]:
    path = row.path
    found = []
    is_test = belongs_to_tests(path) or row.scope.startswith("tests")
    if is_test and not asked.words & _ASKS["tests"]:
        found.append(("test", weights.tests))
    elif _EXAMPLES.search(path) and not asked.words & _ASKS["examples"]:
        found.append(("example", weights.examples))
    if row.flags & (IS_PROSE | IS_CONFIGURATION) and not asked.words & _ASKS["text"]:
        kind = ("not code", weights.text) if row.flags & IS_PROSE else ("configuration", weights.configuration)
        found.append(kind)
    if row.flags & IS_GENERATED:
        found.append(("generated", weights.generated))
    if row.flags & ONLY_REEXPORTS:
        found.append(("re-exports", weights.reexports))
    if _STUBS.search(path):
        found.append(("stub", weights.stubs))
    if _is_old(path, versions):
        found.append(("old version", weights.versions))
    base = path.rpartition("/")[2]
    if base.startswith("_") and not base.startswith("__"):
        found.append(("private", weights.private))
    return found


def _is_old(path: str, versions: Mapping[str, int]) -> bool:
    version = _VERSIONS.search(path)
    return version is not None and int(version[1]) < versions.get(path[: version.start()], 0)


def _prior(row: CandidateRow, weights: Weights, now_s: int) -> float:
    recency = 0.0
    if row.changed_s:
        # A date in the future is a wrong clock, not a merit: it counts as today.
        recency = weights.recency * 2.0 ** (-max(0, now_s - row.changed_s) / _HALF_LIFE_S)
    frequency = weights.frequency * min(1.0, row.commits.bit_length() / 8)
    centrality = weights.centrality * row.rank
    complexity = weights.complexity * min(1.0, row.complexity / 20)
    return min(weights.prior_cap, 1.0 + recency + frequency + centrality + complexity)


def _decayed(chunks: list[Scored], weights: Weights) -> list[Scored]:
    ordered = sorted(chunks, key=lambda one: (-one.score, one.row.start))
    for at, one in enumerate(ordered):
        score = one.score
        if at and weights.file_decay < 1:
            whole = sum(value for name, value in one.parts.items() if not name.startswith("×")) or 1.0
            of_file = one.parts["file"] + one.parts["file name"]
            score *= 1 - of_file / whole * (1 - weights.file_decay**at)
        one.score = score * weights.decay**at
    return ordered
