"""go.mod, and go.sum where it is needed: the modules that a build of the project may take.

Since Go 1.17 go.mod lists every module of the build. Below that, and where no go.mod lies beside it, go.sum is read;
it also holds versions that were looked at and not chosen.
"""

from __future__ import annotations

import re

from boombap.deps.manifest.collector import LOCAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.manifest.collector import ManifestCollector

# A quote that nothing closes takes the rest of its line.
_WORDS = re.compile(r'"(?:[^"\\]|\\.)*+"?+|`[^`]*+`?+|[^\s"`]++')
_SUM = re.compile(r"(\S+) (v\S+) h1:\S+\s*$")
_PATCHED = re.compile(r"(?:go)?(\d+\.\d+\.\d+)$")
_SINCE = (1, 17)

Replacements = dict[tuple[str, str], tuple[str, str]]


def read(document: str, collector: ManifestCollector) -> None:
    """Read go.mod into the collector: what it requires after its replacements, and the standard library."""
    required: list[tuple[int, str, str, bool]] = []
    replaced: Replacements = {}
    toolchain = go = (0, "")
    for line, verb, words, comment in _directives(document):
        if verb == "require" and len(words) > 1:
            required.append((line, words[0], words[1], "indirect" not in comment))
        elif verb == "replace" and "=>" in words:
            _note_replacement(replaced, words)
        elif verb == "toolchain" and words:
            toolchain = (line, words[0])
        elif verb == "go" and words:
            go = (line, words[0])
    for line, path, version, is_direct in required:
        taken, chosen = replaced.get((path, version)) or replaced.get((path, "")) or (path, version)
        if chosen:
            collector.add(taken, chosen, line=line, is_direct=is_direct)
        else:
            collector.skip(path, LOCAL, line=line, pin="audit that folder too")
    _add_standard_library(collector, toolchain, go)


def _directives(document: str) -> Iterator[tuple[int, str, list[str], str]]:
    block = ""
    for number, line in enumerate(document.split("\n"), start=1):
        code, _, comment = line.partition("//")
        # A bracket may stand directly behind its verb: ``require(``.
        opened = code.rstrip()
        code = f"{opened[:-1]} (" if opened.endswith("(") else code
        words = [word.strip('"`') for word in _WORDS.findall(code)]
        if not words:
            continue
        if words == [")"]:
            block = ""
        elif words[-1] == "(" and not block:
            block = words[0]
        elif block:
            yield number, block, words, comment
        else:
            yield number, words[0], words[1:], comment


def _note_replacement(replaced: Replacements, words: list[str]) -> None:
    at = words.index("=>")
    old, new = words[:at], words[at + 1 :]
    if old and new:
        # A replacement without a version is a folder.
        replaced[old[0], old[1] if len(old) > 1 else ""] = (new[0], new[1] if len(new) > 1 else "")


def _add_standard_library(collector: ManifestCollector, toolchain: tuple[int, str], go: tuple[int, str]) -> None:
    for line, word in (toolchain, go):
        match = _PATCHED.match(word)
        if match:
            collector.add("stdlib", match[1], line=line, is_direct=True, source=f"go {match[1]}")
            return
    if go[0]:
        pin = f"write `toolchain go{go[1]}.N` with the release that builds it"
        collector.skip(
            "stdlib", "go.mod names no release of Go, so the standard library is not audited", line=go[0], pin=pin
        )


def names_module(document: str) -> bool:
    r"""Tell whether a go.mod says which module it is of, as every whole one does.

    >>> names_module("module m\n"), names_module("go 1.21\n")
    (True, False)
    """
    return any(verb == "module" and words for _, verb, words, _ in _directives(document))


def lists_everything(document: str) -> bool:
    r"""Tell whether a go.mod names every module of the build, which Go 1.17 began.

    >>> lists_everything("module m\n\ngo 1.21\n"), lists_everything("module m\n\ngo 1.16\n")
    (True, False)
    """
    match = re.search(r"^go[ \t]++(\d{1,9})\.(\d{1,9})", document, re.MULTILINE)
    return match is not None and (int(match[1]), int(match[2])) >= _SINCE


def read_sums(document: str, collector: ManifestCollector) -> None:
    """Read go.sum into the collector: of every module the code, not the go.mod that was looked at."""
    for number, line in enumerate(document.split("\n"), start=1):
        match = _SUM.match(line)
        if match and not match[2].endswith("/go.mod"):
            collector.add(match[1], match[2], line=number)
        elif match is None and line.strip():
            collector.skip(line.strip(), "cannot be understood", line=number)
