"""The wheels of a wheelhouse as a software bill of materials: CycloneDX 1.6, JSON."""

from __future__ import annotations

import email.parser
import hashlib
import json
import time
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

    from distribution.wheelhouse import Wheelhouse


def write(house: Wheelhouse, epoch: int) -> Path:
    """Write the document beside the wheels and return its path.

    Args:
        house: whose wheels are listed.
        epoch: Unix time of the document.
    """
    path = house.folder / "sbom.cdx.json"
    path.write_text(json.dumps(document(house.folder, epoch), indent=2) + "\n", encoding="utf-8")
    return path


def document(folder: Path, epoch: int) -> dict[str, object]:
    """Return the document about all wheels in a folder."""
    components = [_component(wheel) for wheel in sorted(folder.glob("*.whl"))]
    own = next(component for component in components if component["name"] == "boombap")
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch)),
            "component": {**own, "type": "application"},
        },
        "components": [component for component in components if component is not own],
    }


def _component(wheel: Path) -> dict[str, object]:
    metadata = _metadata(wheel)
    name, version = metadata["Name"], metadata["Version"]
    purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
    licence = metadata["License-Expression"]
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}],
        **({"licenses": [{"expression": licence}]} if licence else {}),
    }


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.count("/") == 1 and name.endswith(".dist-info/METADATA"))
        return email.parser.Parser().parsestr(archive.read(name).decode("utf-8", "replace"), headersonly=True)
