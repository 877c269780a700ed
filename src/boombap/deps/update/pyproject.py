"""Pins of a pyproject.toml, changed in place by tomlkit, which keeps comments, order and layout."""

from __future__ import annotations

import re

from boombap.deps.manifest.pypi.requirements import exact_version
from boombap.deps.package_names import normalise
from boombap.deps.update.requirements import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_NAME = re.compile(r"\s*+([A-Za-z0-9][\w.-]*+)[ \t]*+(?:\[[^\]]*+\])?+([^;@]*+)(?=;|$)", re.ASCII)
_PIN = re.compile(r"(={2,3}[ \t]*)([^\s;,)]+)")
_BEFORE_VERSION = re.compile(r"[\s=,]")


def entries(text: str) -> list[Entry]:
    """Return what the file asks for, PEP 508 and Poetry alike; lines are not known here and stand as 0."""
    import tomlkit

    document = tomlkit.parse(text).unwrap()
    found = [_entry(str(item)) for listed, at in _lists(document) for item in [listed[at]]]
    for table, name in _poetry(document):
        version = _poetry_version(table[name])
        if version:
            found.append(Entry(0, f"{name}=={version}", name, normalise("PyPI", name), version))
    return found


def _entry(text: str) -> Entry:
    match = _NAME.match(text)
    if match is None:
        return Entry(0, text)
    return Entry(0, text, match[1], normalise("PyPI", match[1]), exact_version(match[2].strip()))


def changed(raw: bytes, versions: Mapping[str, str]) -> bytes:
    """Return the bytes of the file with other versions for the packages that it pins.

    Args:
        raw: the file.
        versions: by normal name.
    """
    import tomlkit

    document = tomlkit.parse(raw.decode())
    for listed, at in _lists(document):
        entry = _entry(str(listed[at]))
        if entry.version and entry.normal in versions:
            after = versions[entry.normal]
            listed[at] = _like(listed[at], _PIN.sub(lambda match, to=after: match[1] + to, str(listed[at]), count=1))  # type: ignore[misc]
    for table, name in _poetry(document):
        wish, normal = table[name], normalise("PyPI", name)
        if normal not in versions or not _poetry_version(wish):
            continue
        inner, key = (wish, "version") if isinstance(wish, dict) else (table, name)
        text = str(inner[key]).rstrip()
        before = text[: len(text) - len(_BEFORE_VERSION.split(text)[-1])]
        inner[key] = _like(inner[key], before + versions[normal])
    return tomlkit.dumps(document).encode()


def _like(old: Any, text: str) -> Any:  # noqa: ANN401 - tomlkit's items are strings of its own
    """Return a string with the quotes and the comment of another."""
    from tomlkit import string

    made = string(text, literal=old.as_string().startswith("'"))
    made.trivia.indent, made.trivia.comment_ws = old.trivia.indent, old.trivia.comment_ws
    made.trivia.comment, made.trivia.trail = old.trivia.comment, old.trivia.trail
    return made


def _lists(document: Any) -> Iterator[tuple[Any, int]]:  # noqa: ANN401 - parsed TOML
    project = document.get("project", {})
    lists = [project.get("dependencies", [])]
    lists += list(project.get("optional-dependencies", {}).values())
    lists += list(document.get("dependency-groups", {}).values())
    tool = document.get("tool", {})
    lists += list(tool.get("pdm", {}).get("dev-dependencies", {}).values())
    lists += [tool.get("uv", {}).get("dev-dependencies", []), document.get("build-system", {}).get("requires", [])]
    for listed in lists:
        for at, item in enumerate(listed):
            if isinstance(item, str):
                yield listed, at


def _poetry(document: Any) -> Iterator[tuple[Any, str]]:  # noqa: ANN401 - parsed TOML
    poetry = document.get("tool", {}).get("poetry", {})
    tables = [poetry.get("dependencies", {}), poetry.get("dev-dependencies", {})]
    tables += [group.get("dependencies", {}) for group in poetry.get("group", {}).values()]
    for table in tables:
        for name in table:
            if name.lower() != "python":
                yield table, name


def _poetry_version(wish: Any) -> str:  # noqa: ANN401 - parsed TOML
    text = str(wish.get("version", "")) if isinstance(wish, dict) else wish if isinstance(wish, str) else ""
    exact = exact_version(text.strip())
    return exact or (text.strip() if re.fullmatch(r"\s*v?\d[\w.!+-]*\s*", text) else "")
