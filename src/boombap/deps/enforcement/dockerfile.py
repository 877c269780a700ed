"""Images that a Dockerfile builds on: FROM, COPY and ADD --from, RUN --mount=…,from=.

Source: Docker, "Dockerfile reference". What a variable is worth is known where an ARG before the first FROM has a
default; another value may be given to a build.
"""

from __future__ import annotations

import re

from boombap.deps.enforcement.image_use import ImageUse
from boombap.deps.manifest.safe_text import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAME = re.compile(r"(?:docker|container)file(?:\..+)?|.+\.(?:docker|container)file", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})")
_FROM_FLAG = re.compile(r"--from=(\S+)")
_MOUNT = re.compile(r"--mount=\S*?\bfrom=([^,\s]+)")
# A word of its own: "<<<" is a here-string of the shell, and 1<<2 is arithmetic.
_HEREDOC = re.compile(r"(?<!\S)\d*<<-?([\"']?)([A-Za-z_]\w*)\1(?!\S)")
_TAKES_HEREDOC = ("RUN", "COPY", "ADD")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*[^\s\\]", re.IGNORECASE)
_SCRATCH = "scratch"


def is_dockerfile(name: str) -> bool:
    """Tell whether a file of this name is a Dockerfile.

    >>> is_dockerfile("Dockerfile.prod"), is_dockerfile("api.Dockerfile"), is_dockerfile("pod.yaml")
    (True, True, False)
    """
    return _NAME.fullmatch(name) is not None


def images_in(file: str, text: str) -> Iterator[ImageUse]:
    """Yield the images of a Dockerfile; stages that it has built itself are not among them.

    Args:
        file: its name, for what is found.
        text: its content.

    Raises:
        Malformed: for a text without a FROM, with a here-document that does not end, or with another escape character.
    """
    build = _Build()
    for line, instruction in _instructions(text):
        word, *rest = instruction.split(None, 1)
        for image in build.images(word.upper(), rest[0] if rest else ""):
            yield ImageUse(file, line, f"stage {build.stages[-1]}" if build.stages else "", "", image)
    if not build.stages:
        raise Malformed("is not a Dockerfile: it has no FROM", 1)


class _Build:
    """What is known at an instruction: the stages so far, and the defaults of the arguments before them."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self._defaults: dict[str, str] = {}

    def images(self, word: str, rest: str) -> list[str]:
        """Return the images that an instruction names, and remember what it declares."""
        if word == "FROM":
            return self._base([part for part in rest.split() if not part.startswith("--")])
        if word == "ARG" and not self.stages:
            name, _, value = rest.partition("=")
            self._defaults[name.strip()] = _expanded(value.strip("\"' "), self._defaults)
        pattern = {"COPY": _FROM_FLAG, "ADD": _FROM_FLAG, "RUN": _MOUNT}.get(word)
        named = pattern.findall(rest) if pattern else []
        # A number is a stage too.
        return [image for image in named if image.lower() not in self.stages and not image.isdigit()]

    def _base(self, parts: list[str]) -> list[str]:
        known = (*self.stages, _SCRATCH)
        is_named = len(parts) > 1 and parts[1].upper() == "AS"
        self.stages.append(parts[-1].lower() if is_named else str(len(self.stages)))
        image = _expanded(parts[0], self._defaults) if parts else ""
        return [] if not image or image.lower() in known else [image]


def _instructions(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each instruction, continued lines joined, without comments and here-documents."""
    begun = 0
    parts: list[str] = []
    ends: list[str] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if ends:
            ends = ends[1:] if line == ends[0] else ends
            continue
        if _ESCAPE.match(line):
            raise Malformed("has another escape character, which is not supported", number)
        if not line or line.startswith("#"):
            continue
        begun = begun or number
        parts.append(line.removesuffix("\\").strip())
        if line.endswith("\\"):
            continue
        whole = " ".join(parts).strip()
        if whole:
            yield begun, whole
        ends = _here_documents(whole)
        begun, parts = 0, []
    if ends:
        raise Malformed(f"has a here-document without its end {ends[0]!a}")
    if whole := " ".join(parts).strip():
        yield begun, whole


def _here_documents(instruction: str) -> list[str]:
    is_taken = instruction.split(" ", 1)[0].upper() in _TAKES_HEREDOC
    return [end for _, end in _HEREDOC.findall(instruction)] if is_taken else []


def _expanded(text: str, defaults: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return defaults.get(match[1] or match[2]) or match[3] or match[0]

    return _VARIABLE.sub(value, text)
