"""What a backup holds: every line is looked at before the first key is written, and what is damaged is named."""

from __future__ import annotations

import json
from array import array
from functools import partial

from boombap.errors import ConfigError
from boombap.redis.transfer.export_format import SCHEMA, from_fields, from_line, opened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from boombap.redis.transfer.export_format import ExportedKey

CHECKSUM = "crc32"
_MOST_DAMAGES = 20
_HINT = "add --skip-damaged to restore what is whole"


class Contents:
    """Where the whole items of a file begin, and what is damaged.

    Attributes:
        keys: how many whole items there are; a purge that was continued may have saved a key twice.
        lines: the lines of whole items.
        end: where the last whole item ends.
        databases: the numbers of the databases that they come from.
        damages: what is not whole, in words; at most 20 of `damage_count`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keys = self.lines = self.end = self.damage_count = 0
        self.databases: set[int] = set()
        self.damages: list[str] = []
        # Eight bytes per item: a million keys take 8 MB.
        self._starts = array("Q")
        self._is_sealed = False
        self._is_ended = False
        self._opened: _Opened | None = None
        self._skipped: tuple[int, bytes] | None = None

    def check(self, *, is_finished: bool = True, skips_damaged: bool = False) -> None:
        """Refuse a damaged file.

        Args:
            skips_damaged: whether what is whole is wanted all the same.
            is_finished: whether its last line must be there, and its last value whole.

        Raises:
            ConfigError: what is damaged first.
        """
        if is_finished:
            self._finish()
        if self.damages and not skips_damaged:
            more = f" (and {self.damage_count - 1:,} more damages)" if self.damage_count > 1 else ""
            raise ConfigError(f"{self.damages[0]}{more}", hint=_HINT if is_finished else "")

    def items(self, *, newest_first: bool = False) -> Iterator[ExportedKey]:
        """Yield the whole items; a large value comes in windows.

        Args:
            newest_first: from the last one to the first.
        """
        with self.path.open("rb") as lines:
            for start in reversed(self._starts) if newest_first else self._starts:
                lines.seek(start)
                item = from_line(lines.readline())
                if item.part is not None:
                    item = item.replace(value=None, part=None, is_last=True, windows=partial(self._windows, start))
                yield item

    def _windows(self, start: int) -> Iterator[ExportedKey]:
        with self.path.open("rb") as lines:
            lines.seek(start)
            for line in lines:
                window = from_line(line)
                yield window
                if window.is_last:
                    return

    def _read(self) -> None:
        if self.path.exists() and not self.path.is_file():
            raise ConfigError(
                f"{self.path} is not a regular file", hint="a backup is read more than once; save it first"
            )
        with self.path.open("rb") as lines:
            head_line = lines.readline()
            head = parse_head(head_line)
            if head is None:
                raise ConfigError(f"{self.path} is not a backup of ours", hint=f"its first line must name {SCHEMA}")
            self._is_sealed = head.get("checksum") == CHECKSUM
            at = self.end = len(head_line)
            for number, line in enumerate(lines, start=2):
                start, at = at, at + len(line)
                if line.strip():
                    self._take(line, number, start, at)

    def _take(self, line: bytes, number: int, start: int, end: int) -> None:
        try:
            fields = opened(line, must_be_sealed=self._is_sealed)
            if fields.get("end") is True:
                self._take_end(fields, number)
                return
            item = from_fields(fields)
        except (ValueError, RecursionError) as error:
            of = _key_in(line)
            self._damage(f"line {number} of {self.path} cannot be read{of}: {str(error)[:100]}")
            return
        if self._is_ended:
            self._is_ended = False
            self._damage(f"line {number} of {self.path} follows its last line")
        self._take_item(item, number, start, end)

    def _take_item(self, item: ExportedKey, number: int, start: int, end: int) -> None:
        group = (item.db, item.key)
        begun = self._opened
        if item.part and begun is not None and (begun.group, begun.parts) == (group, item.part):
            begun.parts += 1
        else:
            self._close_incomplete()
            if item.part:
                self._skip(group, number, item)
                return
            begun = self._opened = _Opened(group, number, start)
        if item.is_last:
            self._starts.append(begun.start)
            self.keys += 1
            self.lines += begun.parts
            self.end = end
            self.databases.add(item.db)
            self._opened = None

    def _skip(self, group: tuple[int, bytes], number: int, item: ExportedKey) -> None:
        """Pass over the rest of a value whose beginning is missing, and name it once."""
        if self._skipped != group:
            self._damage(f"line {number} of {self.path}: the value of {item.key!r} is incomplete")
        self._skipped = group

    def _close_incomplete(self) -> None:
        begun, self._opened = self._opened, None
        if begun is not None:
            self._skipped = begun.group
            self._damage(f"line {begun.number} of {self.path}: the value of {begun.group[1]!r} is incomplete")

    def _take_end(self, fields: dict[str, Any], number: int) -> None:
        self._close_incomplete()
        self._is_ended = True
        if (fields.get("keys"), fields.get("lines")) != (self.keys, self.lines):
            counted = f"counts {fields.get('keys')} keys in {fields.get('lines')} lines"
            self._damage(f"line {number} of {self.path} {counted}, and {self.keys} in {self.lines} are whole")

    def _finish(self) -> None:
        self._close_incomplete()
        if self._is_sealed and not self._is_ended:
            self._is_ended = True
            self._damage(f"{self.path} was cut: it ends after {self.keys:,} keys, without the line that counts them")

    def _damage(self, what: str) -> None:
        self.damage_count += 1
        if len(self.damages) < _MOST_DAMAGES:
            self.damages.append(what)


class _Opened:
    """A value of which the last window has not come yet."""

    def __init__(self, group: tuple[int, bytes], number: int, start: int) -> None:
        self.group = group
        self.number = number
        self.start = start
        self.parts = 1


def _key_in(line: bytes) -> str:
    """Return whose line it is, when its name can still be read."""
    mark = b'"key": "'
    _, found, rest = line.partition(mark)
    name, end, _ = rest.partition(b'"')
    return f" (key {name!r})" if found and end else ""


def read_contents(path: Path) -> Contents:
    """Return what a file holds, after a look at each of its lines.

    Raises:
        ConfigError: when it cannot be read, or is not a backup.
    """
    contents = Contents(path)
    try:
        contents._read()  # noqa: SLF001 - this function is its constructor
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    return contents


def parse_head(line: bytes) -> dict[str, object] | None:
    """Return the first line of a backup; None when the line is not one of ours."""
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return head if isinstance(head, dict) and head.get("schema") == SCHEMA else None
