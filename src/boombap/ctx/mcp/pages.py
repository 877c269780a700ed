"""Answers in pages of bounded size: an assistant pays for every byte with its context.

A cursor says where the next page starts, which call it continues, and which state of the index it was made from. It
holds all of that itself: nothing is kept between calls.
"""

from __future__ import annotations

import json
import re
from binascii import crc32

from boombap.errors import UsageError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEFAULT_BYTES = 8_000
MIN_BYTES, MAX_BYTES = 1_000, 100_000
_CHANGED = "files changed since the page before: answers may come twice or be missing; ask without the cursor"
# What `left` and `next_cursor` take.
_CURSOR_BYTES = 70
_SHORTEST_TEXT = 20
_CURSOR = re.compile(r"([0-9]{1,9})-([0-9a-f]{8})-([0-9a-f]{8})")


class Page(Record):
    """Which part of an answer is asked for.

    Attributes:
        start: how many rows the pages before had.
        max_bytes: of the answer as compact JSON in UTF-8.
        call: a checksum of the call without its cursor.
        state: a checksum of the index that the cursor was made from; empty on the first page.
    """

    start: int
    max_bytes: int
    call: str
    state: str


def read_page(tool: str, arguments: dict[str, Any]) -> tuple[Page, dict[str, Any]]:
    """Return the page that a call asks for, and its other arguments.

    Raises:
        UsageError: for a cursor that this call did not get.
    """
    others = {name: value for name, value in arguments.items() if name not in {"cursor", "max_bytes"}}
    call = _checksum(json.dumps([tool, others], sort_keys=True))
    start, state = _read_cursor(arguments["cursor"], call) if "cursor" in arguments else (0, "")
    return Page(start, arguments.get("max_bytes", DEFAULT_BYTES), call, state), others


def cut(answer: dict[str, Any], rows: str, page: Page, state: str, parts: str = "") -> dict[str, Any]:
    """Return the part of an answer that fits into a page.

    At least one row is on a page that has any. One that is too long for it loses the last of its parts, which it
    counts as left out; then its texts are shortened, and say so.

    Args:
        answer: a JSON object.
        rows: the key of the list that is divided into pages.
        page: which part.
        state: what changes when the index does.
        parts: the key of a list in each row, beside a count `left_out`; empty for rows without one.
    """
    mark, everything = _checksum(state), answer[rows]
    if page.state and page.state != mark:
        answer = {**answer, "notes": [_CHANGED, *answer["notes"]]}
    head = _shortened({**answer, rows: []}, page.max_bytes // 2)
    room = page.max_bytes - _size(head) - _CURSOR_BYTES
    shown: list[object] = []
    for row in everything[page.start :]:
        fitting = row if shown else _shortened(_with_fewer(row, parts, room), room)
        room -= _size(fitting) + 1
        if shown and room < 0:
            break
        shown.append(fitting)
    stop = page.start + len(shown)
    if stop >= len(everything):
        return {**head, rows: shown}
    return {**head, rows: shown, "left": len(everything) - stop, "next_cursor": f"{stop}-{page.call}-{mark}"}


def to_text(value: object) -> str:
    """Return compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _read_cursor(cursor: str, call: str) -> tuple[int, str]:
    parts = _CURSOR.fullmatch(cursor)
    if parts is None or parts[2] != call:
        message = f"the cursor {cursor[:40]!r} does not belong to this call"
        raise UsageError(message, hint="repeat the arguments of the call that returned it, or leave the cursor out")
    return int(parts[1]), parts[3]


def _checksum(text: str) -> str:
    return f"{crc32(text.encode('utf-8', 'surrogatepass')):08x}"


def _size(value: object) -> int:
    return len(to_text(value).encode("utf-8", "surrogatepass"))


def _with_fewer(row: Any, parts: str, max_bytes: int) -> Any:  # noqa: ANN401 - any JSON value
    """Return a row with as many of its parts as fit, one at least."""
    if not parts or _size(row) <= max_bytes:
        return row
    left_out = row["left_out"] + len(row[parts])
    room, count = max_bytes - _size({**row, parts: [], "left_out": left_out}), 0
    for part in row[parts]:
        room -= _size(part) + 1
        if count and room < 0:
            break
        count += 1
    return {**row, parts: row[parts][:count], "left_out": left_out - count}


def _shortened(value: Any, max_bytes: int) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value whose longest texts are cut until it fits, or until only short ones are left."""
    longest = max_bytes
    while _size(value) > max_bytes and longest > _SHORTEST_TEXT:
        longest //= 2
        value = _with_texts(value, longest)
    return value


def _with_texts(value: Any, longest: int) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str) and len(value) > longest:
        return value[:longest] + " … (cut)"
    if isinstance(value, list):
        return [_with_texts(part, longest) for part in value]
    if isinstance(value, dict):
        return {name: _with_texts(part, longest) for name, part in value.items()}
    return value
