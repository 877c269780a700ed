"""`ctx`: a search in Python's standard library, which every machine has."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..environment import BOOMBAP, clean, of_engines
from ..model import Case

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..model import Setting

_FULL_FILES, _QUICK_FILES = 600, 95
_QUERY = "parse command line arguments"
_LEFT_OUT = ("site-packages", "test", "tests", "idlelib", "__pycache__")


@contextmanager
def cases(setting: Setting) -> Iterator[list[Case]]:
    """Yield a search in prose, after the tree was indexed."""
    files, tree = setting.size(_FULL_FILES, _QUICK_FILES), setting.folder / "tree"
    environ = clean(setting.folder)
    count = copy_library(files, tree)
    commit(tree, environ)
    subprocess.run([BOOMBAP, "ctx", "index", "-q"], env=environ, cwd=tree, check=True, capture_output=True)
    environs = of_engines("ctx", environ)
    search = within(tree, BOOMBAP, "ctx", "search", "--json", _QUERY)
    yield [
        Case(
            "ctx",
            "ctx search",
            f"{count:,} files of Python's standard library",
            dict.fromkeys(environs, search),
            environs,
            json.loads,
            differences,
            note="answers count as equal when classic's first file is among native's",
            peers=_peers(tree),
        )
    ]


def copy_library(limit: int, tree: Path) -> int:
    """Copy that many modules of the standard library, the top ones first, and return how many there were."""
    root = Path(sysconfig.get_path("stdlib"))
    places = [path.relative_to(root) for path in root.rglob("*.py")]
    ours = sorted((place for place in places if not {*place.parts} & {*_LEFT_OUT}), key=lambda p: (len(p.parts), p))
    for place in ours[:limit]:
        (tree / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / place, tree / place)
    return len(ours[:limit])


def commit(tree: Path, environ: Mapping[str, str]) -> None:
    """Make a repository of one commit."""
    git = ["git", "-C", str(tree), "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for words in (["init", "--quiet"], ["add", "--all", "--force"], ["commit", "--quiet", "--message=tree"]):
        subprocess.run([*git, *words], env=dict(environ), check=True)


def within(tree: Path, *command: str) -> list[str]:
    """Run a command in a folder; `env -C` becomes the command, so its memory is the command's own."""
    return ["env", "-C", str(tree), *command]


def _peers(tree: Path) -> dict[str, list[str]]:
    program = shutil.which("rg")
    words = [part for word in _QUERY.split() for part in ("-e", word)]
    counted = "ripgrep, lines counted (Rust)"
    return {counted: within(tree, program, "--count-matches", "--ignore-case", *words, ".")} if program else {}


def differences(classic: dict[str, Any], native: dict[str, Any]) -> list[str]:
    """Return what breaks the promise that classic's first file is among native's answers."""
    incomplete = [
        f"{side['engine']} could not search all files" for side in (classic, native) if not side["is_complete"]
    ]
    if not classic["hits"]:
        return [*incomplete, "classic found nothing"]
    first, paths = classic["hits"][0]["path"], {hit["path"] for hit in native["hits"]}
    return incomplete if first in paths else [*incomplete, f"{first}, classic's first, is not among native's answers"]
