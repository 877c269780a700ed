"""Small repositories for the tests of `ctx`."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import fork_server
from boombap.ctx.answers.search import search
from boombap.ctx.indexing.index import open_or_build

if TYPE_CHECKING:
    from pathlib import Path

    from boombap.ctx.indexing.index import Index
    from boombap.ctx.model import Hit

WHEN = "2024-05-06T07:08:09Z"


def write(root: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def git(root: Path, *words: str) -> str:
    identity = {f"GIT_{who}_{what}": "dj@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    dates = {"GIT_AUTHOR_DATE": WHEN, "GIT_COMMITTER_DATE": os.environ.get("TEST_COMMIT_DATE", WHEN)}
    environ = os.environ | identity | dates
    done = subprocess.run(
        ["git", "-C", str(root), "-c", "init.defaultBranch=main", *words],
        env=environ, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


def commit(root: Path, files: dict[str, str | bytes], message: str = "change") -> None:
    write(root, files)
    git(root, "add", "-A", "-f")
    git(root, "commit", "-q", "-m", message)


def repository(root: Path, files: dict[str, str | bytes]) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    git(root, "init", "-q")
    if files:
        commit(root, files)
    return root


def run_in(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `ctx` in a folder."""
    return fork_server.run(("ctx", *words), os.environ, folder, timeout_s=60)


opened: list[Index] = []
"""What `indexed` has opened; closed after each test."""


def indexed(root: Path, cache: Path | None = None, **options: Any) -> Index:
    opened.append(open_or_build(root, cache or root.parent / "cache", **options))
    return opened[-1]


def ask(root: Path, query: str, **options: object) -> list[Hit]:
    index = indexed(root)
    try:
        return search(index, query, **options)  # type: ignore[arg-type]
    finally:
        index.close()


def paths(hits: list[Hit]) -> list[str]:
    return [hit.path for hit in hits]
