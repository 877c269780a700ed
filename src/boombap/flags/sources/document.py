"""Flags as flagd writes them in JSON: a text to definitions, and a percentage to the definition of a flag.

Only what one rule can promise is read: weights of `fractional`, by the key alone. Flags of other programs in the same
file are kept as they are and not read. Source: flagd's documentation, "Flag definitions".
"""

from __future__ import annotations

import json

from boombap.errors import ExternalError
from boombap.flags.hashing import SCHEME
from boombap.flags.model import CLASSIC, MAX_TOTAL, NAMES, NATIVE, VARIANTS, Definition, Shadow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_STATES = {"ENABLED": True, "DISABLED": False}
_WHOLE, _HUNDREDTHS = 100, 10_000
_MAX_PART = 2
_MAX_DEADLINE_S = 3600.0
# Metadata of a flag, which flagd hands on as it is: plain numbers.
_SHADOW_PERCENT, _SHADOW_DEADLINE = "shadowPercent", "shadowDeadlineSeconds"
_SHADOW = frozenset((_SHADOW_PERCENT, _SHADOW_DEADLINE))
_DEADLINE_S = 10.0


class Malformed(ExternalError):
    """A source holds something that is not a flag; the message is the reason alone."""


def parse(text: bytes | str) -> dict[str, Any]:
    """Return a document with flags, after every flag of ours in it was read.

    Raises:
        Malformed: when it is not JSON, or a flag of ours in it cannot be evaluated.
    """
    document = _json(text)
    flags = document.get("flags")
    if not isinstance(flags, dict):
        raise Malformed("it has no object `flags`")
    metadata = document.get("metadata", {})
    scheme = metadata.get("hashing", SCHEME) if isinstance(metadata, dict) else None
    if scheme != SCHEME:
        raise Malformed(f"its percentages are made for another hashing scheme than {SCHEME}")
    definitions(document)
    return document


def definitions(document: Mapping[str, Any]) -> dict[str, Definition]:
    """Return the flags of ours in a document.

    Raises:
        Malformed: when one cannot be evaluated.
    """
    flags = document["flags"]
    return {name: definition(name, flags[name]) for name in NAMES if name in flags}


def parse_flag(name: str, text: bytes) -> dict[str, Any]:
    """Return one flag as flagd writes it, after it was read.

    Raises:
        Malformed: when it is not JSON, or cannot be evaluated.
    """
    flag = _json(text)
    definition(name, flag)
    return flag


def definition(name: str, flag: object) -> Definition:
    """Return what one flag says.

    Raises:
        Malformed: when it cannot be evaluated.
    """
    if not isinstance(flag, dict):
        raise Malformed(f"{name} is not an object")
    variants = flag.get("variants")
    if not isinstance(variants, dict) or not set(VARIANTS) <= set(variants):
        raise Malformed(f"{name} does not have the variants {' and '.join(VARIANTS)}")
    state, default = flag.get("state"), flag.get("defaultVariant")
    if not isinstance(state, str) or state not in _STATES:
        raise Malformed(f"the state of {name} is neither ENABLED nor DISABLED")
    if not isinstance(default, str) or default not in variants:
        raise Malformed(f"the defaultVariant of {name} is not one of its variants")
    weights, shadow = _weights(name, flag.get("targeting"), variants), _shadow(name, flag.get("metadata", {}))
    return Definition(name, default, weights, _STATES[state], shadow)


def with_percent(flag: Mapping[str, Any], hundredths: int) -> dict[str, Any]:
    """Return a flag with another share of native; what else it says stays.

    Native comes first: so who is in at 25 % stays in at 50 %, whichever total the two percentages need.

    Args:
        flag: as flagd writes it; empty for a new one.
        hundredths: of a percent, from 0 to 10,000.
    """
    total = _HUNDREDTHS if hundredths % 100 else _WHOLE
    native = hundredths * total // _HUNDREDTHS
    fractional = [[NATIVE, native], [CLASSIC, total - native]]
    return {**_new(), **flag, "state": "ENABLED", "targeting": {"fractional": fractional}}


def with_shadow(flag: Mapping[str, Any], shadow: Shadow | None) -> dict[str, Any]:
    """Return a flag with another comparison of the engines, or with none; a new flag gives every key to classic."""
    kept = {**flag} if flag else with_percent({}, 0)
    metadata = {name: value for name, value in kept.get("metadata", {}).items() if name not in _SHADOW}
    if shadow:
        metadata |= {_SHADOW_PERCENT: shadow.percent, _SHADOW_DEADLINE: shadow.deadline_s}
    return {**kept, "metadata": metadata}


def unset() -> dict[str, Any]:
    """Return the flag that gives what nobody has configured: native for every key."""
    return {**_new(), "defaultVariant": NATIVE}


def empty() -> dict[str, Any]:
    """Return a document without flags, which names the hashing scheme."""
    return {"flags": {}, "metadata": {"hashing": SCHEME}}


def _new() -> dict[str, Any]:
    return {"state": "ENABLED", "variants": {variant: variant for variant in VARIANTS}, "defaultVariant": CLASSIC}


def _json(text: bytes | str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise Malformed(f"it is not valid JSON (line {error.lineno}, column {error.colno})") from None
    except ValueError:  # not UTF-8, or a whole number of more than 4,300 digits
        raise Malformed("it is not valid JSON in UTF-8") from None
    except RecursionError:
        raise Malformed("it is nested too deeply") from None
    if not isinstance(document, dict):
        raise Malformed("it is not a JSON object")
    return document


def _shadow(name: str, metadata: object) -> Shadow | None:
    if not isinstance(metadata, dict):
        raise Malformed(f"the metadata of {name} are not an object")
    percent, deadline_s = metadata.get(_SHADOW_PERCENT, 0), metadata.get(_SHADOW_DEADLINE, _DEADLINE_S)
    if not _is_within(percent, 0, 100):
        raise Malformed(f"{_SHADOW_PERCENT} of {name} is not a number from 0 to 100")
    if not _is_within(deadline_s, 0.001, _MAX_DEADLINE_S):
        raise Malformed(f"{_SHADOW_DEADLINE} of {name} is not a number from 0.001 to {_MAX_DEADLINE_S:.0f}")
    return Shadow(float(percent), float(deadline_s)) if percent else None


def _is_within(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _weights(name: str, targeting: object, variants: Mapping[str, object]) -> tuple[tuple[str, int], ...]:
    if targeting is None or targeting == {}:
        return ()
    if not isinstance(targeting, dict) or set(targeting) != {"fractional"}:
        raise Malformed(f"the targeting of {name} is not one `fractional`")
    parts = targeting["fractional"]
    if not isinstance(parts, list) or not parts:
        raise Malformed(f"the fractional of {name} is not a list of weights")
    weights = tuple(_weight(name, part, variants) for part in parts)
    if sum(weight for _, weight in weights) > MAX_TOTAL:
        raise Malformed(f"the weights of {name} are more than {MAX_TOTAL:,} together")
    return weights


def _weight(name: str, part: object, variants: Mapping[str, object]) -> tuple[str, int]:
    if not isinstance(part, list) or not 1 <= len(part) <= _MAX_PART or not isinstance(part[0], str):
        raise Malformed(f"the fractional of {name} has a part that is not [variant, weight]")
    if part[0] not in variants:
        raise Malformed(f"the fractional of {name} has a variant that is not one of its variants")
    weight = part[1] if len(part) == _MAX_PART else 1
    if not isinstance(weight, int) or isinstance(weight, bool):
        raise Malformed(f"a weight of {name} is not a whole number")
    return part[0], max(0, weight)  # as flagd does: a rollout may calculate a negative one
