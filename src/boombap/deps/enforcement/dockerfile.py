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
_HEREDOC = re.compile(r"<<-?[\"']?(\w+)")
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
        Malformed: for a text without a FROM.
    """
    defaults: dict[str, str] = {}
    stages: list[str] = []
    number = -1
    for line, instruction in _instructions(text):
        word, _, rest = instruction.partition(" ")
        word, rest = word.upper(), rest.strip()
        if word == "ARG" and number < 0:
            name, _, value = rest.partition("=")
            defaults[name.strip()] = _expanded(value.strip("\"' "), defaults)
            continue
        named = []
        if word == "FROM":
            number += 1
            parts = [part for part in rest.split() if not part.startswith("--")]
            stage = parts[2].lower() if len(parts) > 2 and parts[1].upper() == "AS" else str(number)  # noqa: PLR2004
            named = [_expanded(parts[0], defaults)] if parts else []
        elif word in ("COPY", "ADD"):
            named = _FROM_FLAG.findall(rest)
        elif word == "RUN":
            named = _MOUNT.findall(rest)
        for image in named:
            if image.lower() not in (*stages, _SCRATCH) and not (word != "FROM" and image.isdigit()):
                yield ImageUse(file, line, f"stage {stage}", "", image)
        if word == "FROM":
            stages.append(stage)
    if number < 0:
        raise Malformed("is not a Dockerfile: it has no FROM", 1)


def _instructions(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each instruction, continued lines joined, without comments and here-documents."""
    begun, parts, end = 0, [], ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if end:
            end = "" if line == end else end
            continue
        if not line or line.startswith("#"):
            continue
        begun = begun or number
        parts.append(line.removesuffix("\\").strip())
        if line.endswith("\\"):
            continue
        whole = " ".join(parts)
        heredoc = _HEREDOC.search(whole) if whole[:4].upper().rstrip() in ("RUN", "COPY", "ADD") else None
        end = heredoc[1] if heredoc else ""
        yield begun, whole
        begun, parts = 0, []
    if parts:
        yield begun, " ".join(parts)


def _expanded(text: str, defaults: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return defaults.get(match[1] or match[2]) or match[3] or match[0]

    return _VARIABLE.sub(value, text)
