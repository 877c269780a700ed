"""All flags as they are served now, as one document that flagd evaluates in the same way."""

from __future__ import annotations

from boombap.flags.model import CLASSIC, NAMES
from boombap.flags.sources.document import empty, unset

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boombap.flags.evaluation import Flags
    from boombap.flags.model import Definition


def document(flags: Flags) -> dict[str, Any]:
    """Return the document; overrides of this environment are not in it."""
    return {**empty(), "flags": {name: _flag(*flags.definition(name)) for name in NAMES}}


def _flag(definition: Definition | None, source: str) -> dict[str, Any]:
    if definition is None:
        # Of a source that failed: tools run classic.
        return unset() | ({"defaultVariant": CLASSIC} if source else {})
    named = (definition.default_variant, *(variant for variant, _ in definition.weights))
    flag = unset() | {"defaultVariant": definition.default_variant}
    flag["variants"] |= {variant: variant for variant in named}
    if definition.weights:
        flag["targeting"] = {"fractional": [list(weight) for weight in definition.weights]}
    return flag
