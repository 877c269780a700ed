"""The plain way to look at a Redis server: redis-py, one command after the other, and three for each key.

What it cannot know: more than one server (a Cluster and Sentinels are refused), what is in the values, so whether they
are pickles, and patterns of names: a branch is what is before the first colon. A key that SCAN gives twice is two keys.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import Counter, defaultdict
from contextlib import closing, contextmanager, suppress
from heapq import nlargest

from redis import Redis, exceptions  # type: ignore[attr-defined]  # to mypy it is benchmarks/redis.py

from boombap.clients.redis.errors import ServerError, broken, refusal, too_slow, unreachable
from boombap.errors import ExternalError, NoVerdict
from boombap.redis.model import TTL_NAMES, TTL_STEPS, Branch, Entry, KeyspaceStats, NodeInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from boombap.clients.redis.target import Target
    from boombap.interrupt import Interrupt

_READ_S, _ENDS_MS = 5, [end_ms for end_ms, _ in TTL_STEPS]
_TLS = {"ssl_ca_certs": "ca", "ssl_certfile": "certificate", "ssl_keyfile": "key"}
_REFUSED = "the classic engine reads one server; BOOMBAP_FLAG_REDIS_ENGINE=native reads them all"
_DENIED = {"GETRANGE": "not used by the classic engine"}
_UNSEEN: Any = {"is_estimate": False, "pickles": None, "pickle_keys": (), "suspects": None, "denied": _DENIED}


def info(target: Target) -> NodeInfo:
    """Return the facts about one node; what it refuses to say is None.

    Raises:
        ExternalError: when it cannot be reached, or does not even allow INFO.
        NoVerdict: when it is a node of a Cluster, or behind Sentinels.
    """
    with _connected(target, decode_responses=True, encoding_errors="replace") as client:
        fields, calls = _fields(client.info()), _fields(_ask(client.info, "commandstats") or "")
        if fields.get("cluster_enabled") == "1":
            raise NoVerdict(f"Redis at {target.address} is a node of a Cluster", hint=_REFUSED)
        config, acl, slow = _ask(client.config_get), _ask(client.acl_list), _ask(client.slowlog_get, 128)
    return NodeInfo(
        target.address,
        "Valkey" if "valkey_version" in fields else "Redis",
        fields.get("valkey_version") or fields.get("redis_version", ""),
        fields,
        commands={name.removeprefix("cmdstat_"): _first(value) for name, value in calls.items()},
        databases={int(key[2:]): _first(text) for key, text in fields.items() if key[:2] == "db" and key[2:].isdigit()},
        config=config,
        acl=None if acl is None else tuple(acl),
        slow_us=None if slow is None else tuple(sorted((entry["duration"] for entry in slow), reverse=True)),
        engine="classic",
    )


def keys(
    target: Target, interrupt: Interrupt, db: int | None = None, pattern: bytes = b"*", *prefixes: bytes
) -> KeyspaceStats:
    """Return what the keys of one database are, or those of all; also the sums of those below some prefixes.

    Raises:
        ExternalError: when it cannot be reached, or does not allow INFO, SCAN, TYPE, MEMORY USAGE and PTTL.
        NoVerdict: when it is a node of a Cluster, or behind Sentinels.
    """
    started_s = time.monotonic()
    entries: list[Entry] = []
    for number in info(target).databases if db is None else [db]:
        with _connected(target.on(number)) as client:
            for key in client.scan_iter(pattern, count=1000):
                interrupt.check()
                kind, size, ttl = client.type(key).decode(), client.memory_usage(key), client.pttl(key)
                if size is not None and ttl != -2:  # noqa: PLR2004 - of a key that went away meanwhile
                    entries.append(Entry(key, kind, size, ttl if ttl >= 0 else None, number, ttl >= 0))
    return _stats(entries, prefixes, 1000 * (time.monotonic() - started_s))


@contextmanager
def _connected(target: Target, **options: object) -> Iterator[Any]:
    if target.sentinels:
        raise NoVerdict(f"Redis at {target.address} is behind Sentinels", hint=_REFUSED)
    place = {"unix_socket_path": target.path} if target.path else {"host": target.host, "port": target.port}
    login = {"username": target.username or None, "password": target.password and target.password.reveal()}
    files = {name: getattr(target.tls, field) or None for name, field in _TLS.items()} if target.tls else {}
    options |= {"socket_timeout": _READ_S, "socket_connect_timeout": _READ_S, "db": target.db, "protocol": 2}
    try:
        with closing(Redis(**place, **login, **options, **files, ssl=bool(target.tls))) as client:
            client.set_response_callback("INFO", lambda reply, **_: reply)  # the text, not redis-py's guesses
            yield client
    except exceptions.RedisError as error:
        raise _ours(error, target) from None


def _ours(error: Exception, target: Target) -> ExternalError:
    words = {"AuthenticationError": "WRONGPASS", "NoPermissionError": "NOPERM"}
    if isinstance(error, exceptions.ResponseError | exceptions.AuthenticationError):
        return refusal(ServerError(words.get(type(error).__name__, f"ERR {error}")), target, "a command")
    if isinstance(error, exceptions.TimeoutError):
        return too_slow(target, "a command", _READ_S)
    return unreachable(error.__context__, target) if isinstance(error.__context__, OSError) else broken(target)


def _ask(command: Callable[..., Any], *values: object) -> Any:  # noqa: ANN401 - a reply, None for a refusal
    with suppress(exceptions.ResponseError):
        return command(*values)
    return None


def _stats(entries: list[Entry], prefixes: Sequence[bytes], elapsed_ms: float) -> KeyspaceStats:
    heads, kinds = defaultdict(list), defaultdict(list)
    for entry in entries:
        heads[b"".join(entry.key.partition(b":")[:2]) if b":" in entry.key else b""].append(entry)
        kinds[entry.type].append(entry)
    steps = Counter(0 if entry.ttl_ms is None else 1 + bisect_right(_ENDS_MS, entry.ttl_ms) for entry in entries)
    return KeyspaceStats(
        *_sums(entries),
        len(entries),
        types={kind: _sums(of) for kind, of in kinds.items()},
        ttls={name: steps[step] for step, name in enumerate(TTL_NAMES)},
        branches=tuple(sorted(map(_branch, heads, heads.values()), key=lambda branch: -(branch.size_bytes or 0))),
        biggest=tuple(nlargest(20, entries, key=lambda entry: entry.size_bytes)),
        examples=tuple(entry.key for entry in entries[:10]),
        databases=dict(Counter(entry.db for entry in entries)),
        elapsed_ms=elapsed_ms,
        below=tuple(_branch(head, [one for one in entries if one.key.startswith(head)]) for head in prefixes),
        engine="classic",
        **_UNSEEN,
    )


def _branch(prefix: bytes, entries: list[Entry]) -> Branch:
    return Branch(prefix, *_sums(entries), sum(not entry.has_ttl for entry in entries), None)


def _sums(entries: list[Entry]) -> tuple[int, int]:
    return len(entries), sum(entry.size_bytes for entry in entries)


def _fields(reply: str) -> dict[str, str]:
    lines = (line.partition(":") for line in reply.splitlines())
    return {name: value for name, colon, value in lines if colon and name[:1] != "#"}


def _first(text: str) -> int:
    return int(text.partition("=")[2].partition(",")[0])  # of "calls=7,usec=81", or of "keys=3,expires=1"
