"""pdm.lock: every package, with the groups that ask for it."""

from __future__ import annotations

from boombap.deps.manifest import toml_packages
from boombap.deps.manifest.collector import FROM_GIT, FROM_URL, LOCAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.model import Scope

_ORIGINS = {"git": FROM_GIT, "path": LOCAL, "url": FROM_URL}


def read(document: str, collector: ManifestCollector) -> None:
    """Read the packages into the collector; one that is named with and without extras counts once."""
    seen: set[tuple[str, str]] = set()
    for block in toml_packages.read(document):
        if (block.name, block.version) in seen:
            continue
        seen.add((block.name, block.version))
        groups = block.keys.get("groups", ["default"])
        is_runtime = isinstance(groups, list) and "default" in groups
        scope: Scope = "runtime" if is_runtime else "dev"
        reason = next((why for key, why in _ORIGINS.items() if key in block.keys), "")
        if reason:
            collector.skip(f"{block.name} {block.version}", reason, line=block.line, scope=scope)
        else:
            collector.add(block.name, block.version, line=block.line, scope=scope, marker=block.marker)
