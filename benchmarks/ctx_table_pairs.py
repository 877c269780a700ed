"""Collects what the table of term vectors is learned from: definitions, and the sentences that document them.

The question is the first sentence of a doc comment; the answer is the definition's code, its names, the stem of its
file and the rest of the comment. Files are read, parsed and cut into terms by the product itself. Tests, vendored,
generated and example code are left out. `python benchmarks/ctx_table_pairs.py PACKAGES PAIRS [--processes N]` writes
one file a package, and does not read again what is written already.
"""

from __future__ import annotations

import argparse
import random
import re
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boombap.ctx.model import Skipped
from boombap.ctx.ranking.score import question
from boombap.ctx.repository import files, texts
from boombap.ctx.structure.languages import CONFIGURATION, MARKUP, PROSE, language_of
from boombap.ctx.structure.read import structure
from boombap.ctx.tokens import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.ctx.model import Definition

MOST_PAIRS = 3_000
_MOST_FILES = 20_000
_CHARACTERS = 1_500  # a chunk of the product
_FEWEST_TERMS = 3
_LEFT_OUT = re.compile(
    r"(?:^|/)(?:_?tests?(?:_\w+)?|__tests__|specs?|testing|testdata|fixtures|e2e|bench\w*|_?examples?|samples?|demos?|docs?"
    r"|vendor|_?vendored|third_?party|node_modules|generated|\w+\.dist-info)/"
    r"|(?:^|/)(?:test_|conftest\.)[^/]*$|(?:_test|_tests|_spec|\.test|\.spec|_pb2|\.pb|_generated)\.\w+$",
    re.IGNORECASE,
)
_MARKS = re.compile(r"^\s*(?:/\*+|\*+/|///?!?|//!|\*|#+|--+|[rRbuU]?\"\"\"|[rR]?''')?\s*|\s*(?:\*/|\"\"\"|''')\s*$")
_SENTENCE_END = re.compile(r"[.!?](?:\s|$)|\n\s*\n|\n\s*(?:@\w+|:\w+|Args:|Parameters\b|Returns?:|-{3,})")
_DECORATOR = re.compile(r"^\s*(?:@|#\[)")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and its answer, as terms without repeats.

    Attributes:
        asked: terms of the first sentence.
        symbols: terms of the definition's names.
        stem: terms of the file's name.
        text: terms of the code and of the rest of the comment.
    """

    asked: tuple[str, ...]
    symbols: tuple[str, ...]
    stem: tuple[str, ...]
    text: tuple[str, ...]


def write(path: Path, pairs: Sequence[Pair]) -> None:
    """Write the pairs of a package in one step."""
    lines = ["\t".join(map(" ".join, (pair.asked, pair.symbols, pair.stem, pair.text))) for pair in pairs]
    beside = path.with_suffix(".new")
    beside.write_text("\n".join(lines), encoding="utf-8")
    beside.replace(path)


def read(path: Path) -> list[Pair]:
    """Read the pairs of a package."""
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line)
    return [Pair(*(tuple(field.split()) for field in row)) for row in rows]


def of_package(folder: Path) -> list[Pair]:
    """Return at most `MOST_PAIRS` pairs of a package, its files in an order that depends on its name alone."""
    paths = [path for path in files.listing(str(folder), _MOST_FILES).paths if not _LEFT_OUT.search(path)]
    random.Random(folder.name).shuffle(paths := sorted(paths))
    found: dict[tuple[str, ...], Pair] = {}
    for path in paths:
        for pair in _of_file(folder, path):
            # A build for each module system repeats every comment; the same sentence is one question.
            found.setdefault(pair.asked, pair)
        if len(found) >= MOST_PAIRS:
            break
    return list(found.values())[:MOST_PAIRS]


def _of_file(folder: Path, path: str) -> Iterator[Pair]:
    language = language_of(path, "")
    if not language or language in PROSE | MARKUP | CONFIGURATION:
        return
    text = texts.read(str(folder), path)
    if isinstance(text, Skipped) or text.is_generated:
        return
    stem = tuple(dict.fromkeys(terms(path.rpartition("/")[2].partition(".")[0])))
    for definition in structure(language, text.lines).definitions:
        if pair := _pair(definition, text.lines, stem):
            yield pair


def _pair(definition: Definition, lines: Sequence[str], stem: tuple[str, ...]) -> Pair | None:
    numbers = _doc_numbers(definition)
    if not numbers:
        return None
    comment = "\n".join(_MARKS.sub("", lines[at - 1]) for at in numbers if not _DECORATOR.match(lines[at - 1])).strip()
    end = _SENTENCE_END.search(comment)
    sentence, rest = (comment[: end.start()], comment[end.end() :]) if end else (comment, "")
    asked = question(sentence[:_CHARACTERS]).terms
    if len(asked) < _FEWEST_TERMS:
        return None
    code = "\n".join(lines[at - 1] for at in range(definition.start, definition.end + 1) if at not in numbers)
    text = terms(f"{code[:_CHARACTERS]}\n{rest[:_CHARACTERS]}")
    return Pair(asked, tuple(dict.fromkeys(terms(definition.name))), stem, tuple(dict.fromkeys(text)))


def _doc_numbers(definition: Definition) -> range:
    if definition.inner_doc[0]:
        return range(definition.inner_doc[0], definition.inner_doc[1] + 1)
    return range(definition.start, definition.doc_end + 1) if definition.doc_end else range(0)


def _collect(folder: Path, target: Path) -> tuple[str, int]:
    pairs = of_package(folder)
    write(target, pairs)
    return folder.name, len(pairs)


def main() -> None:
    """Collect the pairs of every package that is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=Path, help="folder with one folder a package")
    parser.add_argument("pairs", type=Path, help="folder for one file a package")
    parser.add_argument("--processes", type=int, default=1, help="how many packages at once (default: 1)")
    args = parser.parse_args()
    args.pairs.mkdir(parents=True, exist_ok=True)
    folders = sorted(path for path in args.packages.iterdir() if path.is_dir() and not path.name.startswith("."))
    pending = [(path, target) for path in folders if not (target := args.pairs / f"{path.name}.tsv").exists()]
    with ProcessPoolExecutor(args.processes) as pool:
        for name, count in pool.map(_collect, *zip(*pending, strict=True)) if pending else ():
            print(f"{name:<60}{count:>6}", flush=True)


if __name__ == "__main__":
    main()
