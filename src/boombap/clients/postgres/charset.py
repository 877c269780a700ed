r"""Texts that are not in the encoding that they should be in: read as bytes, shown with escapes (``caf\xe9``).

A database of SQL_ASCII stores any bytes, and the names of roles and databases, and the statements of other sessions,
are shared by databases of different encodings. The server then refuses to convert them (22021, 22P05), or sends what
is not UTF-8. A session that meets one asks again with ``client_encoding = SQL_ASCII``: the server converts nothing
then, and the texts pass through psycopg2 without loss (PEP 383).
"""

from __future__ import annotations

import codecs
import re

from boombap.clients.postgres.driver import psycopg2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# character_not_in_repertoire, untranslatable_character.
UNREADABLE = ("22021", "22P05")
ESCAPED = re.compile(r"\\x[0-9a-f]{2}")
"""A byte that no text has, as `shown` shows it."""
_CODEC = "boombap_bytes"
_UTF_8 = "utf-8"


def of(connection: psycopg2.extensions.connection) -> str:
    """Return Python's name for the encoding of the database; UTF-8 where it has none, as for SQL_ASCII."""
    name = connection.info.parameter_status("server_encoding") or ""
    if name == "SQL_ASCII":
        return _UTF_8
    return str(psycopg2.extensions.encodings.get(name, _UTF_8))


def is_raw(connection: psycopg2.extensions.connection) -> bool:
    """Tell whether the server sends bytes as they are."""
    return connection.info.parameter_status("client_encoding") == "SQL_ASCII"


def register() -> None:
    """Teach psycopg2 to read SQL_ASCII, which it would take for ASCII; no other connection is touched."""
    if psycopg2.extensions.encodings.get("SQL_ASCII") == _CODEC:
        return
    info = codecs.CodecInfo(_encode, _decode, name=_CODEC)
    codecs.register(lambda name: info if name == _CODEC else None)
    for spelling in ("SQL_ASCII", "SQLASCII"):
        psycopg2.extensions.encodings[spelling] = _CODEC


def _encode(text: str, _: str = "strict") -> tuple[bytes, int]:
    return text.encode(_UTF_8, "surrogateescape"), len(text)


def _decode(data: Any, _: str = "strict") -> tuple[str, int]:  # noqa: ANN401 - any buffer
    return bytes(data).decode(_UTF_8, "surrogateescape"), len(data)


def shown(value: Any, charset: str) -> Any:  # noqa: ANN401 - any value of a row
    r"""Return a value of a row with its texts as people read them, and escapes for bytes that say nothing.

    >>> shown(["caf\udce9"], "utf-8"), shown("caf\udce9", "latin-1")
    (['caf\\xe9'], 'café')
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode(_UTF_8, "surrogateescape").decode(charset, "backslashreplace")
    if isinstance(value, list):
        return [shown(item, charset) for item in value]
    if isinstance(value, dict):
        return {shown(key, charset): shown(item, charset) for key, item in value.items()}
    return value


def sent(value: Any, charset: str) -> Any:  # noqa: ANN401 - any parameter
    """Return a parameter as the database's bytes; what its encoding lacks becomes a question mark."""
    if isinstance(value, str):
        return value.encode(charset, "replace").decode(_UTF_8, "surrogateescape")
    return [sent(item, charset) for item in value] if isinstance(value, list) else value
