"""Recognises Python pickles by their first and last bytes; nothing is ever loaded.

Protocol 2 and later begin with PROTO and its number, 4 and 5 go on with FRAME; 0 and 1 begin with the opcode of a mark,
a global, or an empty list or dict. Every pickle ends with STOP. Source: CPython's Lib/pickletools.py.
"""

from __future__ import annotations

import re
from zlib import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    Verdict = Literal["pickle", "suspect", ""]

_END = b"."
HEAD_BYTES = 8
_BEGIN = re.compile(
    rb"\x80(?:[\x02\x03]|[\x04\x05]\x95)"  # PROTO, and FRAME where pickle.dumps writes one
    rb"|\([dlt]p\d"  # protocol 0: MARK, DICT LIST or TUPLE, PUT
    rb"|[\]}]q\x00"  # protocol 1: EMPTY_LIST or EMPTY_DICT, BINPUT
    rb"|\((?:\]q\x00|i[A-Za-z_]|I-?\d+\n|K[^ -~]|[VS][^\n]{0,5}\n)"  # MARK before the elements of a tuple or object
    rb"|c(?:copy_re|copyreg|__built|builtin|__main_|numpy|datetim|collect|decimal)"  # GLOBAL
    rb"|c(?:(?:os|posix|nt|sys)\n|subproc)",
)
# Made by hand a pickle needs no FRAME; one value of random bytes in 33,000 begins so.
_PERHAPS = re.compile(rb"\x80[\x04\x05]")
# Of large collections one in so many is looked at, and of very large ones none: an element may be as large as they are.
SMALL_BYTES = 8_192
_LARGE_BYTES = 262_144
_SAMPLE = 16
_QUESTIONS = {
    b"string": b"*4\r\n$8\r\nGETRANGE\r\n$%d\r\n%b\r\n$1\r\n0\r\n$1\r\n7\r\n",
    b"hash": b"*4\r\n$10\r\nHRANDFIELD\r\n$%d\r\n%b\r\n$1\r\n3\r\n$10\r\nWITHVALUES\r\n",
    b"list": b"*4\r\n$6\r\nLRANGE\r\n$%d\r\n%b\r\n$1\r\n0\r\n$1\r\n2\r\n",
    b"set": b"*3\r\n$11\r\nSRANDMEMBER\r\n$%d\r\n%b\r\n$1\r\n3\r\n",
    b"zset": b"*4\r\n$6\r\nZRANGE\r\n$%d\r\n%b\r\n$1\r\n0\r\n$1\r\n2\r\n",
    b"stream": b"*6\r\n$6\r\nXRANGE\r\n$%d\r\n%b\r\n$1\r\n-\r\n$1\r\n+\r\n$5\r\nCOUNT\r\n$1\r\n2\r\n",
}
COMMANDS = {
    b"string": "GETRANGE",
    b"hash": "HRANDFIELD",
    b"list": "LRANGE",
    b"set": "SRANDMEMBER",
    b"zset": "ZRANGE",
    b"stream": "XRANGE",
}
"""By type, the command that shows a part of a value."""


def question(key: bytes, kind: bytes) -> bytes:
    """Return the command that shows a part of a value, as it goes over the wire."""
    return _QUESTIONS[kind] % (len(key), key)


def is_looked_at(key: bytes, kind: bytes, size: object) -> bool:
    """Tell whether a part of a value is asked for: of every string and small collection, of some larger ones.

    Args:
        size: what MEMORY USAGE gave.
    """
    if kind == b"string":
        return True
    if kind not in _QUESTIONS or not isinstance(size, int):
        return False
    return size <= SMALL_BYTES or (size <= _LARGE_BYTES and crc32(key) % _SAMPLE == 0)


def elements(reply: object) -> Iterator[bytes]:
    """Yield every text in a reply, however deep."""
    if isinstance(reply, bytes):
        yield reply
    elif isinstance(reply, list | tuple):
        for part in reply:
            yield from elements(part)
    elif isinstance(reply, dict):
        for part in (*reply.keys(), *reply.values()):
            yield from elements(part)


def may_begin(start: bytes) -> bool:
    """Tell whether some first bytes, at least `HEAD_BYTES` or all, may be those of a pickle; its end must be seen."""
    return bool(_BEGIN.match(start) or _PERHAPS.match(start))


def judge(start: bytes, end: bytes) -> Verdict:
    r"""Return what a value is, by its first and its last bytes.

    >>> judge(b"\x80\x05\x95\x04", b"."), judge(b"\x80\x02]q", b"x"), judge(b"\x80\x05 a float by chance", b"x")
    ('pickle', 'suspect', '')
    """
    is_like, is_ended = _BEGIN.match(start), end[-1:] == _END
    if is_like and is_ended:
        return "pickle"
    return "suspect" if is_like or (is_ended and _PERHAPS.match(start)) else ""
