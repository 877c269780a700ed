"""`make images`: builds an image for each tool from the wheels of `make dist`, and prints their sizes.

Docker, podman or buildah, whichever is there. `--base debian` makes the base of Debian packages, for a machine that
reaches no registry of images.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
ENGINES = ("docker", "podman", "buildah")
DEBIAN = "localhost/boombap-base:debian"
_PACKAGES = "python3,python3-venv,ca-certificates"
_DEBIAN_FILE = "FROM scratch\nADD base.tar /\n"


def main(argv: list[str] | None = None) -> int:
    """Build what is asked for, and return the exit code."""
    parser = argparse.ArgumentParser(prog="make images", description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, default=next(filter(works, ENGINES), None))
    parser.add_argument("--base", help="image that is built on; `debian` makes one (default: that of the Dockerfile)")
    parser.add_argument(
        "--wheelhouse", default="dist/wheelhouse-linux_x86_64", help="folder of wheels (default: %(default)s)"
    )
    parser.add_argument("tools", nargs="*", metavar="TOOL", help=f"of {', '.join(targets())} (default: all)")
    args = parser.parse_args(argv)
    unknown = sorted(set(args.tools) - set(targets()))
    if unknown:
        parser.error(f"{', '.join(unknown)}: not a target of the Dockerfile; targets are {', '.join(targets())}")
    if not args.engine:
        parser.error("neither docker nor podman nor buildah works here")
    if not (ROOT / args.wheelhouse).is_dir():
        parser.error(f"{args.wheelhouse} is missing; `make dist` makes it")
    base = make_debian(args.engine) if args.base == "debian" else args.base
    for tool in args.tools or targets():
        print(f"{build(args.engine, tool, args.wheelhouse, base)}: {_size(args.engine, name(tool))}")
    return 0


def works(engine: str) -> bool:
    """Tell whether an engine is installed and answers; docker without its service does not."""
    return (
        bool(shutil.which(engine)) and not subprocess.run([engine, "info"], capture_output=True, check=False).returncode
    )


def targets() -> list[str]:
    """Return the tools that have an image."""
    found = re.findall(r"^FROM runtime AS (\w+)$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, DOCKERFILE
    return found


def name(tool: str) -> str:
    """Return the name of a tool's image."""
    return f"localhost/boombap-{tool}"


def build(engine: str, tool: str, wheelhouse: str, base: str | None, context: Path = ROOT) -> str:
    """Build the image of a tool and return its name.

    Args:
        engine: docker, podman or buildah.
        tool: a target of the Dockerfile.
        wheelhouse: folder with wheels for the platform, in the context.
        base: image that is built on; None takes that of the Dockerfile.
        context: folder with the wheelhouse and `deploy/install_tool.py`.

    Raises:
        CalledProcessError: when the build fails; its output is shown.
    """
    arguments = {
        "WHEELHOUSE": wheelhouse,
        "VERSION": _version(),
        "REVISION": _revision(),
        **({"BASE": base} if base else {}),
    }
    words = [word for key, value in arguments.items() for word in ("--build-arg", f"{key}={value}")]
    command = [
        *_builder(engine),
        "--target",
        tool,
        "--tag",
        name(tool),
        *words,
        "--file",
        str(DOCKERFILE),
        str(context),
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return name(tool)


def make_debian(engine: str) -> str:
    """Make a base of Debian with Python, unless there is one, and return its name.

    Raises:
        SystemExit: without mmdebstrap.
        CalledProcessError: when it fails.
    """
    if subprocess.run(
        [*storage(engine), "inspect", "--type", "image", DEBIAN], capture_output=True, check=False
    ).returncode:
        if not shutil.which("mmdebstrap"):
            raise SystemExit("mmdebstrap is not installed, which makes a base of Debian packages")
        with tempfile.TemporaryDirectory() as folder:
            options = ["--quiet", "--variant=minbase", f"--include={_PACKAGES}"]
            subprocess.run(["mmdebstrap", *options, "bookworm", f"{folder}/base.tar"], check=True)
            Path(folder, "Dockerfile").write_text(_DEBIAN_FILE, encoding="utf-8")
            subprocess.run([*_builder(engine), "--tag", DEBIAN, folder], check=True, stdout=subprocess.DEVNULL)
    return DEBIAN


def storage(engine: str) -> list[str]:
    """Return how an engine is called; IMAGES_FOLDER names a folder for images of podman and buildah."""
    folder = os.environ.get("IMAGES_FOLDER")
    if engine == "docker" or not folder:
        return [engine]
    return [engine, "--storage-driver", "overlay", "--root", f"{folder}/root", "--runroot", f"{folder}/run"]


def _builder(engine: str) -> list[str]:
    # With chroot a build needs no rights that a container does not have; docker's form keeps the health check.
    own = [] if engine == "docker" else ["--isolation", "chroot", "--format", "docker", "--layers"]
    return [*storage(engine), "build", "--quiet", *own]


def _size(engine: str, image: str) -> str:
    form = "{{.Size}}"
    done = subprocess.run(
        [*storage(engine), "images", "--format", form, image], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _version() -> str:
    found = re.search(r'__version__ = "([^"]+)"', (ROOT / "src/boombap/__init__.py").read_text(encoding="utf-8"))
    assert found, "the package has a version"
    return found[1]


def _revision() -> str:
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
