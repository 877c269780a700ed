"""Bytes from strangers in JSON: text where they are UTF-8, else base64."""

from __future__ import annotations

import base64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def plain(value: Any) -> Any:  # noqa: ANN401 - any shape of values
    r"""Return bytes as text where they are UTF-8, else as an object with base64; lists likewise, element by element.

    >>> plain([b"a", b"\xff"])
    ['a', {'base64': '/w=='}]
    """
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return base64_of(value)
    return [plain(element) for element in value] if isinstance(value, list) else value


def raw(value: Any) -> Any:  # noqa: ANN401 - what JSON gave
    """Return what `plain` was given.

    Raises:
        binascii.Error: for base64 that is none.
    """
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict):
        return base64.b64decode(value["base64"], validate=True)
    return [raw(element) for element in value] if isinstance(value, list) else value


def base64_of(value: bytes) -> dict[str, str]:
    """Return bytes as an object with their base64."""
    return {"base64": base64.b64encode(value).decode("ascii")}
