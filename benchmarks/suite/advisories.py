"""Made-up advisories in OSV's format, the same in every run."""

from __future__ import annotations

import json
import random
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_export(export: Path, records: int, packages: int, seed: int) -> list[str]:
    """Write an OSV export of PyPI into a folder.

    Args:
        export: the folder; it gets ``PyPI/all.zip``.
        records: advisories, each of one package and one range of versions.
        packages: names that they are drawn from.
        seed: of the draw.

    Returns:
        The names.
    """
    dice = random.Random(seed)
    names = [f"package-{number}" for number in range(packages)]
    (export / "PyPI").mkdir(parents=True)
    with zipfile.ZipFile(export / "PyPI/all.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for number in range(records):
            low = dice.randint(0, 40)
            events = [{"introduced": f"{low}.0"}, {"fixed": f"{low + dice.randint(1, 20)}.1"}]
            record = {
                "id": f"SYN-{number}",
                "modified": "2026-01-01T00:00:00Z",
                "aliases": [f"CVE-2026-{number}"],
                "summary": f"synthetic record {number}",
                "details": "words " * dice.randint(20, 200),
                "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
                "affected": [
                    {
                        "package": {"ecosystem": "PyPI", "name": dice.choice(names)},
                        "ranges": [{"type": "ECOSYSTEM", "events": events}],
                    }
                ],
            }
            packed.writestr(f"SYN-{number}.json", json.dumps(record))
    return names
