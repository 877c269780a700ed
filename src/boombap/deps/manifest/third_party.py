"""Which folders of a tree hold the code of others, so that what lies there is in a manifest above and not read again.

A name alone proves nothing: `vendor` and `target` may be anything, so they count only beside the manifest of the tool
that fills them.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

INSTALLED_NAMES = frozenset(("site-packages", "dist-packages"))
"""Folders of installed Python packages; they are read as such."""

_OF_TOOLS = frozenset(
    (
        ".git .hg .svn .bzr .tox .nox __pycache__ .mypy_cache .ruff_cache .pytest_cache .eggs .pnpm-store .gradle .m2 "
        ".terraform"
    ).split()
)
_NPM = tuple("package.json package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock deno.lock".split())
_RUBY = ("Gemfile", "Gemfile.lock", "gems.rb", "gems.locked")
_FILLED_BY: dict[str, tuple[str, ...]] = {
    "node_modules": _NPM,
    "bower_components": ("bower.json",),
    "jspm_packages": _NPM,
    ".yarn": _NPM,
    "vendor": ("go.mod", "composer.json", "composer.lock", "Cargo.toml", *_RUBY),
    "target": ("Cargo.toml", "pom.xml", "build.sbt", "project.clj"),
    ".bundle": _RUBY,
    ".cargo": ("Cargo.toml",),
    "__pypackages__": ("pyproject.toml",),
}
# What else could these be? So without a manifest their packages are known to nobody.
_ONLY_PACKAGES = frozenset(("node_modules", "bower_components", "jspm_packages", "__pypackages__"))


def is_of_a_tool(name: str, path: str) -> bool:
    """Tell whether a folder belongs to version control, a cache, or a virtual environment."""
    return name in _OF_TOOLS or os.path.isfile(os.path.join(path, "pyvenv.cfg"))


def filled_by(name: str, beside: Collection[str]) -> str:
    """Return the manifest that says what a folder holds; empty for a folder of the project's own.

    >>> filled_by("vendor", {"go.mod", "vendor"}), filled_by("vendor", {"README"})
    ('go.mod', '')
    """
    return next((manifest for manifest in _FILLED_BY.get(name, ()) if manifest in beside), "")


def holds_only_packages(name: str) -> bool:
    """Tell whether a folder of this name is never the project's own code."""
    return name in _ONLY_PACKAGES


def is_inside_one(path: str) -> bool:
    """Tell whether a path, relative to what is audited, leads into a folder that is not searched."""
    return any(part in _FILLED_BY or part in _OF_TOOLS for part in path.split(os.sep))


def unfetched_submodules(path: str) -> list[str]:
    """Return the folders that a ``.gitmodules`` file names and that are empty or missing, relative to it."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read(1_000_000).splitlines()
    except OSError:
        return []
    named = [line.partition("=")[2].strip() for line in lines if line.partition("=")[0].strip() == "path"]
    return [name for name in named if name and _is_empty(os.path.join(os.path.dirname(path), name))]


def _is_empty(folder: str) -> bool:
    try:
        return not os.listdir(folder)
    except OSError:
        return True
