"""OSV records and exports that tests write themselves, and dependencies to hold against them."""

from __future__ import annotations

import json
import os
import sqlite3
import time
import zipfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boombap.deps.advisories.database import place
from boombap.deps.advisories.export_source import Folder
from boombap.deps.advisories.seal import seal
from boombap.deps.advisories.sync import Outcome, Wanted, sync
from boombap.deps.model import Dependency, Reading
from boombap.deps.package_names import normalise

if TYPE_CHECKING:
    from boombap.deps.model import Scope

# Read before `isolated` takes the setting away.
DATA = Path(os.environ.get("BOOMBAP_DATA") or Path(__file__).parents[3] / "shared" / "data") / "osv"
HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
YESTERDAY = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() - 86_400))
LOW = "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:N/I:N/A:L"


def record(id_: str, name: str = "", *events: dict[str, str], ecosystem: str = "PyPI", **more: Any) -> dict[str, Any]:
    """Give an OSV record; without events about nothing comparable."""
    affected: dict[str, Any] = {"package": {"ecosystem": ecosystem, "name": name}}
    if events:
        affected["ranges"] = [{"type": "ECOSYSTEM", "events": list(events)}]
    base = {"id": id_, "modified": YESTERDAY, "published": "2026-01-01T00:00:00Z", "summary": f"{id_}!"}
    return {**base, "affected": [affected] if name else [], **more}


def scored(vector: str) -> list[dict[str, str]]:
    return [{"type": "CVSS_V3", "score": vector}]


TRUTH = [
    record(
        "PYSEC-2024-38",
        "fastapi",
        {"introduced": "0"},
        {"fixed": "0.109.1"},
        aliases=["CVE-2024-24762"],
        severity=scored(HIGH),
    ),
    record("PYSEC-2024-48", "black", {"introduced": "0"}, {"fixed": "24.3.0"}, aliases=["CVE-2024-21503"]),
    record("PYSEC-2023-45", "redis", {"introduced": "0"}, withdrawn="2024-01-01T00:00:00Z"),
    record("PYSEC-2023-46", "redis", {"introduced": "4.5.0"}, withdrawn="2024-01-01T00:00:00Z"),
]
"""The ground truth of the specification, as three packages have it."""


def export(folder: Path, records: list[dict[str, Any]], ecosystem: str = "PyPI") -> Path:
    """Write an export with one archive and give its folder."""
    archive = folder / ecosystem / "all.zip"
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for one in records:
            packed.writestr(f"{one['id']}.json", json.dumps(one))
    return folder


def take_in(source: Path, folder: Path, ecosystem: str = "PyPI", **wanted: Any) -> Outcome:
    """Sync from a folder."""
    return sync(ecosystem, Folder(source), Wanted(folder, **wanted), clock=time.time, pause=time.sleep)


def database(base: Path, records: list[dict[str, Any]], ecosystem: str = "PyPI", **wanted: Any) -> str:
    """Build a database and give its folder."""
    take_in(export(base / "export", records, ecosystem), base / "db", ecosystem, **wanted)
    return str(base / "db")


def set_facts(folder: str, ecosystem: str = "PyPI", **facts: str | int) -> None:
    """Change what a database says about itself, as if the sync had written it."""
    path = place(folder, ecosystem)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", facts.items())
    seal(path)


def needs(name: str, version: str, ecosystem: str = "PyPI", *, line: int = 1, scope: Scope = "runtime") -> Dependency:
    return Dependency(ecosystem, name, normalise(ecosystem, name), version, "requirements.txt", line, scope)


def reading(*dependencies: Dependency) -> Reading:
    return Reading(dependencies, files=("requirements.txt",))
