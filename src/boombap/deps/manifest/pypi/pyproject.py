"""pyproject.toml: what a Python project asks for (PEP 621, dependency groups, build requirements, Poetry).

Most of it are ranges. What a lock file beside it pins is read there.
"""

from __future__ import annotations

import re

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.collector import FROM_GIT, FROM_URL, LOCAL, NOT_PINNED, Bounds
from boombap.deps.manifest.pypi.groups import is_development
from boombap.deps.manifest.pypi.requirements import exact_version
from boombap.deps.package_names import normalise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.model import Scope

    Table = dict[str, object]

_REQUIREMENT = re.compile(
    r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)[ \t]*(?:\[[^\]]*\])?([^;]*)(?:;(.*))?", re.ASCII | re.DOTALL
)
_OWN = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)[ \t]*\[([^\]]*)\]\s*", re.ASCII)
_EXACT = re.compile(r"v?\d[\w.!+-]*$", re.ASCII)
_QUOTED = re.compile(r"\"([^\"]*+)\"|'([^']*+)'")
_KEY = re.compile(r"\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([A-Za-z0-9_-]++))\s*+[=.]")
_ORIGINS = {"git": FROM_GIT, "url": FROM_URL, "path": LOCAL, "file": LOCAL}


def read(document: str, collector: ManifestCollector) -> None:
    """Read the wishes into the collector: exact ones are pinned, ranges are not.

    Raises:
        Malformed: when the file is not TOML of that shape.
    """
    value = safe_text.from_toml(document)
    lines = _Lines(document)
    safe_text.guarded(lambda: _read(value, lines, collector))


def _note_tools(value: Table, collector: ManifestCollector) -> None:
    """Note the lists of tools that install into environments of their own."""
    pin = "pin them in a requirements file, or audit an SBOM"
    if _table(value, "tool", "pixi"):
        collector.skip("tool.pixi", "names packages of conda, for which there are no advisories here", pin=pin)
    if _table(value, "tool", "tox"):
        collector.skip("tool.tox", "may name packages, which are not read here", pin=pin, scope="dev")
    for name, settings in _table(value, "tool", "hatch", "envs").items():
        if isinstance(settings, dict) and any(key.endswith("dependencies") for key in settings):
            collector.skip(f"tool.hatch.envs.{name}", "names packages, which are not read here", pin=pin, scope="dev")


def _read(value: Table, lines: _Lines, collector: ManifestCollector) -> None:
    _note_tools(value, collector)
    _read_entries(value, lines, collector)
    _take_out_redirected(value, collector)
    _note_dynamic(value, lines, collector)
    collector.pythons = _pythons(value)
    overridden = {normalise("PyPI", name) for name in _overridden(value)}
    for at, wish in collector.wanted.items():
        if wish.normal in overridden:
            collector.wanted[at] = wish.replace(bounds=Bounds())


def _take_out_redirected(value: Table, collector: ManifestCollector) -> None:
    """Skip the pins that uv is told to install from elsewhere: they are not releases of the index."""
    sources = {normalise("PyPI", name): str(source) for name, source in _table(value, "tool", "uv", "sources").items()}
    reasons = {
        name: next((reason for key, reason in _ORIGINS.items() if f"'{key}':" in source), "")
        for name, source in sources.items()
    }
    kept = []
    for dependency in collector.dependencies:
        if reason := reasons.get(dependency.normal, ""):
            what = f"{dependency.name} {dependency.version}"
            collector.skip(what, reason, line=dependency.line, scope=dependency.scope, pin="depend on a release of it")
        else:
            kept.append(dependency)
    collector.dependencies = kept


def _note_dynamic(value: Table, lines: _Lines, collector: ManifestCollector) -> None:
    """Note dependencies that a build tool computes: nobody can say which they are without building."""
    dynamic = _table(value, "project").get("dynamic")
    for key in dynamic if isinstance(dynamic, list) else ():
        if key in ("dependencies", "optional-dependencies"):
            scope: Scope = "runtime" if key == "dependencies" else "optional"
            collector.skip(
                f"dynamic {key}",
                "are computed when the project is built, so they cannot be read here",
                line=lines.of_key("dynamic"),
                scope=scope,
                pin="audit a lock file of the project, or the files that they come from",
            )


def _pythons(value: Table) -> Bounds | None:
    stated = _table(value, "project").get("requires-python")
    if isinstance(stated, str):
        return Bounds(stated)
    python = _table(value, "tool", "poetry", "dependencies").get("python")
    return Bounds(python, "poetry") if isinstance(python, str) else None


def _overridden(value: Table) -> Iterator[str]:
    """Return the packages for which the resolver is told another range than the requirement's."""
    listed = _table(value, "tool", "uv").get("override-dependencies")
    for item in listed if isinstance(listed, list) else ():
        match = _REQUIREMENT.match(str(item))
        if match:
            yield match[1]
    yield from _table(value, "tool", "pdm", "resolution", "overrides")


def _read_entries(value: Table, lines: _Lines, collector: ManifestCollector) -> None:
    for scope, text in _requirements(value):
        add_pep508(collector, text, lines.of_text(text), scope)
    for scope, name, wish in _poetry_wishes(value):
        _add_poetry(collector, name, wish, lines.of_key(name), scope)


def _table(value: object, *names: str) -> Table:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _requirements(value: Table) -> Iterator[tuple[Scope, str]]:
    """Yield every PEP 508 text, with the scope that its place gives it."""
    groups: list[tuple[Scope, object]] = [("runtime", _table(value, "project").get("dependencies"))]
    groups += [("optional", listed) for listed in _table(value, "project", "optional-dependencies").values()]
    groups += [(_group_scope(name), listed) for name, listed in _table(value, "dependency-groups").items()]
    groups += [("dev", listed) for listed in _table(value, "tool", "pdm", "dev-dependencies").values()]
    groups += [("dev", _table(value, "tool", "uv").get("dev-dependencies"))]
    groups += [("dev", _table(value, "build-system").get("requires"))]
    for scope, listed in groups:
        # A group may hold tables, which include other groups that are read on their own.
        for item in listed if isinstance(listed, list) else ():
            if isinstance(item, str) and not _is_own_extra(value, item):
                yield scope, item


def _is_own_extra(value: Table, text: str) -> bool:
    """Tell whether a requirement is the project itself with extras, whose lists are read on their own."""
    match = _OWN.fullmatch(text)
    own = _table(value, "project").get("name")
    if match is None or not isinstance(own, str) or normalise("PyPI", match[1]) != normalise("PyPI", own):
        return False
    extras = {normalise("PyPI", extra) for extra in _table(value, "project", "optional-dependencies")}
    return all(normalise("PyPI", extra.strip()) in extras for extra in match[2].split(","))


def _group_scope(name: str) -> Scope:
    return "dev" if is_development(name) else "runtime"


def _poetry_wishes(value: Table) -> Iterator[tuple[Scope, str, object]]:
    poetry = _table(value, "tool", "poetry")
    tables: list[tuple[Scope, Table]] = [("runtime", _table(poetry, "dependencies"))]
    tables.append(("dev", _table(poetry, "dev-dependencies")))
    for name, group in _table(poetry, "group").items():
        tables.append((_group_scope(name), _table(group, "dependencies")))
    for scope, table in tables:
        for name, wish in table.items():
            if name.lower() != "python":
                # Several wishes are for several versions of Python.
                yield from ((scope, name, one) for one in (wish if isinstance(wish, list) else [wish]))


def add_pep508(collector: ManifestCollector, text: str, line: int, scope: Scope) -> None:
    """Take in one requirement as PEP 508 writes it."""
    match = _REQUIREMENT.match(text)
    if match is None:
        collector.skip(text, "cannot be understood", line=line, scope=scope)
        return
    name, rest, marker = match[1], match[2].strip(), (match[3] or "").strip()
    if rest.startswith("@"):
        place = rest[1:].strip()
        reason = FROM_GIT if place.startswith(("git+", "hg+", "svn+")) else LOCAL if "file:" in place else FROM_URL
        wanted = name if reason == FROM_URL else ""
        collector.skip(text, reason, line=line, scope=scope, pin=f"write {name}==VERSION", wanted=wanted)
        return
    exact = exact_version(rest)
    if exact:
        collector.add(name, exact, line=line, scope=scope, is_direct=True, source=text, marker=marker)
    else:
        pin = f"lock the project, or write {name}==VERSION"
        bounds = Bounds(rest, is_conditional=bool(marker), marker=marker)
        collector.skip(text, NOT_PINNED, line=line, scope=scope, pin=pin, wanted=name, bounds=bounds)


def _add_poetry(collector: ManifestCollector, name: str, wish: object, line: int, scope: Scope) -> None:
    marker = _poetry_marker(wish) if isinstance(wish, dict) else ""
    if isinstance(wish, dict):
        reason = next((why for key, why in _ORIGINS.items() if key in wish), "")
        scope = "optional" if wish.get("optional") is True and scope == "runtime" else scope
        if reason:
            collector.skip(name, reason, line=line, scope=scope, pin=f'write {name} = "VERSION"')
            return
        wish = wish.get("version", "*")
    text = str(wish).strip()
    exact = exact_version(text) or (text if _EXACT.match(text) else "")
    if exact:
        collector.add(name, exact, line=line, scope=scope, is_direct=True, source=f'{name} = "{text}"', marker=marker)
    else:
        pin = "make poetry.lock with `poetry lock`"
        bounds = Bounds(text, "poetry", is_conditional=bool(marker), marker=marker)
        collector.skip(f"{name} {text}", NOT_PINNED, line=line, scope=scope, pin=pin, wanted=name, bounds=bounds)


def _poetry_marker(wish: Table) -> str:
    """Return the conditions of a Poetry table as one marker."""
    parts = [f"({wish['markers']})"] if "markers" in wish else []
    parts += [f"sys_platform == '{wish['platform']}'"] if "platform" in wish else []
    # A range of Python with a caret is not a marker; only a wish with the same one has the same text.
    parts += [f"python {wish['python']}"] if "python" in wish else []
    return " and ".join(parts)


class _Lines:
    """The first line of each text between quotes and of each key, found in one run over the document."""

    def __init__(self, document: str) -> None:
        self._texts: dict[str, int] = {}
        self._keys: dict[str, int] = {}
        for number, line in enumerate(document.split("\n"), start=1):
            for match in _QUOTED.finditer(line):
                self._texts.setdefault(match[1] or match[2] or "", number)
            self._keys.setdefault(_key(line), number)

    def of_text(self, text: str) -> int:
        """Return the line of a text; 0 when it is written in another way."""
        return self._texts.get(text, 0)

    def of_key(self, name: str) -> int:
        """Return the line of a key or of the table whose last part it is; 0 without one."""
        return self._keys.get(name, 0)


def _key(line: str) -> str:
    match = _KEY.match(line)
    if match:
        return match[1] or match[2] or match[3]
    heading = line.strip().rpartition("]")[0].rstrip("\"'")
    return re.split(r"[\"']" if line.strip().endswith(('"]', "']")) else r"\.", heading)[-1] if "[" in heading else ""
