"""uv.lock: every package; who asks for it follows from the tables of the project's own members."""

from __future__ import annotations

from boombap.deps.manifest import toml_packages
from boombap.deps.manifest.collector import FROM_GIT, FROM_URL, LOCAL
from boombap.deps.package_names import normalise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.manifest.toml_packages import PackageTable
    from boombap.deps.model import Scope

_MEMBERS = ("virtual", "editable")
_ORIGINS = {"git": FROM_GIT, "url": FROM_URL, "path": LOCAL, "directory": LOCAL}


def read(document: str, collector: ManifestCollector) -> None:
    """Read the packages into the collector; the members of the project are not packages that it depends on."""
    # Before 0.4 uv called the tables distributions.
    found = toml_packages.read(document, "distribution" if "\n[[distribution]]" in document else "package")
    members = [block for block in found if block.keys.get("source") in _MEMBERS]
    direct = {name for block in members for name in (*block.dependencies, *_extras(block))}
    scopes = _scopes(found, members)
    for block in found:
        origin = str(block.keys.get("source", ""))
        if origin in _MEMBERS:
            collector.own.add(normalise("PyPI", block.name))
            continue
        scope = scopes.get(block.name, "runtime")
        if origin in _ORIGINS:
            collector.skip(f"{block.name} {block.version}".strip(), _ORIGINS[origin], line=block.line, scope=scope)
            continue
        is_direct = block.name in direct if members else None
        collector.add(block.name, block.version, line=block.line, scope=scope, is_direct=is_direct)


def _extras(block: PackageTable) -> Iterable[str]:
    return (name for names in block.extras.values() for name in names)


def _scopes(found: list[PackageTable], members: list[PackageTable]) -> dict[str, Scope]:
    """Return the strongest scope that reaches each package: runtime before optional before dev."""
    wants: dict[str, list[str]] = {}
    for block in found:
        # Extras of a package bring more; which of them are asked for does not matter for the scope.
        wants.setdefault(block.name, []).extend((*block.dependencies, *block.extras.get("optional-dependencies", ())))
    inner = {block.name for block in members}
    scopes: dict[str, Scope] = {}
    steps: tuple[tuple[Scope, str], ...] = (
        ("runtime", ""),
        ("optional", "optional-dependencies"),
        ("dev", "dev-dependencies"),
    )
    for scope, table in steps:
        pending = [name for block in members for name in (block.extras.get(table, ()) if table else block.dependencies)]
        while pending:
            name = pending.pop()
            if name not in scopes and name not in inner:
                scopes[name] = scope
                pending += wants.get(name, ())
    return scopes
