"""What is installed in a folder of Python packages: the metadata that installers leave there (PEP 376, 427, 610)."""

from __future__ import annotations

import os

from boombap.deps.manifest import source
from boombap.deps.manifest.sheet import FROM_GIT, LOCAL, NO_VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.sheet import Sheet

_LARGEST_BYTES = 4_000_000
_KINDS = ((".dist-info", "METADATA"), (".egg-info", "PKG-INFO"))


def read(folder: str, sheet: Sheet) -> None:
    """Read every distribution of a site-packages folder into the sheet, under the file that says so.

    Raises:
        Malformed: when the folder cannot be listed.
    """
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise source.Malformed(f"cannot be listed: {error.strerror}") from None
    shown_folder = sheet.file
    for name in names:
        for suffix, inner in _KINDS:
            if name.endswith(suffix):
                place = os.path.join(folder, name)
                is_file = suffix == ".egg-info" and os.path.isfile(place)
                sheet.file = "/".join((shown_folder, name) if is_file else (shown_folder, name, inner))
                _distribution(place, name, place if is_file else os.path.join(place, inner), sheet)
    sheet.file = shown_folder


def _distribution(place: str, folder: str, metadata: str, sheet: Sheet) -> None:
    try:
        head = source.decode(source.content(metadata, _LARGEST_BYTES)).partition("\n\n")[0]
    except source.Malformed as error:
        sheet.skip(folder, f"its metadata {error.reason}")
        return
    name, _ = _field(head, "name")
    version, line = _field(head, "version")
    origin = _origin(place)
    if not name or not version:
        sheet.skip(folder, NO_VERSION)
    elif origin:
        sheet.skip(f"{name} {version}", origin, line=line)
    else:
        is_direct = os.path.exists(os.path.join(place, "REQUESTED")) if folder.endswith(".dist-info") else None
        sheet.add(name, version, line=line, is_direct=is_direct)


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
        found = source.from_json(source.text(path))
    except source.Malformed:
        return LOCAL
    if "vcs_info" in found:
        return FROM_GIT
    return LOCAL if "dir_info" in found else ""
