"""The old way to audit dependencies, kept runnable as the A side of comparisons.

A list of packages from `pip list`, as a program of its own, or from a requirements file; then one question to the
advisory service for each package, one after the other, with a new connection each time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import urllib.request
from pathlib import Path

ENGINE = "classic"
TIMEOUT_S = 30


def main() -> None:
    """Print what is vulnerable as JSON; exit code 1 when something is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="OSV-compatible service")
    parser.add_argument("--file", type=Path, help="requirements file (default: what is installed)")
    args = parser.parse_args()
    packages = pinned(args.file) if args.file else installed()
    found = {f"{name}=={version}": ids for name, version in packages if (ids := ask(args.url, name, version))}
    print(json.dumps({"engine": ENGINE, "packages": len(packages), "vulnerable": found}, indent=2))
    sys.exit(1 if found else 0)


def installed() -> list[tuple[str, str]]:
    """Ask pip what is installed."""
    words = [sys.executable, "-m", "pip", "list", "--format", "json"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return [(one["name"], one["version"]) for one in json.loads(done.stdout)]


def pinned(file: Path) -> list[tuple[str, str]]:
    """Read lines of the form name==version."""
    lines = (line.partition("==") for line in file.read_text(encoding="utf-8").splitlines())
    return [(name.strip(), version.strip()) for name, equals, version in lines if equals]


def ask(url: str, name: str, version: str) -> list[str]:
    """Ask the service about one package."""
    body = json.dumps({"package": {"name": name, "ecosystem": "PyPI"}, "version": version}).encode()
    request = urllib.request.Request(f"{url}/v1/query", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        return [one["id"] for one in json.load(response).get("vulns", [])]


if __name__ == "__main__":
    main()
