"""poetry.lock of poetry 1 and 2: every package, with its groups where poetry 2 wrote them."""

from __future__ import annotations

from boombap.deps.manifest import toml_packages
from boombap.deps.manifest.collector import FROM_GIT, FROM_URL, LOCAL
from boombap.deps.manifest.pypi.groups import is_development

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.manifest.toml_packages import PackageTable
    from boombap.deps.model import Scope

_ORIGINS = {"git": FROM_GIT, "url": FROM_URL, "file": LOCAL, "directory": LOCAL}


def read(document: str, collector: ManifestCollector) -> None:
    """Read the packages into the collector."""
    for block in toml_packages.read(document):
        reason = _ORIGINS.get(block.origin)  # "legacy" is another index
        if reason:
            pin = f"release {block.name} and depend on a version" if reason != LOCAL else ""
            collector.skip(f"{block.name} {block.version}", reason, line=block.line, pin=pin, scope=_scope(block))
        else:
            collector.add(block.name, block.version, line=block.line, scope=_scope(block), marker=block.marker)


def _scope(block: PackageTable) -> Scope:
    groups = block.keys.get("groups")
    # Below 1.5 one word, from 2 a list; in between poetry kept it to itself.
    if isinstance(groups, list) and groups and all(is_development(str(group)) for group in groups):
        return "dev"
    if block.keys.get("category") == "dev":
        return "dev"
    return "optional" if block.keys.get("optional") is True else "runtime"
