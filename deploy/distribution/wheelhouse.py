"""A folder with the wheels of every tool for one platform; nothing is compiled for it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from boombap.cli.extras import MODULES
from distribution.packages import closure, locked

if TYPE_CHECKING:
    from pathlib import Path

EXTRA = "all"
_NO_WHEEL = re.compile(r"No matching distribution found for ([\w.-]+)==")


class Platform(NamedTuple):
    """What pip and PEP 508 call a platform.

    Attributes:
        tags: of wheels that run there, the best first.
        environment: values of markers.
    """

    tags: tuple[str, ...]
    environment: dict[str, str]


def _manylinux(machine: str, oldest: int) -> tuple[str, ...]:
    """Return the tags of wheels for glibc 2.28 and earlier (PEP 600, with the names of PEP 599)."""
    return (*(f"manylinux_2_{minor}_{machine}" for minor in range(28, oldest - 1, -1)), f"manylinux2014_{machine}")


def _environment(sys_platform: str, system: str, machine: str) -> dict[str, str]:
    os_name = "nt" if sys_platform == "win32" else "posix"
    return {"sys_platform": sys_platform, "platform_system": system, "platform_machine": machine, "os_name": os_name}


PLATFORMS = {
    "linux_x86_64": Platform(_manylinux("x86_64", 5), _environment("linux", "Linux", "x86_64")),
    "linux_aarch64": Platform(_manylinux("aarch64", 17), _environment("linux", "Linux", "aarch64")),
    "macosx_arm64": Platform(("macosx_14_0_arm64",), _environment("darwin", "Darwin", "arm64")),
    "win_amd64": Platform(("win_amd64",), _environment("win32", "Windows", "AMD64")),
}


class Wheelhouse(NamedTuple):
    """A folder that was filled.

    Attributes:
        folder: with the wheels.
        missing: packages that have no wheel for the platform.
        stopped: commands that need one of them.
    """

    folder: Path
    missing: frozenset[str]
    stopped: tuple[str, ...]


def fill(output: Path, name: str, wheel: Path) -> Wheelhouse:
    """Fetch the wheels for a platform, with their hashes of the lock.

    Args:
        output: of the distribution.
        name: of the platform.
        wheel: of the project itself.

    Raises:
        SystemExit: when pip fails for another reason than a missing wheel.
    """
    platform = PLATFORMS[name]
    folder = output / f"wheelhouse-{name}"
    wanted, missing = closure(EXTRA, platform.environment), set[str]()
    while package := _fetch(folder, platform, wanted - missing):
        missing.add(package)
    shutil.copy2(wheel, folder)
    stopped = tuple(tool for tool in MODULES if missing & closure(tool, platform.environment))
    house = Wheelhouse(folder, frozenset(missing), stopped)
    _explain(house, name)
    return house


def _fetch(folder: Path, platform: Platform, packages: set[str]) -> str:
    """Fetch wheels; return the name of a package that has none, nothing when all are there."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.writelines(locked()[package] for package in sorted(packages))
        requirements.flush()
        version = ".".join(map(str, sys.version_info[:2]))
        tags = [word for tag in platform.tags for word in ("--platform", tag)]
        abis = [word for abi in (f"cp{version.replace('.', '')}", "abi3", "none") for word in ("--abi", abi)]
        command = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--only-binary", ":all:", "--require-hashes", "--implementation", "cp", "--python-version", version),
            *(*tags, *abis, "--dest", str(folder), "--requirement", requirements.name),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.returncode:
        return ""
    found = _NO_WHEEL.search(done.stderr)
    if not found:
        raise SystemExit(f"pip could not fetch the wheels for {folder.name}: {done.stderr.strip()}")
    return found[1]


def _explain(house: Wheelhouse, name: str) -> None:
    """Write beside the wheels what they are for, and what is not among them."""
    lines = [
        f"Wheels of boombap for {name} and CPython {sys.version_info[0]}.{sys.version_info[1]}.",
        "",
        f"    pip install --no-index --find-links {house.folder.name} 'boombap[{EXTRA}]'",
        "",
        *(f"Not here, because it has no wheel for this platform: {package}." for package in sorted(house.missing)),
        *(f"So `boombap {tool}` does not run." for tool in house.stopped),
        *(() if name.startswith("linux") else ("The tools are tested on Linux only.",)),
    ]
    (house.folder / "README.txt").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
