"""VEX documents from files: which format one has, and what all of them state."""

from __future__ import annotations

from boombap.deps.manifest.safe_text import Malformed, content, decode, from_json
from boombap.deps.vex import cyclonedx, openvex
from boombap.deps.vex.model import VexStatements, malformed
from boombap.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from boombap.deps.vex.json_values import Json


def load(paths: Iterable[Path]) -> VexStatements:
    """Read documents, and return what they state, in their order.

    Raises:
        ConfigError: for a document that cannot be read, is not a VEX document of a known format, or is malformed.
    """
    found = [_load(path) for path in paths]
    return VexStatements(
        tuple(statement for each in found for statement in each.statements),
        tuple(note for each in found for note in each.unapplied),
    )


def _load(path: Path) -> VexStatements:
    try:
        document = from_json(decode(content(str(path))))
    except Malformed as error:
        place = f"{path}, line {error.line}," if error.line else str(path)
        raise malformed(place, error.reason) from None
    return _statements(document, str(path))


def _statements(document: Json, path: str) -> VexStatements:
    if document.get("bomFormat") == "CycloneDX":
        return cyclonedx.statements_of(document, path)
    if "@context" in document:
        return openvex.statements_of(document, path)
    raise ConfigError(
        f"{path} is not a VEX document of a known format", hint="OpenVEX 0.2.0 and CycloneDX 1.4 to 1.7 in JSON are"
    )
