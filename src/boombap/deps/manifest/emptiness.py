"""Whether a lock file without packages says by its form that it is empty on purpose.

A lock that was truncated, or emptied by a merge or a broken build step, must not pass for a project without
dependencies. What each tool writes for such a project is known; whatever else holds no packages is a failure to read.
"""

from __future__ import annotations

import os
import re

from boombap.deps.manifest import blocks, go, pnpm, source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boombap.deps.manifest.sheet import Sheet

REASON = "holds no packages; rewrite it with its tool, or delete it when the project needs none"
_NO_PACKAGES = re.compile(r"^packages?\s*=\s*\[\s*\]", re.MULTILINE)
_GEMS = re.compile(r"^DEPENDENCIES[ \t]*\n(?:[ \t]*\n|[A-Z]|\Z)", re.MULTILINE)
_INNER = re.compile(r"    \"?(@?[^\s\":]+)\"?:")
_WISHES = ("dependencies", "devDependencies", "optionalDependencies")
# pnpm writes its importers since version 9 of the file, also when they ask for nothing.
_WITH_IMPORTERS = 9


def is_meant(module: str, document: str, sheet: Sheet, path: str) -> bool:
    """Tell whether a lock in which no packages were found is one of a project without dependencies.

    Args:
        module: that read it, below `boombap.deps.manifest`.
        document: its text.
        sheet: what was read.
        path: of the file; what lies beside it may say more.
    """
    if module == "go":
        return _is_bare_module(document, path)
    return _SIGNS[module](document, sheet) if module in _SIGNS else True


def _is_bare_module(document: str, path: str) -> bool:
    if os.path.basename(path) != "go.sum":
        return go.names_module(document)
    try:
        beside = source.text(os.path.join(os.path.dirname(path), "go.mod"))
    except source.Malformed:
        return False
    return go.names_module(beside) and re.search(r"^\s*require\b", beside, re.MULTILINE) is None


def _of_poetry(document: str, _: Sheet) -> bool:
    return _NO_PACKAGES.search(document) is not None and "content-hash" in document


def _of_pdm(document: str, _: Sheet) -> bool:
    return "content_hash" in document


def _of_pylock(document: str, _: Sheet) -> bool:
    return "lock-version" in document and "created-by" in document


def _of_members(document: str, sheet: Sheet) -> bool:
    """Tell whether a lock of uv or Cargo has only the project's own packages, and these ask for no others."""
    found = blocks.read(document)
    names = {block.name for block in found}
    wished = {name for block in found for name in (*block.dependencies, *(n for e in block.extras.values() for n in e))}
    return bool(sheet.own) and all(name.split(" ")[0] in names for name in wished)


def _of_pipenv(document: str, _: Sheet) -> bool:
    value = source.from_json(document)
    return isinstance(value.get("_meta"), dict) and isinstance(value.get("default"), dict)


def _of_npm(document: str, sheet: Sheet) -> bool:
    value = source.from_json(document)
    packages = value.get("packages")
    if not isinstance(packages, dict):
        # npm 6 wrote neither for a project without dependencies.
        return value.get("lockfileVersion") == 1
    entries = [entry for entry in packages.values() if isinstance(entry, dict)]
    wished = {name for entry in entries for key in _WISHES for name in _keys(entry.get(key))}
    return bool(packages) and wished <= sheet.own and not _keys(value.get("dependencies")) - sheet.own


def _keys(value: object) -> set[str]:
    return set(value) if isinstance(value, dict) else set()


def _of_yarn(document: str, sheet: Sheet) -> bool:
    if "__metadata:" in document:
        return bool(sheet.own) and set(_berry_wishes(document)) <= sheet.own
    return "# yarn lockfile v1" in document


def _berry_wishes(document: str) -> Iterator[str]:
    is_inside = False
    for line in document.split("\n"):
        if not line.startswith("    "):
            is_inside = line.strip() == "dependencies:"
        elif is_inside and (match := _INNER.match(line)):
            yield match[1]


def _of_pnpm(document: str, _: Sheet) -> bool:
    value = pnpm.load(document)
    version = re.match(r"\d+", str(value.get("lockfileVersion", "")))
    has_form = version is not None and (int(version[0]) < _WITH_IMPORTERS or isinstance(value.get("importers"), dict))
    return has_form and all(version.startswith("link:") for _, version in pnpm.direct(value))


def _of_composer(document: str, _: Sheet) -> bool:
    value = source.from_json(document)
    return isinstance(value.get("packages"), list) and ("content-hash" in value or "hash" in value)


def _of_bundler(document: str, _: Sheet) -> bool:
    return _GEMS.search(document) is not None


def _of_sbom(document: str, _: Sheet) -> bool:
    value = source.from_json(document)
    return isinstance(value.get("components" if "bomFormat" in value else "packages"), list)


_SIGNS: dict[str, Callable[[str, Sheet], bool]] = {
    "poetry": _of_poetry,
    "pdm": _of_pdm,
    "pylock": _of_pylock,
    "uv": _of_members,
    "cargo": _of_members,
    "pipfile": _of_pipenv,
    "npm": _of_npm,
    "yarn": _of_yarn,
    "pnpm": _of_pnpm,
    "composer": _of_composer,
    "gemfile": _of_bundler,
    "sbom": _of_sbom,
}
