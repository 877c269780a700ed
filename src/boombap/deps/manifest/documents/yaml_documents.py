"""Documents of YAML, read by libyaml once they are known to be harmless.

libyaml's loader recurses in C without a limit, and merge keys of aliases double with each level: 1 kB can take the
process down. Lock files have neither aliases nor deep nesting, so a file that may have them is looked at event by event
first, and refused.
"""

from __future__ import annotations

import re

from boombap.deps.manifest import safe_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from yaml import Node

_DEEPEST = 50
# An alias or a merge key, a run of sequences on one line, many opening brackets, or a far indented line.
_SUSPECT = re.compile(
    r"[:\-,\[{]\s+[*&]\w|[\[{]\s*[*&]\w|<<\s*:|(?:- ){20}|[\[{](?:[^\[{\]}\n]*+[\[{]){20}|^ {100}|^[\[{]", re.MULTILINE
)


def documents(text: str, what: str) -> list[dict[str, object]]:
    """Return the documents of a file, each a mapping: since version 11 pnpm writes one before the project's.

    Args:
        what: the file is, for the message when it is something else.

    Raises:
        Malformed: when it is not YAML of that shape, or could harm its reader.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if _SUSPECT.search(text):
            _refuse_harm(text)
        values = [value for value in yaml.load_all(text, Loader=loader) if value is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise safe_text.Malformed(f"is not valid YAML: {error.problem}", mark.line + 1 if mark else 0) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise safe_text.Malformed(f"is not valid YAML ({type(error).__name__})") from None
    if not values or not all(isinstance(value, dict) for value in values):
        raise safe_text.Malformed(f"is not a {what}", 1)
    return values


def nodes(text: str, what: str) -> list[Node]:
    """Return the root node of each document, a mapping; nodes know their lines, and an alias is a node once more.

    Aliases are taken, since people write them, so a reader must not follow a node twice.

    Args:
        what: the file is, for the message when it is something else.

    Raises:
        Malformed: when it is not YAML of that shape, or nested too deeply.
    """
    import yaml

    try:
        _refuse_harm(text, has_aliases=True)
        found = [node for node in yaml.compose_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if node]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise safe_text.Malformed(f"is not valid YAML: {error.problem}", mark.line + 1 if mark else 0) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise safe_text.Malformed(f"is not valid YAML ({type(error).__name__})") from None
    # Helm leaves documents of comments only, which are null.
    found = [node for node in found if not node.tag.endswith(":null")]
    if not found or not all(isinstance(node, yaml.MappingNode) for node in found):
        raise safe_text.Malformed(f"is not a {what}", 1)
    return found


def _refuse_harm(text: str, *, has_aliases: bool = False) -> None:
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) and not has_aliases:
            raise safe_text.Malformed("holds a YAML alias, which no tool writes there", line)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise safe_text.Malformed("is nested too deeply", line)
