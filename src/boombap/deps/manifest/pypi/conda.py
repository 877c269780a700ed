"""environment.yml of conda: its pip section is read, and what conda itself installs is named as not audited."""

from __future__ import annotations

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.documents.yaml_documents import documents
from boombap.deps.manifest.pypi.requirements import add_requirement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector

_CONDA = "is a package of conda, for which there are no advisories here"
# They are there to run the rest.
_TOOLS = frozenset(("python", "pip"))


def read(document: str, collector: ManifestCollector) -> None:
    """Read the dependencies into the collector; a file without any is another kind of environment.

    Raises:
        Malformed: when the file is not YAML, or could harm its reader.
    """
    lines = _Lines(document)
    for value in documents(document, "conda environment"):
        _read_list(value.get("dependencies"), lines, collector)


def _read_list(listed: object, lines: _Lines, collector: ManifestCollector) -> None:
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, str):
            name = entry.partition("::")[2] or entry
            if name.split("=")[0].strip(" <>!~") not in _TOOLS:
                collector.skip(entry, _CONDA, line=lines.of(entry), pin="audit an SBOM of the environment")
        elif isinstance(entry, dict):
            _read_pip(entry, lines, collector)
        else:
            raise safe_text.Malformed("has a dependency that is neither a text nor a list")


def _read_pip(entry: dict[str, object], lines: _Lines, collector: ManifestCollector) -> None:
    for manager, listed in entry.items():
        for text in map(str, listed if isinstance(listed, list) else ()):
            if manager != "pip":
                collector.skip(text, f"is installed by {manager}, which is not read", line=lines.of(text))
            elif text.startswith("-"):
                collector.skip(text, "leads to another file", line=lines.of(text), pin="audit that file too")
            else:
                add_requirement(collector, text, lines.of(text))


class _Lines:
    """The first line of each entry of a list."""

    def __init__(self, document: str) -> None:
        self._lines: dict[str, int] = {}
        for number, line in enumerate(document.split("\n"), start=1):
            text = line.strip().removeprefix("-").strip().strip("\"'")
            self._lines.setdefault(text, number)

    def of(self, text: str) -> int:
        """Return the line of a text; 0 when it is written in another way."""
        return self._lines.get(text, 0)
