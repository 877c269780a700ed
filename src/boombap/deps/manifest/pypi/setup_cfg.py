"""setup.cfg: the dependencies that setuptools takes from it.

Source: setuptools, "Configuring setuptools using setup.cfg files". A setup.cfg that only configures tools names none.
"""

from __future__ import annotations

import configparser

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.collector import Bounds
from boombap.deps.manifest.pypi.groups import is_development
from boombap.deps.manifest.pypi.pyproject import add_pep508

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.model import Scope

_EXTRAS = "options.extras_require"
_SCOPES: dict[str, Scope] = {"install_requires": "runtime", "setup_requires": "dev", "tests_require": "dev"}
_FROM_FILE = "comes from another file when the project is built"


def read(document: str, collector: ManifestCollector) -> None:
    """Read the wishes into the collector.

    Raises:
        Malformed: when the file is not an INI file.
    """
    # Without interpolation, as values of tools hold percent signs; setuptools has none in the keys that are read.
    parser = configparser.RawConfigParser(strict=False, comment_prefixes=("#", ";"))
    try:
        parser.read_string(document)
    except configparser.Error as error:
        raise safe_text.Malformed("is not a valid INI file", getattr(error, "lineno", None) or 0) from None
    lines = document.split("\n")
    for scope, key, value in _lists(parser):
        _read_list(collector, scope, key, value, lines)
    if parser.has_option("options", "python_requires"):
        collector.pythons = Bounds(parser.get("options", "python_requires").strip())


def _lists(parser: configparser.RawConfigParser) -> Iterator[tuple[Scope, str, str]]:
    for key, scope in _SCOPES.items():
        for name in (key, key.replace("_", "-")):
            if parser.has_option("options", name):
                yield scope, key, parser.get("options", name)
    if parser.has_section(_EXTRAS):
        for group, value in parser.items(_EXTRAS):
            yield "dev" if is_development(group) else "optional", group, value


def _read_list(collector: ManifestCollector, scope: Scope, key: str, value: str, lines: list[str]) -> None:
    if value.strip().startswith(("file:", "attr:")):
        what, line = f"{key} = {value.strip()}", _line_of(value.strip(), lines)
        collector.skip(
            what, _FROM_FILE, line=line, scope=scope, pin="audit that file too, or a lock file of the project"
        )
        return
    # One requirement a line; in a value of one line semicolons separate them, or begin a marker, which has quotes.
    is_one_line = "\n" not in value.strip() and not any(quote in value for quote in "\"'")
    for text in filter(None, map(str.strip, value.split(";" if is_one_line else "\n"))):
        if not text.startswith("#"):
            add_pep508(collector, text, _line_of(text, lines), scope)


def _line_of(text: str, lines: list[str]) -> int:
    return next((number for number, line in enumerate(lines, start=1) if text in line), 0)
