"""Which forms of lock files are read: one of a later form may hold its packages where nobody looks.

Source: the version that each tool writes into its file. A lock without one is of the form before there were any.
"""

from __future__ import annotations

import re

from boombap.deps.manifest import safe_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.file_types import FileType

_HEAD = re.MULTILINE
# By file type: where the version is written, and the last one that is read.
_FORMS: dict[str, tuple[re.Pattern[str], int]] = {
    "poetry.lock": (re.compile(r'^lock-version[ \t]*=[ \t]*"(\d+)', _HEAD), 2),
    "uv.lock": (re.compile(r"\A(?:[ \t]*(?:#[^\n]*)?\n)*version[ \t]*=[ \t]*(\d+)"), 1),
    "pdm.lock": (re.compile(r'^lock_version[ \t]*=[ \t]*"(\d+)', _HEAD), 4),
    "pylock.toml": (re.compile(r'^lock-version[ \t]*=[ \t]*"(\d+)', _HEAD), 1),
    "Cargo.lock": (re.compile(r"\A(?:[ \t]*(?:#[^\n]*)?\n)*version[ \t]*=[ \t]*(\d+)"), 4),
    "Pipfile.lock": (re.compile(r'"pipfile-spec"\s*:\s*(\d+)'), 6),
    "package-lock.json": (re.compile(r'"lockfileVersion"\s*:\s*(\d+)'), 3),
    "bun.lock": (re.compile(r'"lockfileVersion"\s*:\s*(\d+)'), 1),
    "deno.lock": (re.compile(r'"version"\s*:\s*"?(\d+)"?'), 5),
    "pnpm-lock.yaml": (re.compile(r"^lockfileVersion:[ \t]*['\"]?(\d+)", _HEAD), 9),
    "yarn.lock": (re.compile(r"^__metadata:\n(?:  [^\n]*\n)*?  version: ['\"]?(\d+)", _HEAD), 10),
}


def refuse_later(kind: FileType, document: str) -> None:
    """Refuse a lock file of a form that is later than those that are read.

    Raises:
        Malformed: with the line of the version.
    """
    if kind.name not in _FORMS:
        return
    pattern, last = _FORMS[kind.name]
    for match in pattern.finditer(document):
        if len(match[1]) > len(str(last)) or int(match[1]) > last:
            line = document.count("\n", 0, match.start(1)) + 1
            raise safe_text.Malformed(f"is of version {match[1][:9]}, and the last that is read here is {last}", line)
