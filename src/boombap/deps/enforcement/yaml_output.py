"""Objects as YAML documents that every parser reads alike."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_WIDTH = 120
# Parsers disagree about what is a number or a date ("1e1"), never about a text that begins as a word.
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*")


def to_yaml(objects: Iterable[object]) -> str:
    """Return the documents one after the other, keys in the order of each object."""
    import yaml

    return str(yaml.dump_all(objects, Dumper=_dumper(), sort_keys=False, explicit_start=True, width=_WIDTH))


@cache
def _dumper() -> Any:  # noqa: ANN401 - PyYAML's dumper in C has no type that can be derived from
    import yaml

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML calls it by position
            return True

    Dumper.add_representer(str, _text)
    return Dumper


def _text(dumper: Any, text: str) -> Any:  # noqa: ANN401 - as above
    style = "|" if "\n" in text else None if _WORD.fullmatch(text) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
