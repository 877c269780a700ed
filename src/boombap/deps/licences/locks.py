"""Licences in lock files: package-lock.json, npm-shrinkwrap.json and composer.lock have them, other locks do not."""

from __future__ import annotations

from boombap.deps.licences.expressions import stated
from boombap.deps.licences.model import Stated
from boombap.deps.manifest import safe_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Json = Mapping[str, object]
    Licences = dict[tuple[str, str], Stated]

_MODULES = "node_modules/"


def licences_of(path: str, name: str) -> Licences:
    """Return licences by package name and version.

    Args:
        path: of the file.
        name: of the file, without its folder; one of `LOCKS`.

    Raises:
        Malformed: when it cannot be read.
    """
    document = safe_text.from_json(safe_text.text(path))
    return {(package, version): _stated(text, name) for package, version, text in LOCKS[name](document)}


def _stated(value: object, name: str) -> Stated:
    # Composer: a list of licences to choose from.
    if isinstance(value, list):
        texts = [text for text in value if isinstance(text, str)]
        text = " OR ".join(f"({each})" for each in texts) if len(texts) > 1 else "".join(texts)
    else:
        text = value if isinstance(value, str) else ""
    if not text:
        return Stated("", name, reason="the lock file names no licence for it")
    return stated(text, name)


def _npm(document: Json) -> Iterator[tuple[str, str, object]]:
    packages = document.get("packages")
    for path, entry in packages.items() if isinstance(packages, dict) else ():
        if isinstance(entry, dict) and _MODULES in path:
            yield (
                str(entry.get("name") or path.rpartition(_MODULES)[2]),
                str(entry.get("version")),
                entry.get("license"),
            )


def _composer(document: Json) -> Iterator[tuple[str, str, object]]:
    for group in ("packages", "packages-dev"):
        entries = document.get(group)
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict):
                yield str(entry.get("name")).lower(), str(entry.get("version")), entry.get("license")


LOCKS: Mapping[str, Callable[[Json], Iterator[tuple[str, str, object]]]] = {
    "package-lock.json": _npm,
    "npm-shrinkwrap.json": _npm,
    "composer.lock": _composer,
}
