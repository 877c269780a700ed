"""The old way to find code, kept runnable as the A side of comparisons.

TF-IDF over whole files in pure Python: every call reads every file again, and a result is a file, not a place in it.
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections import Counter
from pathlib import Path

ENGINE = "classic"

SUFFIXES = {".py", ".md", ".sql", ".toml", ".yaml", ".yml", ".json", ".txt", ".sh"}
SKIPPED = {".git", ".venv", "venv", "__pycache__", "node_modules"}
WORD = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]+")


def main() -> None:
    """Print the best files as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("query")
    parser.add_argument("--root", type=Path, default=Path())
    parser.add_argument("--limit", type=int, default=10)
    args = parser.parse_args()
    found = search(args.root, args.query, args.limit)
    print(json.dumps({"engine": ENGINE, "results": found}, indent=2))


def search(root: Path, query: str, limit: int) -> list[dict[str, object]]:
    """Build the TF-IDF vectors of all files and compare each with the query's by cosine."""
    counts = {path: count for path in files(root) if (count := words(path))}
    found_in = Counter(word for count in counts.values() for word in count)
    idf = {word: math.log(len(counts) / files_with) + 1 for word, files_with in found_in.items()}
    asked = vector(Counter(WORD.findall(query.lower())), idf)
    scores = {str(path): cosine(asked, vector(count, idf)) for path, count in counts.items()}
    best = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
    return [{"path": path, "score": round(score, 4)} for path, score in best if score > 0]


def files(root: Path) -> list[Path]:
    """Give the files that the old script knew, below no folder that it skipped."""
    return sorted(
        path
        for path in root.rglob("*")
        if path.suffix in SUFFIXES and not SKIPPED & set(path.relative_to(root).parts) and path.is_file()
    )


def words(path: Path) -> Counter[str]:
    """Count the words of a file."""
    return Counter(WORD.findall(path.read_text(encoding="utf-8", errors="ignore").lower()))


def vector(count: Counter[str], idf: dict[str, float]) -> dict[str, float]:
    """Give term frequency times inverse document frequency, of length 1."""
    weighted = {word: number * idf[word] for word, number in count.items() if word in idf}
    length = math.sqrt(sum(weight * weight for weight in weighted.values())) or 1.0
    return {word: weight / length for word, weight in weighted.items()}


def cosine(one: dict[str, float], other: dict[str, float]) -> float:
    """Give the cosine of two vectors of length 1."""
    return sum(weight * other.get(word, 0.0) for word, weight in one.items())


if __name__ == "__main__":
    main()
