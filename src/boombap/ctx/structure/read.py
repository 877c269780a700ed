"""The structure of a file: by its grammar where one is installed and the file parses, else by line rules."""

from __future__ import annotations

from boombap.ctx.structure import component, grammar, lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.ctx.model import Structure


def structure(language: str, content: Sequence[str]) -> Structure:
    """Return the definitions, imports and branches of a file from its lines."""
    if language in component.LANGUAGES:
        language, content = component.script(content)
    if language == "c" and _looks_like_cpp(content):
        language = "cpp"
    try:
        parsed = grammar.read(language, "\n".join(content))
    except ModuleNotFoundError:
        raise  # without tree-sitter every file would be read worse, and nobody would know
    except Exception:  # noqa: BLE001 - whatever a grammar makes of one file, the others are still indexed
        parsed = None
    return parsed or lines.read(language, content)


def _looks_like_cpp(content: Sequence[str]) -> bool:
    return any(line.startswith(("class ", "namespace ", "template", "using ", "public:")) for line in content)
