"""Time and memory of `ctx` on this project and on about 5,000 Python files, beside ripgrep and the classic way.

The large tree is the installed packages and the standard library, copied into a temporary git repository of one commit;
the project is a clone of this one. `python benchmarks/ctx.py [--runs 20] [--files 5000]`
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from suite.measure import compare, machine, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BIN = Path(sys.executable).parent
_PROJECT = Path(__file__).parents[1]
_CLASSIC = "import sys; from boombap.ctx.classic import search; print(search('.', sys.argv[1]))"
_BARE = "python -c pass"
_QUERY = "retry with backoff after a connection error"
_SYMBOL = "ConnectionPool"


def main() -> None:
    """Prepare both trees, then measure each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="counted runs of each search (default: 20)")
    parser.add_argument("--files", type=int, default=5000, help="Python files in the large tree (default: 5000)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="boombap-bench-") as folder:
        base = Path(folder)
        environ = _environ(base)
        print(f"machine  {machine()}")
        project, large = base / "project", base / "large"
        subprocess.run(["git", "clone", "--quiet", str(_PROJECT), str(project)], check=True)
        _copy(_installed(args.files), large)
        _commit(large, environ)
        for tree in (project, large):
            _measure(tree, environ, args.runs)


def _environ(base: Path) -> dict[str, str]:
    """Give an environment without this machine's settings; byte code may be used, as after an install."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": str(base), "XDG_CACHE_HOME": str(base / "cache"), "GIT_CONFIG_NOSYSTEM": "1"}


def _installed(limit: int) -> Iterator[tuple[Path, Path]]:
    """Give Python files with their places in the tree: packages first, then the standard library."""
    found = 0
    for root in (Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("stdlib"))):
        for path in sorted(root.rglob("*.py")):
            relative = path.relative_to(root)
            if root.name != "site-packages" and "site-packages" in relative.parts:
                continue
            yield path, root.name / relative
            found += 1
            if found == limit:
                return


def _copy(files: Iterator[tuple[Path, Path]], tree: Path) -> None:
    for path, place in files:
        (tree / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, tree / place)


def _commit(tree: Path, environ: Mapping[str, str]) -> None:
    git = ["git", "-C", str(tree), "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for words in (["init", "--quiet"], ["add", "--all", "--force"], ["commit", "--quiet", "--message=tree"]):
        subprocess.run([*git, *words], env=dict(environ), check=True)


def _measure(tree: Path, environ: Mapping[str, str], runs: int) -> None:
    """Index often enough for a median, then search the index that is left."""
    files = [path for path in tree.rglob("*") if path.is_file() and ".git" not in path.relative_to(tree).parts]
    size_mb = sum(path.stat().st_size for path in files) / 1_000_000
    print(f"\ndata     {tree.name}: {len(files):,} files, {size_mb:.1f} MB\n")
    print(table(compare(_indexing(tree), environ, runs=max(3, runs // 5)), bare=_BARE, classic=_BARE))
    print()
    print(table(compare(_searching(tree), environ, runs=runs), bare=_BARE, classic="classic search"))
    index_mb = sum(path.stat().st_size for path in (Path(environ["XDG_CACHE_HOME"])).rglob("*") if path.is_file()) / 1e6
    print(f"\nindexes so far {index_mb:.1f} MB")


def _indexing(tree: Path) -> dict[str, list[str]]:
    changed = next(path for path in sorted(tree.rglob("*.py")) if path.stat().st_size > 2000)
    touch = f"echo '# changed' >> '{changed}' && exec '{_BIN / 'boombap'}' ctx index"
    return {
        _BARE: [sys.executable, "-c", "pass"],
        "ctx index --rebuild": _within(tree, str(_BIN / "boombap"), "ctx", "index", "--rebuild"),
        "ctx index, one file changed": _within(tree, "sh", "-c", touch),
        "ctx index, nothing changed": _within(tree, str(_BIN / "boombap"), "ctx", "index"),
    }


def _searching(tree: Path) -> dict[str, list[str]]:
    ctx = (str(_BIN / "boombap"), "ctx", "search")
    words = [part for word in _QUERY.split() for part in ("-e", word)]
    commands = {
        _BARE: [sys.executable, "-c", "pass"],
        "ctx search, prose": _within(tree, *ctx, _QUERY),
        "ctx search, symbol": _within(tree, *ctx, _SYMBOL),
        "ctx search --json": _within(tree, *ctx, "--json", _QUERY),
        "classic search": _within(tree, sys.executable, "-c", _CLASSIC, _QUERY),
    }
    if not shutil.which("rg"):
        print("left out: ripgrep is not installed")
        return commands
    return commands | {
        "ripgrep, the words counted": _within(tree, "rg", "--count-matches", "--ignore-case", *words, "."),
        "ripgrep, one symbol": _within(tree, "rg", "--line-number", _SYMBOL, "."),
    }


def _within(tree: Path, *command: str) -> list[str]:
    """Run a command in a folder; `env -C` becomes the command, so its memory is the command's own."""
    return ["env", "-C", str(tree), *command]


if __name__ == "__main__":
    main()
