"""Packages of the operating system, which have no advisories here: how many there are, as one gap."""

from __future__ import annotations

import os
import re

from boombap.deps.manifest import safe_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector

PLACES: dict[str, str] = {
    "var/lib/dpkg/status": "dpkg",
    "var/lib/dpkg/status.d": "dpkg",  # of images without a package manager: one file for each package
    "lib/apk/db/installed": "apk",
    "usr/lib/apk/db/installed": "apk",
    "var/lib/rpm": "rpm",
    "usr/lib/sysimage/rpm": "rpm",
}
"""Where each package manager keeps what it has installed, relative to the root."""

_ENTRIES = {"dpkg": re.compile(r"^Package:", re.MULTILINE), "apk": re.compile(r"^P:", re.MULTILINE)}


def read(path: str, collector: ManifestCollector) -> None:
    """Note the number of packages in the collector.

    Raises:
        Malformed: when the file or the folder cannot be read.
    """
    manager = next(manager for place, manager in PLACES.items() if path.replace(os.sep, "/").endswith(place))
    files = _files(path)
    if manager == "rpm":  # a database that is not read
        if files:
            collector.fail("names packages of rpm, which have no advisories here")
        return
    count = sum(len(_ENTRIES[manager].findall(safe_text.text(file))) for file in files)
    if count:
        collector.fail(f"names {count:,} packages of {manager}, which have no advisories here")


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        raise safe_text.Malformed(f"cannot be listed: {error.strerror}") from None
    return [os.path.join(path, name) for name in names if not name.endswith(".md5sums")]
