"""Cargo.lock: every crate; those that a member of the workspace names are direct. Cargo.toml is held against it."""

from __future__ import annotations

from boombap.deps.manifest import safe_text, toml_packages
from boombap.deps.manifest.collector import FROM_GIT, NOT_PINNED, Bounds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.model import Scope

# Cargo writes the same words for everybody, whichever mirror it asks.
_PUBLIC = ("crates.io-index", "index.crates.io")

_TABLES: dict[str, Scope] = {"dependencies": "runtime", "build-dependencies": "runtime", "dev-dependencies": "dev"}
_ELSEWHERE = ("git", "path", "workspace", "registry")


def read(document: str, collector: ManifestCollector) -> None:
    """Read the crates into the collector; those without a source are the workspace's own.

    Git and private registries have crates of the same names with other code, so they are not held against advisories
    about crates.io; cargo-audit does likewise.
    """
    found = toml_packages.read(document)
    direct = {name.split(" ")[0] for block in found if "source" not in block.keys for name in block.dependencies}
    for block in found:
        origin = str(block.keys.get("source", ""))
        if not origin:
            collector.own.add(block.name)
            continue
        if origin.startswith("git+"):
            collector.skip(f"{block.name} {block.version}", FROM_GIT, line=block.line, pin="depend on a release of it")
        elif any(place in origin for place in _PUBLIC):
            collector.add(block.name, block.version, line=block.line, is_direct=block.name in direct)
        else:
            collector.skip(
                f"{block.name} {block.version}", "comes from another registry than crates.io", line=block.line
            )


def check_version_ranges(document: str, collector: ManifestCollector) -> None:
    """Read Cargo.toml into the collector: everything that the lock beside it must answer.

    Raises:
        Malformed: when the file is not TOML of that shape.
    """
    value = safe_text.from_toml(document)
    collector.is_check = True
    safe_text.guarded(lambda: _check(value, collector))


def _check(value: Mapping[str, object], collector: ManifestCollector) -> None:
    # What is patched comes from elsewhere, under whatever version that has.
    patched = str(value.get("patch", "")) + str(value.get("replace", ""))
    for scope, name, wish in _wishes(value):
        fields = wish if isinstance(wish, dict) else {"version": wish}
        real, text = str(fields.get("package", name)), str(fields.get("version", "*"))
        if real in patched or any(key in fields for key in _ELSEWHERE):
            continue
        pin = "rewrite Cargo.lock with `cargo generate-lockfile`"
        collector.skip(f"{name} {text}", NOT_PINNED, scope=scope, pin=pin, wanted=real, bounds=Bounds(text, "cargo"))


def _wishes(value: Mapping[str, object]) -> Iterator[tuple[Scope, str, object]]:
    targets = value.get("target")
    tables = [value, *(targets.values() if isinstance(targets, dict) else ())]
    for table in tables:
        for key, scope in _TABLES.items():
            listed = table.get(key) if isinstance(table, dict) else None
            for name, wish in listed.items() if isinstance(listed, dict) else ():
                yield scope, name, wish
