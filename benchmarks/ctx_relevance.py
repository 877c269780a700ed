"""Does `ctx search` rank the right code first? NDCG@10 on annotated questions, beside plain BM25 and ripgrep.

Binary gain; the targets of a question are its relevant and secondary places; a target is hit by the first result whose
path is its own and, where it has a span, whose lines overlap it; the ideal has min(10, targets) hits. The mean is taken
per repository, then over repositories. `python benchmarks/ctx_relevance.py [--set heldout|spans] [--ablation]
[--leave-one-out] [--typos] [--questions]`; the development set is in `BOOMBAP_DATA`.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ctx_packing as packing
import ctx_tuning as tuning
from boombap.ctx.answers.pack import Pack, PackedPart, pack
from boombap.ctx.answers.search import search
from boombap.ctx.indexing.index import open_or_build
from boombap.ctx.ranking.score import WEIGHTS, Weights
from ctx_corpora import HELDOUT, Missing, Question, Ready, Target, cache, development, fetch_all, load
from ctx_spans import spans
from suite.measure import machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from boombap.ctx.indexing.index import Index

LIMIT = 10
_LANGUAGES = {
    ".c": "C", ".go": "Go", ".hpp": "C++", ".java": "Java", ".js": "JavaScript", ".php": "PHP", ".py": "Python",
    ".rb": "Ruby", ".rs": "Rust", ".scala": "Scala", ".ts": "TypeScript",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """One place that a search gave; its path is spelt as the annotations spell it."""

    path: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Scored:
    """What one question of one repository came to."""

    repository: str
    language: str
    question: Question
    ndcg: float
    results: tuple[Result, ...]


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=("dev", "heldout", "spans"), default="dev", help="questions (default: dev)")
    parser.add_argument("--ablation", action="store_true", help="each weight switched off in turn")
    parser.add_argument("--leave-one-out", action="store_true", help="tune on all repositories but one, score that one")
    parser.add_argument("--typos", action="store_true", help="one typo in each long word")
    parser.add_argument("--questions", action="store_true", help="every question that is not answered in full")
    args = parser.parse_args()
    corpora = _corpora(args.set)
    bench = Bench(corpora)
    print(f"machine  {machine()}")
    print(f"data     {args.set}: {sum(len(one.corpus.questions) for one in corpora)} questions, {len(corpora)} corpora")
    if args.ablation:
        print(tuning.ablation(bench, WEIGHTS))
    elif args.leave_one_out:
        print(tuning.leave_one_out(bench, WEIGHTS))
    else:
        _compare(bench, typos=args.typos, questions=args.questions)


def _corpora(name: str) -> list[Ready]:
    found = list(fetch_all(load(HELDOUT if name == "heldout" else development()), cache()))
    for one in found:
        if isinstance(one, Missing):
            print(f"notice   {one.corpus.name} left out: {one.reason}")
        elif one.notice:
            print(f"notice   {one.corpus.name}: {one.notice}")
    ready = [one for one in found if isinstance(one, Ready) and one.corpus.questions]
    return [made for one in ready if (made := spans(one)).corpus.questions] if name == "spans" else ready


class Bench:
    """The corpora with their open indexes; remembers the score of each repository under each set of weights."""

    def __init__(self, corpora: Sequence[Ready]) -> None:
        self._corpora = {one.corpus.name: one for one in corpora}
        self._indexes: dict[str, Index] = {}
        self._known: dict[tuple[str, Weights], float] = {}

    @property
    def corpora(self) -> list[Ready]:
        """Give the corpora in the order of the annotations."""
        return list(self._corpora.values())

    def score(self, name: str, weights: Weights) -> float:
        """Give the mean NDCG@10 of one repository."""
        if (name, weights) not in self._known:
            scored = ask(self._corpora[name], lambda ready, query: self.search(ready, query, weights))
            self._known[name, weights] = statistics.fmean(one.ndcg for one in scored)
        return self._known[name, weights]

    def search(self, ready: Ready, query: str, weights: Weights) -> list[Result]:
        """Ask ctx for answers."""
        return [
            Result(_annotated(ready, str(hit.path)), hit.start_line, hit.end_line)
            for hit in search(self._index(ready), query, limit=LIMIT, weights=weights)
        ]

    def pack(self, ready: Ready, query: str, budget: int) -> Pack:
        """Ask ctx for a pack."""
        return pack(self._index(ready), query, budget)

    def _index(self, ready: Ready) -> Index:
        """Return the index of a corpus; it is opened, or built, at the first question."""
        name = ready.corpus.name
        if name not in self._indexes:
            self._indexes[name] = open_or_build(ready.folder / ready.corpus.root, cache().parent / "bench" / name)
        return self._indexes[name]


def _annotated(ready: Ready, path: str) -> str:
    return (Path(ready.corpus.root) / path).as_posix()


def ask(ready: Ready, ranker: Callable[[Ready, str], Sequence[Result]]) -> list[Scored]:
    """Put all questions of a corpus to a ranker."""
    language = _language(ready)
    scored = []
    for question in ready.corpus.questions:
        results = tuple(ranker(ready, question.query))
        gained = ndcg(results, question.targets)
        scored.append(Scored(ready.corpus.name, language, question, gained, results))
    return scored


def _language(ready: Ready) -> str:
    suffixes = Counter(Path(target.path).suffix for one in ready.corpus.questions for target in one.targets)
    return _LANGUAGES.get(suffixes.most_common(1)[0][0], "other")


def ndcg(results: Sequence[Result], targets: Sequence[Target]) -> float:
    """Give the normalised discounted cumulative gain of the first ten results."""
    ranks = [_rank(results[:LIMIT], target) for target in targets]
    gained = sum(1 / math.log2(rank + 1) for rank in ranks if rank is not None)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(LIMIT, len(targets)) + 1))
    return gained / ideal


def _rank(results: Sequence[Result], target: Target) -> int | None:
    return next((rank for rank, result in enumerate(results, 1) if _hits(result, target)), None)


def _hits(result: Result, target: Target) -> bool:
    if result.path != target.path:
        return False
    if target.start_line is None or target.end_line is None:
        return True
    return result.start_line <= target.end_line and result.end_line >= target.start_line


def ripgrep(ready: Ready, query: str) -> list[Result]:
    """Rank files by how many matches of any word of the query they hold; a file answers for all of its lines."""
    words = [word for word in re.findall(r"\w+", query) if len(word) > 2]
    patterns = [part for word in words for part in ("-e", re.escape(word))]
    command = ["rg", "--count-matches", "--ignore-case", "--null", "--no-ignore", *patterns, "."]
    done = subprocess.run(
        command, cwd=ready.folder / ready.corpus.root, capture_output=True, text=True, check=False, timeout=60
    )
    counts = [line.split("\0") for line in done.stdout.splitlines()]
    best = sorted(counts, key=lambda pair: (-int(pair[1]), pair[0]))[:LIMIT]
    return [Result(_annotated(ready, path), 1, sys.maxsize) for path, _ in best]


def misspell(query: str) -> str:
    """Change one letter of each word of five letters or more; the same word always gets the same typo."""
    return re.sub(r"[^\W\d_]{5,}", lambda match: _typo(match[0]), query)


def _typo(word: str) -> str:
    chance = random.Random(word)
    at = chance.randrange(1, len(word) - 2)
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    dropped = word[:at] + word[at + 1 :]
    changed = word[:at] + chance.choice("aeioutrns") + word[at + 1 :]
    return chance.choice([one for one in (swapped, dropped, changed) if one != word])


def _compare(bench: Bench, *, typos: bool, questions: bool) -> None:
    rankers: dict[str, Callable[[Ready, str], Sequence[Result]]] = {
        "ctx": lambda ready, query: bench.search(ready, query, WEIGHTS),
        "BM25": lambda ready, query: bench.search(ready, query, tuning.plain(WEIGHTS)),
    }
    if shutil.which("rg"):
        rankers["ripgrep"] = ripgrep
    else:
        print("left out: ripgrep is not installed")
    if typos:
        rankers["typos"] = lambda ready, query: bench.search(ready, misspell(query), WEIGHTS)
    for ready in bench.corpora:
        bench.search(ready, "warm up", WEIGHTS)
    scored, times = {}, {}
    for name, ranker in rankers.items():
        begun = time.perf_counter()
        scored[name] = [one for ready in bench.corpora for one in ask(ready, ranker)]
        times[name] = 1000 * (time.perf_counter() - begun) / len(scored[name])
    print(_table(scored))
    print(f"{'ms per question, in process':<28}" + "".join(f"{took:>9.1f}" for took in times.values()))
    print(packing.table(bench, part_hits))
    if questions:
        print("\n".join(_failing(scored["ctx"])))


def _table(scored: Mapping[str, Sequence[Scored]]) -> str:
    lines = [f"\n{'NDCG@10':<28}" + "".join(f"{name:>9}" for name in scored), "-" * (28 + 9 * len(scored))]
    for title, key in _GROUPS.items():
        names = dict.fromkeys(key(one) for one in scored["ctx"])
        for name in names:
            means = [_mean([one for one in found if key(one) == name]) for found in scored.values()]
            lines.append(f"{title + ' ' + name:<28}" + "".join(f"{mean:>9.3f}" for mean in means))
    lines.append(f"{'all':<28}" + "".join(f"{_mean(found):>9.3f}" for found in scored.values()))
    return "\n".join(lines)


_GROUPS: dict[str, Callable[[Scored], str]] = {
    "repository": lambda one: one.repository,
    "language": lambda one: one.language,
    "category": lambda one: one.question.category,
}


def _mean(scored: Iterable[Scored]) -> float:
    """Give the mean over repositories of the mean of each."""
    by_repository = defaultdict(list)
    for one in scored:
        by_repository[one.repository].append(one.ndcg)
    return statistics.fmean(statistics.fmean(found) for found in by_repository.values())


def part_hits(ready: Ready, part: PackedPart, target: Target) -> bool:
    """Tell whether a part of a pack answers a target."""
    return _hits(Result(_annotated(ready, part.path), part.start_line, part.end_line), target)


def _failing(scored: Sequence[Scored]) -> Iterable[str]:
    for one in sorted(scored, key=lambda one: one.ndcg):
        if one.ndcg < 0.999:
            yield f"\n{one.ndcg:.2f} {one.repository} [{one.question.category}] {one.question.query}"
            yield "     want " + ", ".join(_place(target) for target in one.question.targets)
            yield "     got  " + ", ".join(_place(result) for result in one.results[:5])


def _place(place: Target | Result) -> str:
    return place.path if place.start_line is None else f"{place.path}:{place.start_line}-{place.end_line}"


if __name__ == "__main__":
    main()
