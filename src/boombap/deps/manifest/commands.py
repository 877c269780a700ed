"""What the commands of a Dockerfile or a workflow install beside the files that name dependencies.

Packages of pip are read as a requirements file has them. What other package managers are told to install is named as
not audited. Packages of the operating system are not looked at: they are part of the image, not of the project.
"""

from __future__ import annotations

import re

from boombap.deps.manifest.collector import masked
from boombap.deps.manifest.pypi.requirements import add_requirement
from boombap.deps.manifest.requirements_name import is_requirements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.manifest.collector import ManifestCollector

_REST = r"((?:[ \t]+(?!&&|\|\|)(?:\"[^\"\n]*+\"|'[^'\n]*+'|[^\s;|)`\"']++)+)*+)"
_PIP = re.compile(rf"\b(?:uv[ \t]+)?pip[\d.]*(?:[ \t]+--?[\w-]++(?:=[^\s]++)?+)*+[ \t]+install\b{_REST}")
_OTHER = re.compile(
    r"\b(npm[ \t]+(?:install|i|add)|yarn[ \t]+(?:global[ \t]+)?add|pnpm[ \t]+(?:install|i|add)|bun[ \t]+add"
    r"|go[ \t]+install|gem[ \t]+install|cargo[ \t]+install|composer[ \t]+(?:global[ \t]+)?require"
    r"|(?:micro)?mamba[ \t]+install|conda[ \t]+install|pipx[ \t]+install|uv[ \t]+(?:add|tool[ \t]+install)"
    rf"|poetry[ \t]+add|pdm[ \t]+add|dotnet[ \t]+tool[ \t]+install)\b{_REST}"
)
_LIST = re.compile(r"\s*+(?:RUN|CMD|ENTRYPOINT)[ \t]*+\[", re.IGNORECASE)
_LIST_SIGNS = re.compile(r"[\[\],\"]")
_WORD = re.compile(r"(?:\"[^\"\n]*+\"|'[^'\n]*+'|[^\s\"']++)++")
# Options of pip and of npm that take the next word as their value.
_WITH_VALUE = frozenset(
    (
        "-i --index-url --extra-index-url -f --find-links -t --target --prefix --root -c --constraint -p --python "
        "--src --cache-dir --trusted-host --timeout --retries --platform --python-version --implementation --abi --log "
        "--proxy --cert --upgrade-strategy --only-binary --no-binary --progress-bar --config-settings --report --index "
        "--registry --root-user-action --no-build-isolation-package -n --name --channel --git --branch --tag --features"
    ).split()
)
_FILE = frozenset(("-r", "--requirement", "--requirements"))
# They are there to install the rest, as in an environment of conda.
_TOOLS = re.compile(r"(?:pip|setuptools|wheel)(?:[=<>!~].*)?$")
_PROJECT = re.compile(r"\.(?:/?\[[\w.,-]*\])?/?$|/app/?$")


def read(document: str, collector: ManifestCollector) -> None:
    """Read what pip installs into the collector; what others install is skipped with the reason."""
    for line, text in _logical_lines(document):
        for match in _PIP.finditer(text):
            _read_pip(match[1], line, collector)
        for match in _OTHER.finditer(text):
            manager = match[1].split()[0]
            for word in _arguments(match[2]):
                collector.skip(
                    f"{word} of {manager}", "is installed by a command, outside of every manifest", line=line
                )


def _logical_lines(document: str) -> Iterator[tuple[int, str]]:
    parts: list[str] = []
    begun = 0
    for number, line in enumerate(document.split("\n"), start=1):
        if line.lstrip().startswith("#"):
            continue
        begun = begun or number
        if line.rstrip().endswith("\\"):
            parts.append(line.rstrip()[:-1])
            continue
        yield begun, _without_brackets(" ".join((*parts, line)))
        parts, begun = [], 0
    if parts:
        yield begun, " ".join(parts)


def _without_brackets(line: str) -> str:
    """Return a command that is written as a list of texts as a shell would have it."""
    return _LIST_SIGNS.sub(" ", line) if _LIST.match(line) else line


def _read_pip(rest: str, line: int, collector: ManifestCollector) -> None:
    words = [word.strip("\"'") for word in _WORD.findall(rest)]
    for file in _files(words):
        # A requirements file is found by its name, and read where it is.
        if not is_requirements(file.rpartition("/")[2]):
            collector.skip(f"-r {file}", "leads to another file", line=line, pin="audit that file too")
    for word in _arguments(rest):
        if _TOOLS.match(word) or _PROJECT.match(word):
            continue
        if word.startswith("$"):
            collector.skip(masked(word), "is a variable", line=line, pin="write NAME==VERSION")
        else:
            add_requirement(collector, word, line)


def _files(words: list[str]) -> Iterator[str]:
    for at, word in enumerate(words):
        flag, equals, value = word.partition("=")
        if flag in _FILE:
            yield value if equals else words[at + 1] if at + 1 < len(words) else ""
        elif word.startswith("-r") and word != "-r":
            yield word[2:]


def _arguments(rest: str) -> Iterator[str]:
    """Yield the words that are neither options nor values of options."""
    is_value = False
    for found in _WORD.findall(rest):
        word = found.strip("\"'")
        if word.startswith("-"):
            is_value = word in _WITH_VALUE or word in _FILE
        elif word and not is_value and not word.startswith((">", "<", "&", "2>")):
            yield word
        else:
            is_value = False
