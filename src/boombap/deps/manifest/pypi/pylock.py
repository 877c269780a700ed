"""pylock.toml (PEP 751): every package; the file does not say who asks for which."""

from __future__ import annotations

from boombap.deps.manifest import toml_packages
from boombap.deps.manifest.collector import FROM_GIT, FROM_URL, LOCAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector

_ORIGINS = {"vcs": FROM_GIT, "directory": LOCAL, "archive": FROM_URL}


def read(document: str, collector: ManifestCollector) -> None:
    """Read the packages into the collector."""
    for block in toml_packages.read(document, "packages"):
        reason = next((why for key, why in _ORIGINS.items() if key in block.keys), "")
        if reason and not (reason == FROM_URL and block.version):
            collector.skip(f"{block.name} {block.version}".strip(), reason, line=block.line)
        else:
            collector.add(block.name, block.version, line=block.line, marker=block.marker)
