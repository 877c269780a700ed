"""Command lines that documents and messages advise: each must be one that the product takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.cli.main import COMMANDS
from boombap.command.parse import parse

if TYPE_CHECKING:
    from collections.abc import Sequence


def check(word: str, rest: Sequence[str]) -> None:
    """Parse what comes after `boombap`; raises UsageError or SystemExit(2) where it does not fit."""
    module = COMMANDS[word][0]()
    if not rest or list(rest) == ["--help"]:
        return
    parse(module.TOOL, rest, f"boombap {word}")
