"""Which of a Cluster's 16,384 slots a command belongs to.

Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec, "Key distribution model".
"""

from __future__ import annotations

from binascii import crc_hqx

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Word = bytes | str | int | float

SLOTS = 16_384
_KEYLESS = frozenset(
    {
        "ACL", "BGREWRITEAOF", "BGSAVE", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DBSIZE", "ECHO", "FLUSHALL",
        "FLUSHDB", "HELLO", "INFO", "KEYS", "LASTSAVE", "LATENCY", "MODULE", "PING", "PUBLISH", "RANDOMKEY", "READONLY",
        "READWRITE", "ROLE", "SCAN", "SCRIPT", "SELECT", "SLOWLOG", "TIME", "WAIT",
    }
)  # fmt: skip
# The index of the first key when it is not 1: after a subcommand, or after the number of keys.
_KEY_AT = {
    **dict.fromkeys(("BITOP", "LMPOP", "OBJECT", "SINTERCARD", "XGROUP", "XINFO", "ZDIFF", "ZINTER", "ZINTERCARD"), 2),
    **dict.fromkeys(("ZMPOP", "ZUNION"), 2),
    **dict.fromkeys(("BLMPOP", "BZMPOP", "EVAL", "EVALSHA", "EVALSHA_RO", "EVAL_RO", "FCALL", "FCALL_RO"), 3),
    "MIGRATE": 3,
}


def slot_of(key: Word) -> int:
    """Return the slot of a key: CRC16 (XMODEM) of its hash tag, or of all of it.

    >>> slot_of("123456789"), slot_of("{user1000}.following") == slot_of("user1000")
    (12739, True)
    """
    raw = key if isinstance(key, bytes) else str(key).encode()
    start = raw.find(b"{")
    if start >= 0:
        end = raw.find(b"}", start + 1)
        if end > start + 1:
            raw = raw[start + 1 : end]
    return crc_hqx(raw, 0) % SLOTS


def slot_for(command: Sequence[Word]) -> int | None:
    """Return the slot of a command's first key; None when it has no key and any node may answer."""
    name = name_of(command[0])
    if name in _KEYLESS:
        return None
    if name == "MEMORY":
        return slot_of(command[2]) if len(command) > 2 and name_of(command[1]) == "USAGE" else None  # noqa: PLR2004
    if name in ("XREAD", "XREADGROUP"):
        index = next((index for index, word in enumerate(command) if name_of(word) == "STREAMS"), len(command)) + 1
    else:
        index = _KEY_AT.get(name, 1)
    return slot_of(command[index]) if index < len(command) else None


def name_of(word: Word) -> str:
    """Return a command's name, or a keyword in it, in capitals."""
    return (word.decode("ascii", "replace") if isinstance(word, bytes) else str(word)).upper()
