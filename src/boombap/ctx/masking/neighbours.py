"""Masks a value on the line beside its name: ``name:`` and ``value:`` of a container, an option and its argument."""

from __future__ import annotations

import re

from boombap.ctx.masking.blocks import mask_child
from boombap.ctx.masking.form import PLAIN, XML, YAML
from boombap.ctx.masking.names import strength
from boombap.ctx.masking.shapes import MASK
from boombap.ctx.masking.values import is_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_NAMED = re.compile(
    r"[ \t]*(?:-[ \t]+)?[\"']?(?:name|key)[\"']?[ \t]*[:=][ \t]*[\"']?([A-Za-z_][\w.-]*)[\"']?[ \t]*,?$"
)
_VARIABLE = re.compile(r"[ \t]*variable[ \t]+\"([A-Za-z_][\w-]*)\"[ \t]*\{[ \t]*$")
_VARIABLE_LINES = 8
_VALUE = re.compile(
    r"([ \t]*(?:-[ \t]+)?[\"']?(?:value|default)[\"']?[ \t]*[:=][ \t]*[\"']?)([^\s\"'][^\"'\n]*?)([\"']?[ \t]*,?)$"
)
_COMPLEX_KEY = re.compile(r"[ \t]*\?[ \t]+[\"']?([A-Za-z_][\w.-]*)[\"']?[ \t]*$")
_OPTION_ITEM = re.compile(r"[ \t]*-[ \t]+[\"']?--?([A-Za-z][\w-]*)[\"']?[ \t]*$")
_GETTER_OPEN = re.compile(r"(?i:get|env|environ|config|default|fetch|property|set|secret)\($")
_GETTER_ARGUMENT = re.compile(r"[ \t]*[\"']([A-Za-z_][\w.-]*)[\"'],[ \t]*$")
_ELEMENT = re.compile(
    r"[ \t]*<(?:[\w:.-]*(?:key|name)>(?P<text>[A-Za-z_][\w.-]*)</[\w:.-]+"
    r"|[\w:.-]+[ ][^<>]*?(?:key|name|id)=[\"'](?P<attribute>[A-Za-z_][\w.-]*)[\"'][^<>]*"
    r"|(?P<tag>[A-Za-z_][\w.-]*)(?:[ ][^<>]*)?)>[ \t]*$"
)
_ELEMENT_TEXT = re.compile(r"([ \t]*)([^<>\s][^<>]*?)([ \t]*)$")
_VALUE_ELEMENT = re.compile(r"([ \t]*<(?:[\w:.-]*value|string)(?:[ ][^<>]*)?>)([^<>]+)(</.*)$")
_MEMBER_NAME = re.compile(r"[ \t{,]*\"([A-Za-z_][\w.-]*)\"[ \t]*$")


def mask_beside(lines: list[str], number: int, form: str) -> None:
    """Mask the value whose name stands alone on a line."""
    line = lines[number]
    if named := _found(_NAMED, line):
        _mask_value(lines, (number + 1, number - 1), named)
    if variable := _found(_VARIABLE, line):
        _mask_value(lines, range(number + 1, number + _VARIABLE_LINES), variable)
    if number + 1 >= len(lines):
        return
    if form == XML or (form == PLAIN and _ELEMENT.match(line)):  # of .NET's `app.config`
        below = lines[number + 1]
        lines[number + 1] = _mask_text(line, below)
        if number and not _VALUE_ELEMENT.match(below):  # the value comes first
            lines[number - 1] = _mask_value_above(line, lines[number - 1])
    elif key := _found(_COMPLEX_KEY, line) if form == YAML else "":
        head, sign, value = lines[number + 1].partition(": ")
        lines[number + 1] = head + sign + mask_child(value, key, form, all_count=False)
    elif (member := _found(_MEMBER_NAME, line)) and lines[number + 1].lstrip().startswith(":"):
        head, sign, value = lines[number + 1].partition(":")
        lines[number + 1] = head + sign + mask_child(value, member, form, all_count=False)
    elif option := _found(_OPTION_ITEM, line):
        lines[number + 1] = mask_child(lines[number + 1], option, form, all_count=False)
    elif (argument := _found(_GETTER_ARGUMENT, line)) and number and _GETTER_OPEN.search(lines[number - 1]):
        lines[number + 1] = mask_child(lines[number + 1], argument, form, all_count=False)


def _found(pattern: re.Pattern[str], line: str) -> str:
    """Return the name of a secret that a line consists of, empty without one."""
    match = pattern.match(line)
    return match[1] if match and strength(match[1]) else ""


def _mask_value(lines: list[str], numbers: Iterable[int], name: str) -> None:
    for number in numbers:
        match = _VALUE.match(lines[number]) if 0 <= number < len(lines) else None
        if match and is_secret(match[2], name, is_quoted=True, is_code=False):
            lines[number] = match[1] + MASK + match[3]
            return


def _mask_text(line: str, below: str) -> str:
    """Return the line below ``<password>`` without its text; below ``<key>password</key>`` without its value."""
    opened = _ELEMENT.match(line)
    if opened is None:
        return below
    match = _VALUE_ELEMENT.match(below) or (None if opened["text"] else _ELEMENT_TEXT.match(below))
    name = opened["text"] or opened["attribute"] or opened["tag"]
    is_found = match and is_secret(match[2], name, is_quoted=True, is_code=False)
    return match[1] + MASK + match[3] if match and is_found else below


def _mask_value_above(line: str, above: str) -> str:
    """Return the line above ``<key>password</key>`` without its value."""
    opened, match = _ELEMENT.match(line), _VALUE_ELEMENT.match(above)
    if not (opened and opened["text"] and match):
        return above
    return match[1] + MASK + match[3] if is_secret(match[2], opened["text"], is_quoted=True, is_code=False) else above
