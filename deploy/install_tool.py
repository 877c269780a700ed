"""Inside the build of an image: installs one tool from wheels into /opt/boombap, compiles it, and removes pip."""

from __future__ import annotations

import subprocess
import sys
import venv

FOLDER = "/opt/boombap"
PYTHON = f"{FOLDER}/bin/python"
WHEELS = "/wheels"


def main(tool: str) -> None:
    """Install the extra of a tool, without an index.

    Raises:
        CalledProcessError: when a wheel is missing, or something of it does not compile.
    """
    venv.create(FOLDER, with_pip=True)
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-index", f"--find-links={WHEELS}", f"boombap[{tool}]"], check=True)
    subprocess.run([PYTHON, "-m", "compileall", "-q", f"{FOLDER}/lib"], check=True)
    installed = subprocess.run([*pip, "list", "--format=freeze"], capture_output=True, text=True, check=True).stdout
    tools = [name for name in ("setuptools", "wheel", "pip") if f"{name}==" in installed]
    subprocess.run([*pip, "uninstall", "--quiet", "--yes", *tools], check=True)


if __name__ == "__main__":
    main(sys.argv[1])
