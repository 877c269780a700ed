"""Puts the made-up advisories and the small project where they are wanted."""

from __future__ import annotations

import json
import tempfile
import time
import zipfile
from pathlib import Path

from boombap.deps.advisories.export_source import Folder
from boombap.deps.advisories.sync import Wanted, sync

_HERE = Path(__file__).parent
_ECOSYSTEM = "PyPI"


def sample_database(folder: Path) -> None:
    """Build the database of made-up advisories in `folder`; every report that uses it says so."""
    records = json.loads((_HERE / "advisories.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="boombap-deps-") as export:
        archive = Path(export) / _ECOSYSTEM / "all.zip"
        archive.parent.mkdir()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for record in records:
                packed.writestr(f"{record['id']}.json", json.dumps(record))
        origin = Folder(Path(export))
        origin.label = "sample"
        sync(_ECOSYSTEM, origin, Wanted(folder, is_rebuilt=True, is_sample=True), clock=time.time, pause=time.sleep)


def sample_project(folder: Path) -> Path:
    """Write the project's requirements into `folder` and give the file."""
    file = folder / "requirements.txt"
    file.write_bytes((_HERE / "requirements.txt").read_bytes())
    return file
