"""Masks values that only the part of the file around them makes a secret: ``[secrets]``, kustomize, Terraform, JSON."""

from __future__ import annotations

import re

from boombap.ctx.masking.blocks import NOT_SECRET, depth
from boombap.ctx.masking.names import is_container
from boombap.ctx.masking.shapes import MASK
from boombap.ctx.masking.values import is_literal, is_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_TABLE = re.compile(r"[ \t]*\[{1,2}[ \t]*[\"']?([\w.\"'-]{1,200}?)[\"']?[ \t]*\]{1,2}[ \t]*(?:[#;].*)?$")
_ENTRY = re.compile(
    r"([ \t]*[\"']?([\w.-]{1,200})[\"']?[ \t]*[:=][ \t]*[\"']?)([^\s\"'\[{#;][^\"'\n]*?)([\"']?[ \t]*(?:[ ][#;].*)?)$"
)
_GENERATOR = re.compile(r"[ \t-]*secretGenerator[ \t]*:")
_LITERAL = re.compile(
    r"([\[ \t,]-?[ \t]*[\"']?[\w.-]{1,200}=[\"']?)([^\s\"',\]][^\"',\]\n]*?)(?=[\"']?[ \t]*(?:[,\]]|$))"
)
_RESOURCE = re.compile(r"[ \t]*(?:resource|data)[ \t]+\"kubernetes_secret(?:_v1)?(?:_data)?\"")
_INLINE_KIND = re.compile(r"\\?[\"']?kind\\?[\"']?[ \t]*:[ \t]*\\?[\"']?Secret\\?[\"',} ]")
_INLINE_DATA = re.compile(r"(\\?[\"']?(?:data|stringData)\\?[\"']?[ \t]*:[ \t]*\{)([^{}\n]*)(\})")
_INLINE_VALUE = re.compile(r"(:[ \t]*\\?[\"']?)([^\s\"'\\,{}]+)")


def mask_sections(lines: list[str], text: str) -> None:
    """Mask the values in parts of a file that hold nothing but secrets."""
    lowered = text.lower()
    if any(word in lowered for word in ("secret", "password", "credential", "token", "creds", "apikey", "api_key")):
        _mask_tables(lines)
    if "secretGenerator" in text:
        _mask_below(lines, _GENERATOR, _mask_literals)
    if '"kubernetes_secret' in text:
        _mask_below(lines, _RESOURCE, _mask_entry)
    if "Secret" in text and "kind" in text:
        for number, line in enumerate(lines):
            if _INLINE_KIND.search(line):
                lines[number] = _INLINE_DATA.sub(_mask_data, line)


def _mask_tables(lines: list[str]) -> None:
    """Mask below ``[secrets]`` and ``[app.credentials]`` of TOML and INI."""
    table = ""
    for number, line in enumerate(lines):
        if match := _TABLE.match(line):
            name = match[1].strip("\"'")
            table = name if is_container(name) else ""
        elif table:
            lines[number] = _mask_entry(line, table)


def _mask_below(lines: list[str], head: re.Pattern[str], masked: Callable[[str], str]) -> None:
    top = -1
    for number, line in enumerate(lines):
        if head.match(line):
            top = depth(line)
        elif top >= 0 and line.strip():
            if depth(line) > top or line.lstrip().startswith("- "):
                lines[number] = masked(line)
            else:
                top = -1


def _mask_literals(line: str) -> str:
    return _LITERAL.sub(lambda match: match[1] + MASK if is_literal(match[2]) else match[0], line)


def _mask_entry(line: str, table: str = "secrets") -> str:
    entry = _ENTRY.match(line)
    if entry is None or not is_secret(entry[3], table, is_quoted=True, is_code=False):
        return line
    if entry[2].lower().replace("_", "").replace("-", "") in NOT_SECRET:
        return line
    return entry[1] + MASK + entry[4]


def _mask_data(match: re.Match[str]) -> str:
    values = _INLINE_VALUE.sub(lambda value: value[1] + (MASK if is_literal(value[2]) else value[2]), match[2])
    return match[1] + values + match[3]
