"""The slow log, grouped by command and pattern of key. Arguments may be secret, so only the first key is looked at.

Which argument is a key is known for the commands below; of every other command only the name is kept. So a password in
AUTH, HELLO, ACL SETUSER, CONFIG SET or MIGRATE, and a value anywhere, never leaves this module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from boombap.clients.redis.connection import as_mapping
from boombap.record import Record
from boombap.redis.keyspace.names import fold
from boombap.redis.nodes.asking import Refusals, number, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from boombap.clients.redis.pool import Pool
    from boombap.redis.nodes.asking import Denied

# The log keeps 128 entries unless somebody raises slowlog-max-len; more than this says nothing more.
_MAX_ENTRIES = 10_000
_SETTINGS = "slowlog-*"
# Commands whose first argument is a key, or for KEYS the pattern of keys.
_FIRST = frozenset(
    """
    APPEND BITCOUNT BITFIELD BITFIELD_RO BITPOS BLMOVE BLPOP BRPOP BRPOPLPUSH BZPOPMAX BZPOPMIN COPY DECR DECRBY DEL
    DUMP EXISTS EXPIRE EXPIREAT EXPIRETIME GEOADD GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUSBYMEMBER GEORADIUS_RO
    GEOSEARCH GEOSEARCHSTORE GET GETBIT GETDEL GETEX GETRANGE GETSET HDEL HEXISTS HEXPIRE HEXPIREAT HGET HGETALL
    HGETEX HINCRBY HINCRBYFLOAT HKEYS HLEN HMGET HMSET HPEXPIRE HPEXPIREAT HPTTL HRANDFIELD HSCAN HSET HSETEX HSETNX
    HSTRLEN HTTL HVALS INCR INCRBY INCRBYFLOAT KEYS LCS LINDEX LINSERT LLEN LMOVE LPOP LPOS LPUSH LPUSHX LRANGE LREM
    LSET LTRIM MGET MOVE MSET MSETNX PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PFADD PFCOUNT PFMERGE PSETEX PTTL RENAME
    RENAMENX RESTORE RPOP RPOPLPUSH RPUSH RPUSHX SADD SCARD SDIFF SDIFFSTORE SET SETBIT SETEX SETNX SETRANGE SINTER
    SINTERSTORE SISMEMBER SMEMBERS SMISMEMBER SMOVE SORT SORT_RO SPOP SRANDMEMBER SREM SSCAN STRLEN SUBSTR SUNION
    SUNIONSTORE TOUCH TTL TYPE UNLINK XACK XADD XAUTOCLAIM XCLAIM XDEL XLEN XPENDING XRANGE XREVRANGE XSETID XTRIM
    ZADD ZCARD ZCOUNT ZDIFFSTORE ZINCRBY ZINTERSTORE ZLEXCOUNT ZMSCORE ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE ZRANGEBYLEX
    ZRANGEBYSCORE ZRANGESTORE ZRANK ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX
    ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNIONSTORE
    """.split()  # noqa: SIM905 - a long word list reads best as one text
)
_SECOND = frozenset({"BITOP", "LMPOP", "SINTERCARD", "ZDIFF", "ZINTER", "ZINTERCARD", "ZMPOP", "ZUNION"})
_AFTER_COUNT = frozenset({"EVAL", "EVALSHA", "EVALSHA_RO", "EVAL_RO", "FCALL", "FCALL_RO"})
# Commands with subcommands: those of them that may be named. The ones that are followed by a key are in _KEYED.
_CONTAINERS = {
    "ACL": "CAT DELUSER DRYRUN GENPASS GETUSER LIST LOAD LOG SAVE SETUSER USERS WHOAMI",
    "CLIENT": "CACHING GETNAME GETREDIR ID INFO KILL LIST NO-EVICT NO-TOUCH PAUSE REPLY SETINFO SETNAME TRACKING",
    "CLUSTER": "COUNTKEYSINSLOT FAILOVER GETKEYSINSLOT INFO KEYSLOT LINKS MYID NODES RESET SHARDS SLOTS",
    "COMMAND": "COUNT DOCS GETKEYS INFO LIST",
    "CONFIG": "GET RESETSTAT REWRITE SET",
    "DEBUG": "OBJECT RELOAD SLEEP",
    "FUNCTION": "DELETE DUMP FLUSH LIST LOAD RESTORE STATS",
    "LATENCY": "DOCTOR GRAPH HISTOGRAM HISTORY LATEST RESET",
    "MEMORY": "DOCTOR MALLOC-STATS PURGE STATS USAGE",
    "MODULE": "LIST LOAD LOADEX UNLOAD",
    "OBJECT": "ENCODING FREQ IDLETIME REFCOUNT",
    "PUBSUB": "CHANNELS NUMPAT NUMSUB SHARDCHANNELS SHARDNUMSUB",
    "SCRIPT": "EXISTS FLUSH KILL LOAD",
    "SLOWLOG": "GET LEN RESET",
    "XGROUP": "CREATE CREATECONSUMER DELCONSUMER DESTROY SETID",
    "XINFO": "CONSUMERS GROUPS STREAM",
}
_KEYED = frozenset({"MEMORY USAGE", "OBJECT", "XGROUP", "XINFO"})
# A renamed command may have a name that is meant to be a secret; those have digits, or are long.
_NAME = re.compile(r"[A-Z][A-Z_.-]{0,29}")
_UNNAMED = "(a command)"


class SlowGroup(Record):
    """Entries of one node's slow log with the same command and pattern of key.

    Attributes:
        command: in capitals, with its subcommand; never an argument.
        pattern: of the first key, folded; None for a command without a key, or where it is not known which it is.
        newest_s: when the newest began, in seconds since 1970.
        client: the address of the client of the newest one.
        client_name: its name; empty when it gave none.
    """

    node: str
    command: str
    pattern: bytes | None
    count: int
    max_us: int
    total_us: int
    newest_s: int
    client: str
    client_name: str


class SlowNode(Record):
    """The slow log of one node.

    Attributes:
        entries: how many were read; None when it may not be asked.
        limit: how many it keeps; None when CONFIG GET may not be asked.
        threshold_us: from which duration on commands are kept, negative for none; None as above.
    """

    address: str
    entries: int | None
    limit: int | None
    threshold_us: int | None


class SlowLog(Record):
    """The slow logs of all nodes; the group with the most time comes first."""

    nodes: tuple[SlowNode, ...]
    groups: tuple[SlowGroup, ...]
    denied: tuple[Denied, ...]


def read(pools: Iterable[Pool]) -> SlowLog:
    """Return what the nodes have in their slow logs."""
    refusals = Refusals()
    nodes: list[SlowNode] = []
    groups: list[SlowGroup] = []
    for pool in pools:
        entries = refusals.ask(pool, "SLOWLOG GET", _MAX_ENTRIES)
        settings = refusals.ask(pool, "CONFIG GET", _SETTINGS)
        limits = {text(name): number(text(value)) for name, value in as_mapping(settings or []).items()}
        count = None if entries is None else len(entries)
        limit, threshold_us = limits.get("slowlog-max-len"), limits.get("slowlog-log-slower-than")
        nodes.append(SlowNode(pool.target.address, count, limit, threshold_us))
        groups += grouped(pool.target.address, entries or ())
    groups.sort(key=lambda group: (-group.total_us, group.node, group.command, group.pattern or b""))
    return SlowLog(tuple(nodes), tuple(groups), refusals.all)


@dataclass(slots=True)
class _Sum:
    """What is counted of a group so far."""

    count: int = 0
    max_us: int = 0
    total_us: int = 0
    newest_s: int = -1
    client: str = ""
    client_name: str = ""


def grouped(node: str, entries: Iterable[Sequence[Any]]) -> list[SlowGroup]:
    """Return the entries of SLOWLOG GET by command and pattern of key."""
    sums: dict[tuple[str, bytes | None], _Sum] = {}
    for _, began_s, took_us, words, *client in entries:
        total = sums.setdefault(subject(words), _Sum())
        total.count += 1
        total.total_us += took_us
        total.max_us = max(total.max_us, took_us)
        if began_s > total.newest_s:
            total.newest_s = began_s
            total.client, total.client_name = (*map(text, client), "", "")[:2]
    return [
        SlowGroup(
            node, command, pattern, total.count, total.max_us, total.total_us, total.newest_s, total.client,
            total.client_name,
        )
        for (command, pattern), total in sums.items()
    ]  # fmt: skip


def subject(words: Sequence[bytes]) -> tuple[str, bytes | None]:
    """Return the name of a command and the pattern of its first key, without anything that may be secret.

    >>> subject([b"hgetall", b"artist:7"]), subject([b"AUTH", b"default", b"Tr0mpete"])
    (('HGETALL', b'artist:<n>'), ('AUTH', None))
    >>> subject([b"config", b"set", b"requirepass", b"Tr0mpete"]), subject([b"XINFO", b"STREAM", b"feed:1"])
    (('CONFIG SET', None), ('XINFO STREAM', b'feed:<n>'))
    """
    name = _capitals(words[0]) if words else ""
    if not _NAME.fullmatch(name):
        return _UNNAMED, None
    if name in _CONTAINERS:
        below = _capitals(words[1]) if len(words) > 1 else ""
        full = f"{name} {below}" if below in _CONTAINERS[name].split() else name
        return full, _key(words, 2) if name in _KEYED or full in _KEYED else None
    if name in _AFTER_COUNT:
        has_keys = len(words) > 2 and words[2] != b"0"  # noqa: PLR2004 - the number of keys
        return name, _key(words, 3) if has_keys else None
    if name in ("XREAD", "XREADGROUP"):
        at_streams = next((place for place, word in enumerate(words) if _capitals(word) == "STREAMS"), len(words))
        return name, _key(words, at_streams + 1)
    return name, _key(words, 1 if name in _FIRST else 2 if name in _SECOND else len(words))


def _key(words: Sequence[bytes], place: int) -> bytes | None:
    return fold(words[place]) if place < len(words) else None


def _capitals(word: bytes) -> str:
    return word.decode("ascii", "replace").upper()
