"""How much each extra installs: a fresh environment for each, with the versions of the lock, and what pip put into it.

`python benchmarks/install.py` prints the table of docs/howto/install.md; it needs the packages' index or a cache.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXTRAS = ("", "db", "redis", "metrics", "ctx", "ctx-languages", "deps", "deps-update", "spotify", "all", "all,local")
_PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")
_MIB = 1024**2


def main() -> int:
    """Print one row for each extra."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("extras", nargs="*", default=EXTRAS, help="default: all of them; none is an empty word")
    wanted = parser.parse_args().extras
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        # A copy, because the build writes beside its sources, and takes what an earlier build left there.
        shutil.copytree(ROOT / "src", place / "project" / "src")
        (place / "project" / "docs").mkdir()
        for name in ("pyproject.toml", "README.md", "LICENSE", "docs/boombap.1"):
            shutil.copy(ROOT / name, place / "project" / name)
        _run([sys.executable, *_PIP, "wheel", "--no-deps", "--wheel-dir", folder, str(place / "project")])
        (wheel,) = place.glob("*.whl")
        pins = re.findall(r"^[\w.-]+==[^ ;\\]+", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
        (place / "pins.txt").write_text("".join(f"{pin}\n" for pin in pins), encoding="utf-8")
        print("| installed | packages | MiB |\n|---|---|---|")
        for extra in wanted:
            packages, size = _installed(wheel, extra)
            name = f"boombap[{extra}]" if extra else "boombap"
            print(f"| `{name}` | {packages} | {size / _MIB:.1f} |", flush=True)
    return 0


def _installed(wheel: Path, extra: str) -> tuple[int, int]:
    """Return how many packages an extra brings beside boombap, and the bytes on disk of all of them."""
    environment = wheel.parent / (extra or "none")
    _run([sys.executable, "-m", "venv", "--without-pip", str(environment)])
    python = environment / "bin" / "python"
    before = _size(environment)
    what = f"{wheel}[{extra}]" if extra else str(wheel)
    pins = str(wheel.parent / "pins.txt")
    _run([sys.executable, "-m", "pip", "--quiet", "--python", str(python), "install", "--constraint", pins, what])
    return len(list(environment.glob("lib/*/site-packages/*.dist-info"))) - 1, _size(environment) - before


def _size(folder: Path) -> int:
    """Return the bytes that the files of a folder take on disk, byte code included."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*"))


def _run(words: list[str]) -> None:
    subprocess.run(words, check=True)


if __name__ == "__main__":
    sys.exit(main())
