"""VEX documents from files: which format one has, and what all of them state."""

from __future__ import annotations

import time

from boombap.deps.manifest.safe_text import Malformed, content, decode, from_json
from boombap.deps.vex import cyclonedx, openvex
from boombap.deps.vex.model import VexStatements, malformed
from boombap.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from boombap.deps.vex.json_values import Json


_CLOCK_S = 3600
"""How far the clock of an author may be ahead."""


def load(paths: Iterable[Path], clock: Callable[[], float] = time.time) -> VexStatements:
    """Read documents, and return what they state, in their order.

    Args:
        paths: of the documents.
        clock: returns the Unix time.

    Raises:
        ConfigError: for a document that cannot be read, is not a VEX document of a known format, or is malformed; also
            for one with a statement of the future, because it would hold against all later ones.
    """
    found = [_load(path) for path in paths]
    for statement in (statement for each in found for statement in each.statements):
        if statement.issued_s is not None and statement.issued_s > clock() + _CLOCK_S:
            raise malformed(statement.document, f"has a statement of {statement.issued}, which is in the future")
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
