"""gradle.lockfile: every module that Gradle locks, with the configurations that use it.

Source: https://docs.gradle.org/current/userguide/dependency_locking.html, one file for each project since Gradle 6.
"""

from __future__ import annotations

import re

from boombap.deps.manifest import safe_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector

_MODULE = re.compile(r"([^\s:=]+:[^\s:=]+):([^\s:=]+)=(.*)$")


def read(document: str, collector: ManifestCollector) -> None:
    """Read the modules into the collector.

    Raises:
        Malformed: with the number of the first line that is not a module.
    """
    for number, line in enumerate(document.split("\n"), start=1):
        text = line.strip()
        if not text or text.startswith(("#", "empty=")):
            continue
        match = _MODULE.match(text)
        if match is None:
            raise safe_text.Malformed("has a line that is not group:name:version=configurations", number)
        is_for_tests = all(name.strip().startswith("test") for name in match[3].split(","))
        collector.add(match[1], match[2], line=number, scope="dev" if is_for_tests else "runtime")
