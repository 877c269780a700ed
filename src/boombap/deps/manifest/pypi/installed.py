"""What is installed in a folder of Python packages: the metadata that installers leave there (PEP 376, 427, 610)."""

from __future__ import annotations

import os

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.collector import FROM_GIT, LOCAL, NO_VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector

_LARGEST_BYTES = 4_000_000
_KINDS = ((".dist-info", "METADATA"), (".egg-info", "PKG-INFO"), (".egg", "EGG-INFO/PKG-INFO"))
_NAMES = ("site-packages", "dist-packages")


def folders(environment: str) -> list[str]:
    """Return the folders of installed packages of an environment: of a virtual one, a prefix, or one of them itself."""
    if os.path.basename(os.path.realpath(environment)) in _NAMES or _has_distributions(environment):
        return [environment]
    inner = [os.path.join("Lib", "site-packages")]
    for library in ("lib", "lib64"):
        versions = [name for name in _listed(os.path.join(environment, library)) if name.startswith(("python", "pypy"))]
        inner += [os.path.join(library, version, name) for version in versions for name in _NAMES]
    found = [os.path.join(environment, folder) for folder in inner]
    # lib64 is often a link to lib.
    return list({os.path.realpath(folder): folder for folder in reversed(found) if os.path.isdir(folder)}.values())[
        ::-1
    ]


def sees_others(environment: str) -> bool:
    """Tell whether a virtual environment uses the packages of the Python that it was made from, too."""
    try:
        config = safe_text.text(os.path.join(environment, "pyvenv.cfg"))
    except safe_text.Malformed:
        return False
    pairs = (line.partition("=") for line in config.lower().split("\n"))
    return any(key.strip() == "include-system-site-packages" and value.strip() == "true" for key, _, value in pairs)


def _has_distributions(folder: str) -> bool:
    return any(name.endswith(".dist-info") for name in _listed(folder))


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def read(folder: str, collector: ManifestCollector) -> None:
    """Read every distribution of a site-packages folder into the collector, under the file that says so.

    Raises:
        Malformed: when the folder cannot be listed.
    """
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise safe_text.Malformed(f"cannot be listed: {error.strerror}") from None
    shown_folder = collector.file
    for name in names:
        if name.endswith(".egg-link"):
            collector.skip(name, LOCAL)
        for suffix, inner in _KINDS:
            if name.endswith(suffix):
                place = os.path.join(folder, name)
                is_file = suffix == ".egg-info" and os.path.isfile(place)
                collector.file = "/".join((shown_folder, name) if is_file else (shown_folder, name, inner))
                _distribution(place, name, place if is_file else os.path.join(place, inner), collector)
    collector.file = shown_folder


def _distribution(place: str, folder: str, metadata: str, collector: ManifestCollector) -> None:
    try:
        head = safe_text.decode(safe_text.content(metadata, _LARGEST_BYTES)).partition("\n\n")[0]
    except safe_text.Malformed as error:
        collector.skip(folder, f"its metadata {error.reason}")
        return
    name, _ = _field(head, "name")
    version, line = _field(head, "version")
    origin = _origin(place)
    if not name or not version:
        collector.skip(folder, NO_VERSION)
    elif origin:
        collector.skip(f"{name} {version}", origin, line=line)
    else:
        is_direct = os.path.exists(os.path.join(place, "REQUESTED")) if folder.endswith(".dist-info") else None
        collector.add(name, version, line=line, is_direct=is_direct)


def _field(head: str, wanted: str) -> tuple[str, int]:
    for number, line in enumerate(head.split("\n"), start=1):
        key, _, value = line.partition(":")
        if key.strip().lower() == wanted and value.strip():
            return value.strip(), number
    return "", 0


def _origin(place: str) -> str:
    """Say why an installation is not a release of the index; an archive of one is taken for it."""
    path = os.path.join(place, "direct_url.json")
    if not os.path.isfile(path):
        return ""
    try:
        found = safe_text.from_json(safe_text.text(path))
    except safe_text.Malformed:
        return LOCAL
    if "vcs_info" in found:
        return FROM_GIT
    return LOCAL if "dir_info" in found else ""
