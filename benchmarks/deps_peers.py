"""Other auditors on the same requirements and the same database: what they find, in our words.

pip-audit and uv ask `boombap deps serve`, so a difference is one of matching, not of data.
"""

from __future__ import annotations

import json
import subprocess
import zipfile
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    Found = set[tuple[str, str, str]]
    """Package, version, and the leading id of the group."""


def known_versions(archive: Path) -> dict[str, list[str]]:
    """Give the versions that advisories list, by package: those that exist and that PEP 440 knows."""
    found: dict[str, set[str]] = {}
    with zipfile.ZipFile(archive) as packed:
        for name in packed.namelist():
            for affected in json.loads(packed.read(name))["affected"]:
                package = str(canonicalize_name(affected["package"]["name"]))
                found.setdefault(package, set()).update(filter(_is_modern, affected.get("versions", ())))
    return {name: sorted(versions) for name, versions in sorted(found.items()) if versions}


def _is_modern(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def draw(versions: Mapping[str, Sequence[str]], count: int, dice: random.Random) -> list[tuple[str, str]]:
    """Give a random set of packages, each in a random version of those that some advisory lists."""
    return [(name, dice.choice(versions[name])) for name in dice.sample(sorted(versions), count)]


def write_requirements(packages: Sequence[tuple[str, str]], folder: Path) -> Path:
    """Write a requirements file, and beside it in `uv/` the same as a project with its lock."""
    project = folder / "uv"
    project.mkdir(parents=True, exist_ok=True)
    file = folder / "requirements.txt"
    file.write_text("".join(f"{name}=={version}\n" for name, version in packages), encoding="utf-8")
    wanted = ",\n".join(f'  "{name}=={version}"' for name, version in packages)
    head = f'[project]\nname = "sampled"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = [\n{wanted}\n]\n'
    (project / "pyproject.toml").write_text(head, encoding="utf-8")
    (project / "uv.lock").write_text(_lock(packages), encoding="utf-8")
    return file


def _lock(packages: Sequence[tuple[str, str]]) -> str:
    names = ", ".join(f'{{ name = "{name}" }}' for name, _ in packages)
    parts = [
        'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n',
        f'[[package]]\nname = "sampled"\nversion = "0"\nsource = {{ virtual = "." }}\ndependencies = [{names}]\n',
    ]
    for name, version in packages:
        source = 'source = { registry = "https://index.example.org/simple" }'
        parts.append(f'[[package]]\nname = "{name}"\nversion = "{Version(version)}"\n{source}\n')
    return "\n".join(parts)


def ours(file: Path, boombap: str, environ: Mapping[str, str]) -> tuple[Found, dict[str, str]]:
    """Give our findings, and for every id of a group its leading one."""
    command = [boombap, "deps", "audit", "--format", "json", str(file)]
    done = subprocess.run(command, env=dict(environ), capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    if report["gaps"] or report["skipped"]:
        raise SystemExit(f"the audit has gaps: {report['gaps']} {report['skipped'][:3]}")
    leaders = {id_: one["id"] for one in report["findings"] for id_ in (one["id"], *one["aliases"])}
    return {_place(one["normal"], one["version"], one["id"]) for one in report["findings"]}, leaders


def pip_audit_command(file: Path, program: str, url: str) -> list[str]:
    """Give the command line of pip-audit against a service."""
    fixed = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "-f", "json", "-s", "osv"]
    return [program, "-r", str(file), *fixed, "--osv-url", f"{url}/v1/query"]


def pip_audit(file: Path, program: str, url: str, environ: Mapping[str, str], leaders: Mapping[str, str]) -> Found:
    """Give pip-audit's findings."""
    command = pip_audit_command(file, program, url)
    done = subprocess.run(command, env=dict(environ), capture_output=True, text=True, check=False)
    return {
        _place(one["name"], one["version"], _leader(leaders, (fault["id"], *fault["aliases"])))
        for one in json.loads(done.stdout)["dependencies"]
        for fault in one.get("vulns", ())
    }


def uv_command(file: Path, program: str, url: str) -> list[str]:
    """Give the command line of uv against a service."""
    fixed = ["audit", "--frozen", "--preview", "--output-format", "json"]
    return [program, *fixed, "--project", str(file.parent / "uv"), "--service-url", url]


def uv(file: Path, program: str, url: str, environ: Mapping[str, str], leaders: Mapping[str, str]) -> Found:
    """Give uv's findings."""
    command = uv_command(file, program, url)
    done = subprocess.run(command, env=dict(environ), capture_output=True, text=True, check=False)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise SystemExit(f"uv did not answer: {done.stderr[:500]}") from None
    return {
        _place(
            one["dependency"]["name"],
            one["dependency"]["version"],
            _leader(leaders, (one["id"], *one.get("aliases", ()))),
        )
        for one in report["vulnerabilities"]
    }


def _place(name: str, version: str, id_: str) -> tuple[str, str, str]:
    return str(canonicalize_name(name)), str(Version(version)), id_


def _leader(leaders: Mapping[str, str], ids: Sequence[str]) -> str:
    return next((leaders[id_] for id_ in ids if id_ in leaders), ids[0])
