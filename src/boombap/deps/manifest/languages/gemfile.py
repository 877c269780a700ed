"""Gemfile.lock: every gem; those under DEPENDENCIES are direct. Gemfile is held against it, by names only."""

from __future__ import annotations

import re

from boombap.deps.manifest.collector import FROM_GIT, LOCAL, NOT_PINNED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector

_SPEC = re.compile(r"    ([^\s(!]+) \(([^)\s]+)\)$")
_DIRECT = re.compile(r"  ([^\s(!]+)")
# A gem with compiled code says its platform after the version.
_PLATFORM = re.compile(r"-(?:x86|x64|aarch64|arm64|arm|java|universal|mswin|mingw|ruby|i[3-6]86|powerpc)")
_VERSION = re.compile(r"[\w.-]*+$")
_WISH = re.compile(r"[ \t]*gem[ \t(]+[\"']([\w.-]+)[\"']([^\n]*)", re.MULTILINE)
_ELSEWHERE = re.compile(r"\b(?:path|git|github|gist|bitbucket)\b")
_REASONS = {"GIT": FROM_GIT, "PATH": LOCAL, "PLUGIN SOURCE": LOCAL}


def read(document: str, collector: ManifestCollector) -> None:
    """Read the gems into the collector; one gem for several platforms counts once."""
    section = ""
    found: list[tuple[int, str, str, str]] = []
    direct: set[str] = set()
    for number, line in enumerate(document.split("\n"), start=1):
        if line and not line[0].isspace():
            section = line.strip()
        elif section == "DEPENDENCIES" and (match := _DIRECT.match(line)):
            direct.add(match[1])
        elif match := _SPEC.match(line):
            found.append((number, section, match[1], _release(match[2])))
    seen: set[tuple[str, str]] = set()
    for number, place, name, version in found:
        if (name, version) in seen:
            continue
        seen.add((name, version))
        if place in _REASONS:
            collector.skip(f"{name} {version}", _REASONS[place], line=number, pin="depend on a release of it")
        else:
            collector.add(name, version, line=number, is_direct=name in direct)


def check_names(document: str, collector: ManifestCollector) -> None:
    """Read Gemfile into the collector: every gem that the lock beside it must name."""
    collector.is_check = True
    for match in _WISH.finditer(document):
        if not _ELSEWHERE.search(match[2]):
            line = document.count("\n", 0, match.start(1)) + 1
            collector.skip(match[1], NOT_PINNED, line=line, pin="rewrite the lock with `bundle lock`", wanted=match[1])


def _release(version: str) -> str:
    platform = _PLATFORM.search(version) if _VERSION.match(version) else None
    return version[: platform.start()] if platform else version
