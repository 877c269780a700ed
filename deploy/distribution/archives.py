"""The wheel and the source archive of the project, with the same bytes at every run on one commit."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

_EARLIEST = 315_532_800  # 1980-01-01: zip knows no earlier time


def build(root: Path, output: Path, epoch: int) -> tuple[Path, Path]:
    """Build from the files that git knows, as they are now, and return the wheel and the source archive.

    Args:
        root: of the project.
        output: where both are written.
        epoch: Unix time of every entry.

    Raises:
        SystemExit: when the build fails.
    """
    with tempfile.TemporaryDirectory() as place:
        tree, built = Path(place) / "boombap", Path(place) / "built"
        _copy_tracked(root, tree)
        command = [sys.executable, "-m", "uv", "build", "--quiet", "--out-dir", str(built), str(tree)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "SOURCE_DATE_EPOCH": str(max(epoch, _EARLIEST))},
        )
        if done.returncode:
            raise SystemExit(f"the build failed: {done.stderr.strip()}")
        (wheel,), (source,) = built.glob("*.whl"), built.glob("*.tar.gz")
        return _same_wheel(wheel, output / wheel.name, epoch), _same_source(source, output / source.name, epoch)


def _copy_tracked(root: Path, tree: Path) -> None:
    """Copy what belongs to the project: a build in place would take what earlier ones left in build/."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (root / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, tree / name)


def _same_wheel(wheel: Path, target: Path, epoch: int) -> Path:
    moment = time.gmtime(max(epoch, _EARLIEST))[:6]
    with zipfile.ZipFile(wheel) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as after:
        # RECORD stays the last entry, as the format recommends.
        for name in sorted(before.namelist(), key=lambda name: (name.endswith("/RECORD"), name)):
            entry = zipfile.ZipInfo(name, moment)
            entry.external_attr, entry.compress_type = 0o100644 << 16, zipfile.ZIP_DEFLATED
            after.writestr(entry, before.read(name))
    return target


def _same_source(source: Path, target: Path, epoch: int) -> Path:
    plain = io.BytesIO()
    with tarfile.open(source) as before, tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as after:
        for member in sorted(before.getmembers(), key=lambda member: member.name):
            entry = tarfile.TarInfo(member.name)
            entry.type, entry.size, entry.mtime = member.type, member.size, epoch
            entry.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            after.addfile(entry, before.extractfile(member) if member.isfile() else None)
    with target.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=epoch) as packed:
        packed.write(plain.getvalue())
    return target
