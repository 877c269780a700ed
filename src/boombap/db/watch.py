"""One database again and again: a screen that marks what has changed, or one line per round where nobody watches.

A round without an answer is shown and not the end: that the server comes back is what somebody waits for.
"""

from __future__ import annotations

import re

from boombap.db import report
from boombap.db.model import Connections, Tracks
from boombap.errors import ExternalError
from boombap.health.report import tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from boombap.db.model import Diagnosis
    from boombap.output.terminal import Terminal

# From the top left corner on each line is overwritten: the screen does not flicker as after a full clear.
_HOME = "\x1b[H"
_END_OF_LINE = "\x1b[K"
_END_OF_SCREEN = "\x1b[J"
# A run of spaces too, so that columns that move are found again.
_STYLE = re.compile(r"(\x1b\[[0-9;]*m)")
_WORD = re.compile(r"\s+|\S+")


def watch(
    look: Callable[[], Diagnosis], terminal: Terminal, sleep: Callable[[float], None], *, every_s: float, count: int
) -> Diagnosis | ExternalError:
    """Show a database every some seconds, and return the last answer.

    Args:
        look: asks for a diagnosis.
        sleep: waits; raises `Interrupted` when the run is to end.
        count: rounds; 0 for as many as until then.
    """
    before: Sequence[str] = ()
    round_ = 0
    while True:
        answer = _answer(look)
        if terminal.is_screen:
            before = _show(answer, before, terminal, every_s)
        else:
            terminal.announce(summary(answer))
        round_ += 1
        if round_ == count:
            return answer
        sleep(every_s)


def summary(answer: Diagnosis | ExternalError) -> str:
    """Return what matters of one round as one line."""
    if isinstance(answer, ExternalError):
        return f"no answer: {answer}"
    facts = [answer.taken_at]
    if answer.health:
        facts.append(tally(answer.health.findings))
    if isinstance(answer.tracks, Tracks) and answer.tracks.total is not None:
        facts.append(f"{answer.tracks.total:,} tracks")
    if isinstance(answer.connections, Connections):
        facts.append(f"{answer.connections.total} of {answer.connections.limit} connections")
    return " · ".join((*facts, f"answered in {answer.elapsed_ms:.0f} ms"))


def marked(line: str, before: str, mark: Callable[[str], str]) -> str:
    """Return a line with the words marked that its predecessor has not in the same place.

    >>> marked("tracks 1,001 of 2", "tracks 1,000 of 2", lambda word: f"[{word}]")
    'tracks [1,001] of 2'
    """
    words, old = _WORD.findall(line), _WORD.findall(before)
    old += [""] * (len(words) - len(old))
    return "".join(
        word if word == previous or word.isspace() else mark(word)
        for word, previous in zip(words, old[: len(words)], strict=True)
    )


def cut(line: str, columns: int) -> str:
    r"""Return the part of a line that fits, so that it does not wrap; what sets colours takes no column.

    >>> cut("a\x1b[33mbcd\x1b[0me", 3)
    'a\x1b[33mbc\x1b[0m'
    """
    kept, left = [], columns
    for piece in _STYLE.split(line):
        if _STYLE.fullmatch(piece):
            kept.append(piece)
        else:
            kept.append(piece[:left])
            left -= len(piece[:left])
    return "".join(kept)


def _answer(look: Callable[[], Diagnosis]) -> Diagnosis | ExternalError:
    try:
        return look()
    except ExternalError as error:
        return error


def _show(
    answer: Diagnosis | ExternalError, before: Sequence[str], terminal: Terminal, every_s: float
) -> Sequence[str]:
    """Write one screen, and return its lines."""
    lines = list(_lines(answer, terminal, every_s))[: terminal.height - 1]
    frame = [
        # What is styled already has its meaning; what is new has no predecessor to differ from.
        line if "\x1b" in line or not before else marked(line, old, lambda word: terminal.style(word, "yellow"))
        for line, old in zip(lines, [*before, *[""] * len(lines)], strict=False)
    ]
    text = "".join(f"{cut(line, terminal.width)}{_END_OF_LINE}\n" for line in frame)
    terminal.announce(f"{_HOME}{text}{_END_OF_SCREEN}".rstrip("\n"))
    return lines


def _lines(answer: Diagnosis | ExternalError, terminal: Terminal, every_s: float) -> Iterator[str]:
    if isinstance(answer, ExternalError):
        yield terminal.style(summary(answer), "red")
    else:
        yield from report.lines(answer, terminal)
    yield terminal.style(f"every {every_s:g} s; Ctrl-C ends it", "dim")
