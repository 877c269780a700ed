"""Answers as a person reads them."""

from __future__ import annotations

import os

from boombap.ctx.budget import TOKEN_BYTES
from boombap.ctx.model import line_range
from boombap.output import table
from boombap.output.terminal import printable
from boombap.units import format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from boombap.ctx.answers.outline import Outline, OutlineEntry
    from boombap.ctx.answers.pack import Pack
    from boombap.ctx.answers.recent import Change
    from boombap.ctx.answers.related import Relative
    from boombap.ctx.answers.repo_map import RepositoryMap
    from boombap.ctx.indexing.prune import CachedIndex
    from boombap.ctx.model import Hit
    from boombap.output.terminal import Terminal

_SHOWN_LINES = 6
_SHOWN_SKIPPED = 20
# An index without a file takes 56 KiB: beside less text its share says nothing.
_TEXT_WITH_SHARE = 100_000


def search_lines(
    hits: Sequence[Hit], root: str, terminal: Terminal, *, explain: bool, is_numbered: bool = False
) -> Iterator[str]:
    """Yield each hit as its place, its symbol and its first lines; or all lines of its snippet, numbered."""
    for hit in hits:
        place = f"{terminal.style(shown(hit.path, root), 'cyan')}:{line_range(hit.start_line, hit.end_line)}"
        yield f"{place}  {terminal.style(printable(hit.symbol), 'bold')} {terminal.style(hit.kind, 'dim')}"
        if explain:
            parts = "  ".join(f"{name} {value:g}" for name, value in hit.why)
            yield f"    score {hit.score:g} = {parts}"
        lines = _numbered(hit) if is_numbered else [line for line in hit.snippet.split("\n") if line.strip()]
        for line in lines if is_numbered else lines[:_SHOWN_LINES]:
            yield f"    {table.shorten(printable(line.expandtabs(4)), max(40, terminal.width - 4))}".rstrip()


def _numbered(hit: Hit) -> list[str]:
    """Return the lines of a snippet as grep numbers them: ``7:`` for a match, ``8-`` for a line around it."""
    numbered = enumerate(hit.snippet.split("\n"), hit.snippet_line)
    return [
        f"{number}{':' if hit.start_line <= number <= hit.end_line else '-'} {line.expandtabs(4)}"
        for number, line in numbered
    ]


def file_lines(hits: Sequence[Hit], root: str) -> Iterator[str]:
    """Yield the paths of the hits, each once."""
    yield from dict.fromkeys(shown(hit.path, root) for hit in hits)


def shown(path: str, root: str) -> str:
    """Return a path as seen from the working folder, without characters that steer a terminal."""
    return printable(os.path.relpath(os.path.join(root, path)))


def recent_lines(changes: Sequence[Change], root: str, now_s: float) -> Iterator[str]:
    """Yield the files that changed, the latest first."""
    rows = [(shown(change.path, root), _ago(change.changed_s, now_s), change.commits) for change in changes]
    yield from table.lines(("file", "changed", "commits"), rows, indent="")


def _ago(moment_s: int, now_s: float) -> str:
    return f"{format_duration(now_s - moment_s)} ago" if moment_s <= now_s else "in the future"


def related_lines(relatives: Sequence[Relative], root: str, *, explain: bool) -> Iterator[str]:
    """Yield the files that belong to one, with the reasons."""
    for relative in relatives:
        reasons = ", ".join(f"{name} {value:g}" if explain else name for name, value in relative.why)
        yield f"{shown(relative.path, root)}  ({reasons})"


def outline_lines(outline: Outline, root: str, terminal: Terminal) -> Iterator[str]:
    """Yield a file's language and size, then its definitions by their nesting."""
    rules, size = ", read by line rules" * (outline.parsed == "lines"), quantity(outline.lines, "line")
    yield f"{terminal.style(shown(outline.path, root), 'cyan')}  {outline.language}, {size}{rules}"
    for entry in outline.definitions:
        place = f"{'  ' * (entry.depth + 1)}{line_range(entry.start_line, entry.end_line)}"
        kind = "" if _says_kind(entry) else f"{terminal.style(entry.kind, 'dim')} "
        yield f"{place}  {kind}{printable(entry.signature)}"


def _says_kind(entry: OutlineEntry) -> bool:
    """Tell whether a signature has the word for its kind before the name: ``function Route()``."""
    return entry.kind in entry.signature.partition(entry.name)[0].split()


def map_lines(repository_map: RepositoryMap, root: str, terminal: Terminal) -> Iterator[str]:
    """Yield each file with the signatures that it defines."""
    from boombap.ctx.answers.repo_map import entry_line, left_out_line

    for file in repository_map.files:
        yield terminal.style(shown(file.path, root), "cyan")
        yield from (printable(entry_line(entry)) for entry in file.definitions)
        if file.left_out:
            yield left_out_line(file.left_out)


def pack_lines(packed: Pack, root: str, terminal: Terminal) -> Iterator[str]:
    """Yield each part as a header with its place, its whole text, and an empty line."""
    from boombap.ctx.answers.pack import header

    for part in packed.parts:
        yield terminal.style(printable(header(part, shown(part.path, root))), "cyan")
        yield from ("\t".join(map(printable, line.split("\t"))) for line in part.text.split("\n"))
        yield ""


def budget_note(tokens: int, budget: int, left_out: str) -> str:
    """Return how much of a budget was used, how tokens are counted, and what did not fit."""
    return f"{tokens:,} of {budget:,} tokens (estimated: {TOKEN_BYTES} bytes each); {left_out}"


def status_lines(status: Mapping[str, object], terminal: Terminal) -> Iterator[str]:
    """Yield what an index holds, then what it left out."""
    yield f"{terminal.style('root', 'bold')}       {printable(str(status['root']))}"
    size, text = _number(status, "index_bytes"), _number(status, "text_bytes")
    share = f", {100 * size / text:.0f} % of the text" if text >= _TEXT_WITH_SHARE else ""
    yield f"{terminal.style('index', 'bold')}      {printable(str(status['index']))} ({format_size(size)}{share})"
    counts = [quantity(_number(status, f"{noun}s"), noun) for noun in ("file", "line", "chunk", "import", "commit")]
    yield f"{terminal.style('holds', 'bold')}      {', '.join(counts)}"
    yield f"{terminal.style('languages', 'bold')}  {_counted(status['languages']) or 'none'}"
    if status["by_line_rules"]:
        yield f"{terminal.style('by lines', 'bold')}   {_counted(status['by_line_rules'])}"
    yield from _cut_lines(status, terminal)
    skipped = status["skipped"]
    assert isinstance(skipped, list), "status() makes a list of it"
    yield f"{terminal.style('skipped', 'bold')}    {len(skipped)}"
    for file in skipped[:_SHOWN_SKIPPED]:
        yield f"  {printable(file['path'])}: {printable(file['reason'])}"
    if len(skipped) > _SHOWN_SKIPPED:
        yield f"  and {len(skipped) - _SHOWN_SKIPPED} more; --json has them all"


def _cut_lines(status: Mapping[str, object], terminal: Terminal) -> Iterator[str]:
    files = status["cut_lines"]
    assert isinstance(files, list), "status() makes a list of it"
    if files:
        yield f"{terminal.style('cut', 'bold')}        {len(files)}, lines of more than 5,000 characters"
    for path in files[:_SHOWN_SKIPPED]:
        yield f"  {printable(path)}"
    if len(files) > _SHOWN_SKIPPED:
        yield f"  and {len(files) - _SHOWN_SKIPPED} more; --json has them all"


def prune_lines(indexes: Sequence[CachedIndex]) -> Iterator[str]:
    """Yield the indexes that were removed or could not be, and how much was removed."""
    for index in indexes:
        if index.state != "kept":
            mark = "not pruned, " * (index.state == "failed")
            yield f"{printable(index.root or index.index)}: {mark}{index.reason} ({format_size(index.size_bytes)})"
    removed = [index for index in indexes if index.state == "removed"]
    if removed:
        freed = format_size(sum(index.size_bytes for index in removed))
        yield f"removed {_indexes(len(removed))}, {freed}; {len(indexes) - len(removed)} left"
    elif all(index.state == "kept" for index in indexes):
        yield f"nothing to remove: the folder of every index exists ({_indexes(len(indexes))})"


def quantity(count: int, noun: str) -> str:
    """Return a number with its noun.

    >>> quantity(1, "file"), quantity(1210, "file")
    ('1 file', '1,210 files')
    """
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _indexes(count: int) -> str:
    return f"{count} index{'es' * (count != 1)}"


def _number(status: Mapping[str, object], name: str) -> int:
    value = status[name]
    assert isinstance(value, int), "status() counts it"
    return value


def _counted(counts: object) -> str:
    assert isinstance(counts, dict), "status() makes a mapping of it"
    return ", ".join(f"{name} {count}" for name, count in counts.items())
