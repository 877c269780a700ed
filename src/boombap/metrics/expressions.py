"""The queries in dashboards and rule files, and the names of metrics in a query.

Dashboards are JSON as Grafana exports it, plain or below ``dashboard``; rule files are Prometheus' YAML; either may be
in the ``data`` of a ConfigMap.
"""

from __future__ import annotations

import json
import re

from boombap.errors import UsageError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    _Found = tuple[str, str, bool]

_MOST_BYTES = 16 * 1024**2
_MOST_DEEP = 20
# What Grafana puts in for its variables: a range that has samples, and any value of a label.
_RANGE = re.compile(r"\$__(?:rate_interval|interval|range)\b|\$\{__(?:rate_interval|interval|range)(?::\w+)?\}")
_VARIABLE = re.compile(r"\$\{\w+(?::\w+)?\}|\[\[\w+(?::\w+)?\]\]|\$\w+")
_EQUAL_TO_ANY = re.compile(r'(?<![!=~])=\s*"\.\*"')
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|' r"'(?:[^'\\]|\\.)*'|`[^`]*`")
_BRACES = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]")
_LABELS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)", re.IGNORECASE)
_NAME = re.compile(r"(?<![\w:.])([a-zA-Z_:][\w:]*)(?![\w:]*\s*\()")
_WORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right"}
_WORDS |= {"inf", "nan", "start", "end"}
_INTEGER_BOUND = re.compile(r'\ble\s*=\s*"(\d+)"')


class Query(Record):
    """One query of a file.

    Attributes:
        file: where it is.
        place: the dashboard and panel, or the group and rule.
        expr: as it is written.
        is_condition: whether it is an alert's, which no series answers as long as all is well.
    """

    file: str
    place: str
    expr: str
    is_condition: bool = False

    @property
    def asked(self) -> str:
        """Return the query with Grafana's variables filled in."""
        text = _VARIABLE.sub(".*", _RANGE.sub("5m", self.expr))
        return _EQUAL_TO_ANY.sub('=~".*"', text)


def read(file: Path) -> list[Query]:
    """Return every query of a file.

    Raises:
        UsageError: for a file that cannot be read, or that holds neither panels nor rules.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{file} is larger than 16 MiB", hint="is it a dashboard or a rule file")
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"cannot read {file}: {reason}") from None
    queries = [Query(str(file), *query) for document in _documents(text, file) for query in _of(document)]
    if not queries:
        raise UsageError(f"{file} holds no query", hint="name dashboards of Grafana or rule files of Prometheus")
    return queries


def names(expr: str) -> set[str]:
    """Return the metrics that a query asks for.

    >>> sorted(names('sum by (a) (rate(x_total{le="1"}[5m])) / on(b) y:z:ratio'))
    ['x_total', 'y:z:ratio']
    """
    text = _STRING.sub('""', expr)
    for pattern in (_BRACES, _LABELS):
        text = pattern.sub(" ", text)
    return {name for name in _NAME.findall(text) if name.lower() not in _WORDS}


def integer_bounds(expr: str) -> list[str]:
    """Return the bounds that Prometheus 3 never stores: it writes 1 as 1.0."""
    return _INTEGER_BOUND.findall(expr)


def _documents(text: str, file: Path) -> Iterator[object]:
    try:
        yield json.loads(text)
        return
    except (ValueError, RecursionError):
        pass
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.load_all(text, loader)
    except (yaml.YAMLError, RecursionError, ValueError):
        raise UsageError(f"{file} is neither JSON nor YAML") from None


def _of(document: object, depth: int = 0) -> Iterator[_Found]:
    """Yield place and text of each query in a document, and whether it is a condition."""
    if isinstance(document, list) and depth < _MOST_DEEP:
        for item in document:
            yield from _of(item, depth + 1)
    if not isinstance(document, dict):
        return
    if depth < _MOST_DEEP:
        for inner in (document.get("dashboard"), document.get("spec")):
            yield from _of(inner, depth + 1)
    if isinstance(document.get("panels"), list):
        yield from _panels(document["panels"], str(document.get("title", "dashboard")), depth)
    for group in document["groups"] if isinstance(document.get("groups"), list) else ():
        yield from _rules(group)
    if document.get("kind") == "ConfigMap":
        yield from _config_map(document.get("data"), depth)


def _config_map(data: object, depth: int) -> Iterator[_Found]:
    for name, text in data.items() if isinstance(data, dict) else ():
        if isinstance(text, str) and str(name).endswith((".json", ".yml", ".yaml")):
            yield from _embedded(text, depth)


def _embedded(text: str, depth: int) -> Iterator[_Found]:
    from pathlib import Path

    for document in _documents(text, Path("a ConfigMap")):
        yield from _of(document, depth + 1)


def _panels(panels: list[object], title: str, depth: int) -> Iterator[_Found]:
    for panel in panels if depth <= _MOST_DEEP else ():
        if not isinstance(panel, dict):
            continue
        place = f"{title} / {panel.get('title', 'panel')}"
        targets = panel.get("targets")
        for target in targets if isinstance(targets, list) else ():
            if isinstance(target, dict) and isinstance(target.get("expr"), str) and target["expr"].strip():
                yield place, target["expr"], False
        if isinstance(panel.get("panels"), list):
            yield from _panels(panel["panels"], place, depth + 1)


def _rules(group: object) -> Iterator[_Found]:
    rules = group.get("rules") if isinstance(group, dict) else None
    for rule in rules if isinstance(rules, list) else ():
        if isinstance(rule, dict) and isinstance(rule.get("expr"), str):
            assert isinstance(group, dict), "it has rules"
            place = f"{group.get('name', 'group')} / {rule.get('alert') or rule.get('record') or 'rule'}"
            yield place, rule["expr"], "alert" in rule
