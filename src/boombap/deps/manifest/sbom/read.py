"""Which of the formats of a bill of materials a document has."""

from __future__ import annotations

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.sbom import cyclonedx, spdx

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector


def read(document: str, collector: ManifestCollector) -> None:
    """Read the packages of a JSON document into the collector.

    Raises:
        Malformed: when the file is not JSON, or of none of the formats.
    """
    value = safe_text.from_json(document)
    lines = safe_text.Lines(document)
    if value.get("bomFormat") == "CycloneDX":
        safe_text.guarded(lambda: cyclonedx.read(value, lines, collector))
    elif str(value.get("spdxVersion", "")).startswith("SPDX-2"):
        safe_text.guarded(lambda: spdx.read_2(value, lines, collector))
    elif "spdx.org/rdf/3." in str(value.get("@context", "")):
        safe_text.guarded(lambda: spdx.read_3(value, lines, collector))
    else:
        raise safe_text.Malformed("is neither CycloneDX nor SPDX JSON", 1)
