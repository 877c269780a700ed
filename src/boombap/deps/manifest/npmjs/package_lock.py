"""package-lock.json and npm-shrinkwrap.json, versions 1 to 3, and package.json where no lock lies beside it."""

from __future__ import annotations

import re

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.collector import FROM_GIT, FROM_URL, LOCAL, NOT_PINNED, Bounds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.model import Scope

_ALIAS = re.compile(r"npm:(@?[^@\s]+)@(.+)$")
_VERSION = re.compile(r"[=v\s]*(\d+\.\d+\.\d+(?:-[\w.-]+)?(?:\+[\w.-]+)?)$", re.ASCII)
_SHORTHAND = re.compile(r"[\w.-]+/[\w.-]+(?:#.*)?$", re.ASCII)  # user/repository
_DIRECT = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_SCOPES: dict[str, Scope] = {
    "dependencies": "runtime",
    "devDependencies": "dev",
    "optionalDependencies": "optional",
    "peerDependencies": "optional",
}
_INSTALLED = ("dependencies", "devDependencies", "optionalDependencies")
_MODULES = "node_modules/"


def read(document: str, collector: ManifestCollector) -> None:
    """Read every package of a lock file into the collector, under its own name where the project uses an alias.

    Raises:
        Malformed: when the file is not JSON of that shape.
    """
    value = safe_text.from_json(document)
    lines = safe_text.Lines(document)
    packages = value.get("packages")
    tree = value.get("dependencies", {})
    # Some tools empty `packages` and leave what npm 6 reads.
    is_emptied = isinstance(packages, dict) and tree and not any(_MODULES in path for path in packages)
    if isinstance(packages, dict) and not is_emptied:
        safe_text.guarded(lambda: _read_flat(packages, lines, collector))
    elif (packages is None or is_emptied) and isinstance(tree, dict):
        safe_text.guarded(lambda: _read_tree(tree, lines, collector))
    else:
        raise safe_text.Malformed("has neither packages nor dependencies")


def _read_flat(packages: dict[str, dict[str, object]], lines: safe_text.Lines, collector: ManifestCollector) -> None:
    direct = set(_direct_paths(packages))
    for path, entry in packages.items():
        line = lines.find(safe_text.key(path))
        # Without node_modules in its path it is a folder of the project itself, and a link leads to one.
        if _MODULES not in path or entry.get("link") is True:
            collector.own.add(path.rpartition(_MODULES)[2])
            continue
        name = str(entry.get("name") or path.rpartition(_MODULES)[2])
        version = str(entry.get("version", ""))
        _add(collector, (name, version), entry, line, is_direct=path in direct)


def _direct_paths(packages: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    for folder, entry in packages.items():
        if _MODULES in folder:
            continue
        for group in _DIRECT:
            wanted = entry.get(group)
            for name in wanted if isinstance(wanted, dict) else ():
                inner = f"{folder}/{_MODULES}{name}" if folder else f"{_MODULES}{name}"
                yield inner if inner in packages else f"{_MODULES}{name}"


def _read_tree(tree: dict[str, dict[str, object]], lines: safe_text.Lines, collector: ManifestCollector) -> None:
    # In the order of the file, children after their parent, so that the line numbers follow.
    pending = [iter(tree.items())]
    while pending:
        name, entry = next(pending[-1], ("", None))
        if entry is None:
            pending.pop()
            continue
        line = lines.find(safe_text.key(name))
        version = str(entry.get("version", ""))
        alias = _ALIAS.match(version)
        if alias:
            name, version = alias[1], alias[2]
        _add(collector, (name, version), entry, line, is_direct=None)
        inner = entry.get("dependencies")
        if isinstance(inner, dict):
            pending.append(iter(inner.items()))


def _scope(entry: Mapping[str, object]) -> Scope:
    if entry.get("dev") is True:
        return "dev"
    return "optional" if entry.get("optional") is True or entry.get("devOptional") is True else "runtime"


def _add(
    collector: ManifestCollector,
    package: tuple[str, str],
    entry: Mapping[str, object],
    line: int,
    *,
    is_direct: bool | None,
) -> None:
    name, version = package
    resolved = str(entry.get("resolved", ""))
    scope = _scope(entry)
    # Registries keep archives wherever they like, so an address there says nothing; one in place of a version does.
    reason = place_reason(version) or place_reason(resolved).replace(FROM_URL, "")
    if reason:
        collector.skip(f"{name} {version}".strip(), reason, line=line, pin="depend on a release of it", scope=scope)
    else:
        collector.add(name, version, line=line, scope=scope, is_direct=is_direct)


def place_reason(text: str) -> str:
    """Say why a version or an address names no release of the registry; empty when it does.

    >>> place_reason("4.17.21"), place_reason("github:me/it#1"), place_reason("file:../it")
    ('', 'comes from version control', 'comes from a local folder or file')
    """
    if text.startswith(("file:", "link:", "portal:", "workspace:", "./", "../")):
        return LOCAL
    if text.startswith(("git", "bitbucket:", "gist:", "ssh:")) or ".git#" in text or "//codeload." in text:
        return FROM_GIT
    if _SHORTHAND.match(text):
        return FROM_GIT
    return FROM_URL if text.startswith(("http:", "https:")) else ""


def read_version_ranges(document: str, collector: ManifestCollector) -> None:
    """Read package.json into the collector: exact versions are pinned, ranges are not.

    Raises:
        Malformed: when the file is not a JSON object.
    """
    for name, wish, line, scope in _wishes(document, _SCOPES):
        _wish(collector, name, wish, line, scope)


def check_version_ranges(document: str, collector: ManifestCollector) -> None:
    """Read package.json into the collector where a lock lies beside it: everything that the lock must answer.

    Raises:
        Malformed: when the file is not a JSON object.
    """
    value = safe_text.from_json(document)
    # What is overridden has the version that the override says; a peer need not be installed.
    overridden = str([value.get("overrides"), value.get("resolutions"), value.get("pnpm")])
    collector.is_check = True
    for name, wish, line, scope in _wishes(document, {key: _SCOPES[key] for key in _INSTALLED}):
        alias = _ALIAS.match(wish)
        real, text = (alias[1], alias[2]) if alias else (name, wish)
        if not place_reason(text) and not text.startswith("catalog:") and real not in overridden:
            pin = "rewrite the lock file"
            bounds = Bounds(text, "npm", is_conditional="workspaces" in value)
            collector.skip(f"{name} {wish}", NOT_PINNED, line=line, scope=scope, pin=pin, wanted=real, bounds=bounds)


def _wishes(document: str, scopes: Mapping[str, Scope]) -> Iterator[tuple[str, str, int, Scope]]:
    value = safe_text.from_json(document)
    lines = safe_text.Lines(document)
    # In the order of the file, because line numbers are found in that order.
    for group, wanted in value.items():
        if group not in scopes or not isinstance(wanted, dict):
            continue
        lines.find(safe_text.key(group))
        for name, wish in wanted.items():
            yield name, str(wish), lines.find(safe_text.pair(name, str(wish))), scopes[group]


def _wish(collector: ManifestCollector, name: str, wish: str, line: int, scope: Scope) -> None:
    alias = _ALIAS.match(wish)
    if alias:
        name, wish = alias[1], alias[2]
    exact = _VERSION.match(wish)
    if exact:
        collector.add(name, exact[1], line=line, scope=scope, is_direct=True)
    elif reason := place_reason(wish):
        collector.skip(f"{name} {wish}", reason, line=line, scope=scope, pin="depend on a release of it")
    else:
        pin = "make package-lock.json with `npm install --package-lock-only`"
        bounds = Bounds(wish, "npm")
        collector.skip(f"{name} {wish}", NOT_PINNED, line=line, scope=scope, pin=pin, wanted=name, bounds=bounds)
