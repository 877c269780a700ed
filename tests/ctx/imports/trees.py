"""Trees that exist only as texts: paths to what is in the files."""

from __future__ import annotations

from boombap.ctx.imports.resolver import Resolver


def resolve(files: dict[str, str], path: str, language: str, words: str) -> list[str]:
    """Return what one import means in a tree; the importing file is added to it."""
    return Resolver([*files, path], lambda name: files.get(name, "")).targets(path, language, words)
