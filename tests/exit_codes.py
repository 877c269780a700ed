"""Holds what commands end with in any test against what their actions declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.cli.main import COMMANDS
from boombap.errors import MEANINGS, PRECEDENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

ANYWHERE = (set(MEANINGS) - set(PRECEDENCE)) | {0}
"""Codes that any action may end with, and declares not."""


def check(argv: Sequence[str], code: int) -> None:
    """Fail when an action ended with a code that it does not declare; by a signal that nobody catches it may."""
    if code < 0 or code in ANYWHERE:
        return
    assert argv, code
    assert argv[0] in COMMANDS, (argv, code)
    tool = COMMANDS[argv[0]][0]().TOOL
    action = tool.action(argv[1]) if len(argv) > 1 else None
    action = action or tool.action(tool.default)
    assert action is not None, (argv, code)
    assert code in action.exits, f"`{' '.join(argv)}` ended with {code}, which {action.name} does not declare"
