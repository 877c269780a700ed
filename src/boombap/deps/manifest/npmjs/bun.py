"""bun.lock: every package, by the path under which it is installed.

Source: the text form that bun writes since 1.2, ``path: ["name@version", …]``.
"""

from __future__ import annotations

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.documents import json_comments
from boombap.deps.manifest.npmjs.package_lock import place_reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.model import Scope

# The first that names a package decides on its scope.
_SCOPES: tuple[tuple[str, Scope], ...] = (
    ("dependencies", "runtime"),
    ("optionalDependencies", "optional"),
    ("peerDependencies", "optional"),
    ("devDependencies", "dev"),
)
_OWN = ("workspace:", "root:")  # folders of the project itself


def read(document: str, collector: ManifestCollector) -> None:
    """Read the packages into the collector, under their own names where the project uses an alias.

    Raises:
        Malformed: when the file is not JSON of that shape.
    """
    value = json_comments.read(document)
    safe_text.guarded(lambda: _read(value, safe_text.Lines(document), collector))


def _read(value: Mapping[str, object], lines: safe_text.Lines, collector: ManifestCollector) -> None:
    packages = value.get("packages")
    if not isinstance(packages, dict):
        raise safe_text.Malformed("has no packages")
    direct = _direct(value, packages)
    for path, entry in packages.items():
        if not isinstance(entry, list):
            raise safe_text.Malformed("has an unexpected shape: a package is not a list")
        name, version = _named(str(entry[0]))
        line = lines.find(safe_text.key(path, "["))
        if version.startswith(_OWN):
            collector.own.add(name)
        elif reason := place_reason(version):
            pin = "depend on a release of it"
            collector.skip(f"{name} {version}", reason, line=line, pin=pin, scope=direct.get(path, "runtime"))
        else:
            collector.add(name, version, line=line, scope=direct.get(path, "runtime"), is_direct=path in direct)


def _named(resolved: str) -> tuple[str, str]:
    # The first "@" begins the scope of the name, or the version.
    at = resolved.find("@", 1)
    return (resolved[:at], resolved[at + 1 :].removeprefix("npm:")) if at > 0 else (resolved, "")


def _direct(value: Mapping[str, object], packages: Mapping[str, object]) -> dict[str, Scope]:
    found: dict[str, Scope] = {}
    for scope, workspace, name in wishes(value):
        nested = f"{workspace}/{name}"
        found.setdefault(nested if nested in packages else name, scope)
    return found


def wishes(value: Mapping[str, object]) -> Iterator[tuple[Scope, str, str]]:
    """Yield what the folders of the project ask for: scope, name of the folder's own package, name of the package."""
    workspaces = value.get("workspaces")
    folders = list(workspaces.values()) if isinstance(workspaces, dict) else []
    for key, scope in _SCOPES:
        for folder in folders:
            for name in folder.get(key) or {}:
                yield scope, str(folder.get("name", "")), str(name)
