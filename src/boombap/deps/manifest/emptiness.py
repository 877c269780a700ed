"""Whether a lock file without packages says by its form that it is empty on purpose.

A lock that was truncated, or emptied by a merge or a broken build step, must not pass for a project without
dependencies. What each tool writes for such a project is known; whatever else holds no packages is a failure to read.
"""

from __future__ import annotations

import os
import re

from boombap.deps.manifest import file_types, safe_text, toml_packages
from boombap.deps.manifest.documents import json_comments
from boombap.deps.manifest.documents.xml_documents import root_of
from boombap.deps.manifest.documents.yaml_documents import documents
from boombap.deps.manifest.languages import go
from boombap.deps.manifest.npmjs import bun, deno, pnpm
from boombap.deps.manifest.sbom import spdx

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.manifest.file_types import FileType

REASON = "holds no packages; rewrite it with its tool, or delete it when the project needs none"
_NO_PACKAGES = re.compile(r"^packages?\s*=\s*\[\s*\]", re.MULTILINE)
_GEMS = re.compile(r"^DEPENDENCIES[ \t]*\n(?:[ \t]*\n|[A-Z]|\Z)", re.MULTILINE)
_INNER = re.compile(r"    \"?(@?[^\s\":]+)\"?:")
_WISHES = ("dependencies", "devDependencies", "optionalDependencies")
# pnpm writes its importers since version 9 of the file, also when they ask for nothing.
_WITH_IMPORTERS = 9


def is_meant(kind: FileType, document: str, collector: ManifestCollector, path: str) -> bool:
    """Tell whether a lock in which no packages were found is one of a project without dependencies.

    Args:
        kind: of the file.
        document: its text.
        collector: what was read.
        path: of the file; what lies beside it may say more.
    """
    if kind in (file_types.GO_MOD, file_types.GO_SUM):
        return _is_bare_module(document, path)
    return _SIGNS[kind.name](document, collector)


def _is_bare_module(document: str, path: str) -> bool:
    if os.path.basename(path) != "go.sum":
        return go.names_module(document)
    try:
        beside = safe_text.text(os.path.join(os.path.dirname(path), "go.mod"))
    except safe_text.Malformed:
        return False
    return go.names_module(beside) and re.search(r"^\s*require\b", beside, re.MULTILINE) is None


def _of_poetry(document: str, _: ManifestCollector) -> bool:
    return _NO_PACKAGES.search(document) is not None and "content-hash" in document


def _of_pdm(document: str, _: ManifestCollector) -> bool:
    return "content_hash" in document


def _of_pylock(document: str, _: ManifestCollector) -> bool:
    return "lock-version" in document and "created-by" in document


def _of_members(document: str, collector: ManifestCollector) -> bool:
    """Tell whether a lock of uv or Cargo has only the project's own packages, and these ask for no others."""
    found = toml_packages.read(document)
    names = {block.name for block in found}
    wished = {name for block in found for name in (*block.dependencies, *(n for e in block.extras.values() for n in e))}
    return bool(collector.own) and all(name.split(" ")[0] in names for name in wished)


def _of_pipenv(document: str, _: ManifestCollector) -> bool:
    value = safe_text.from_json(document)
    return isinstance(value.get("_meta"), dict) and isinstance(value.get("default"), dict)


def _of_npm(document: str, collector: ManifestCollector) -> bool:
    value = safe_text.from_json(document)
    packages = value.get("packages")
    if not isinstance(packages, dict):
        # npm 6 wrote neither for a project without dependencies.
        return value.get("lockfileVersion") == 1
    entries = [entry for entry in packages.values() if isinstance(entry, dict)]
    wished = {name for entry in entries for key in _WISHES for name in _keys(entry.get(key))}
    return bool(packages) and wished <= collector.own and not _keys(value.get("dependencies")) - collector.own


def _keys(value: object) -> set[str]:
    return set(value) if isinstance(value, dict) else set()


def _of_yarn(document: str, collector: ManifestCollector) -> bool:
    if "__metadata:" in document:
        return bool(collector.own) and set(_berry_wishes(document)) <= collector.own
    return "# yarn lockfile v1" in document


def _berry_wishes(document: str) -> Iterator[str]:
    is_inside = False
    for line in document.split("\n"):
        if not line.startswith("    "):
            is_inside = line.strip() == "dependencies:"
        elif is_inside and (match := _INNER.match(line)):
            yield match[1]


def _of_pnpm(document: str, _: ManifestCollector) -> bool:
    return all(_is_empty_pnpm(value) for value in documents(document, "pnpm lock file"))


def _is_empty_pnpm(value: dict[str, object]) -> bool:
    version = re.match(r"\d+", str(value.get("lockfileVersion", "")))
    has_form = version is not None and (int(version[0]) < _WITH_IMPORTERS or isinstance(value.get("importers"), dict))
    return has_form and all(version.startswith("link:") for _, version in pnpm.direct(value))


def _of_bun(document: str, collector: ManifestCollector) -> bool:
    value = json_comments.read(document)
    return isinstance(value.get("workspaces"), dict) and {name for *_, name in bun.wishes(value)} <= collector.own


def _of_deno(document: str, _: ManifestCollector) -> bool:
    value = safe_text.from_json(document)
    return "version" in value and "workspace" not in value and not any(deno.tables(value))


def _of_gradle(document: str, _: ManifestCollector) -> bool:
    return re.search(r"^empty=\S", document, re.MULTILINE) is not None


def _of_composer(document: str, _: ManifestCollector) -> bool:
    value = safe_text.from_json(document)
    return isinstance(value.get("packages"), list) and ("content-hash" in value or "hash" in value)


def _of_bundler(document: str, _: ManifestCollector) -> bool:
    return _GEMS.search(document) is not None


def _of_sbom(document: str, _: ManifestCollector) -> bool:
    value = safe_text.from_json(document)
    if "@context" in value:
        return any(spdx.is_document(element) for element in spdx.elements(value))
    return isinstance(value.get("components" if "bomFormat" in value else "packages"), list)


def _of_sbom_xml(document: str, _: ManifestCollector) -> bool:
    return root_of(document, "bom", "CycloneDX").find("components") is not None


_SIGNS: dict[str, Callable[[str, ManifestCollector], bool]] = {
    "poetry.lock": _of_poetry,
    "pdm.lock": _of_pdm,
    "pylock.toml": _of_pylock,
    "uv.lock": _of_members,
    "Cargo.lock": _of_members,
    "Pipfile.lock": _of_pipenv,
    "package-lock.json": _of_npm,
    "yarn.lock": _of_yarn,
    "pnpm-lock.yaml": _of_pnpm,
    "bun.lock": _of_bun,
    "deno.lock": _of_deno,
    "gradle.lockfile": _of_gradle,
    "composer.lock": _of_composer,
    "Gemfile.lock": _of_bundler,
    "CycloneDX or SPDX": _of_sbom,
    "CycloneDX in XML": _of_sbom_xml,
}
