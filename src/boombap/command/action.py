"""A tool's command line as a table of actions; only the parser of the requested action is built.

A tool describes itself once::

    TOOL = Tool(
        description="Is the cache healthy, what fills it, and changing it safely.",
        actions=(
            Action("info", "what is wrong with the server, each with its remedy", _info, options.add_info),
            Action("keys", "memory by prefix, types, TTLs, biggest keys, pickles", _keys, options.add_keys),
        ),
        default="info",
    )
"""

from __future__ import annotations

from types import MappingProxyType

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Mapping

    from boombap.command.context import RunContext
    from boombap.config.section import Section

    AddOptions = Callable[[ArgumentParser], None]
    Run = Callable[[RunContext], int]


class Action(Record):
    """One thing that a tool does.

    Attributes:
        name: the word after the tool's name.
        summary: one line for the list of actions.
        run: does it, and returns the exit code.
        add_options: declares its arguments and options.
        check: raises UsageError for arguments that do not go together.
        examples: command lines, one per line, from the action's name on.
        exits: when it ends with 1, 3, 4 or 75, by code; any action may end with 0, 2, 70, 130 and 143.
    """

    name: str
    summary: str
    run: Run
    add_options: AddOptions
    check: Callable[[Namespace], None] | None = None
    examples: str = ""
    exits: Mapping[int, str] = MappingProxyType({})


class Tool(Record):
    """All actions of a tool.

    Attributes:
        description: one sentence.
        actions: in the order of the help.
        default: the action when none is named; empty when one must be.
        notes: what the help says below the actions: examples, where addresses come from, exit codes.
        section: imports the section of its settings; None for a tool without settings.
        others: imports the sections of other tools that it reads too.
        flags: the settings that its options override, by dotted key.
        needs_config: False for a command that also runs with an invalid configuration, or loads it itself.
    """

    description: str
    actions: tuple[Action, ...]
    default: str = ""
    notes: str = ""
    section: Callable[[], Section] | None = None
    others: Callable[[], tuple[Section, ...]] = tuple
    flags: Callable[[Namespace], Mapping[str, str]] | None = None
    needs_config: bool = True

    def action(self, name: str) -> Action | None:
        """Return the action of that name."""
        return next((action for action in self.actions if action.name == name), None)
