"""Reads what a node says about itself, in one write; what it refuses to say is None, not an error."""

from __future__ import annotations

from boombap.clients.redis.connection import as_mapping
from boombap.clients.redis.errors import ServerError, refusal
from boombap.redis.keyspace.shards import databases
from boombap.redis.model import NodeInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boombap.clients.redis.pool import Pool

_SLOW_ENTRIES = 128


def read(pool: Pool) -> NodeInfo:
    """Return the facts about one node.

    Raises:
        ExternalError: when it cannot be reached, or does not even allow INFO.
    """
    info, commands, config, acl, slow = pool.pipeline(
        [
            ("INFO",),
            ("INFO", "commandstats"),
            ("CONFIG", "GET", "*"),
            ("ACL", "LIST"),
            ("SLOWLOG", "GET", _SLOW_ENTRIES),
        ]
    )
    if isinstance(info, ServerError):
        raise refusal(info, pool.target, "INFO")
    fields = _fields(info)
    state = pool.ask("CLUSTER", "INFO") if fields.get("cluster_enabled") == "1" else b""
    return NodeInfo(
        address=pool.target.address,
        product="Valkey" if "valkey_version" in fields else "Redis",
        version=fields.get("valkey_version") or fields.get("redis_version", ""),
        info=fields,
        commands=_calls(commands),
        databases=databases(info),
        config=None if isinstance(config, ServerError) else _texts(config),
        acl=None if isinstance(acl, ServerError) else tuple(_text(line) for line in acl),
        slow_us=None if isinstance(slow, ServerError) else tuple(sorted((entry[2] for entry in slow), reverse=True)),
        cluster=None if isinstance(state, ServerError) else _fields(state),
    )


def read_info(pool: Pool) -> tuple[dict[str, str], int]:
    """Return the fields of INFO of one node, and how many keys it has.

    Raises:
        ExternalError: when it cannot be reached, or does not allow INFO.
    """
    info = pool.call("INFO")
    return _fields(info), sum(databases(info).values())


def _fields(info: Any) -> dict[str, str]:  # noqa: ANN401 - a reply
    if isinstance(info, ServerError):
        return {}
    lines = (line.partition(":") for line in _text(info).splitlines() if not line.startswith("#"))
    return {name: value for name, colon, value in lines if colon}


def _calls(reply: Any) -> dict[str, int]:  # noqa: ANN401 - a reply
    found = {}
    for name, value in _fields(reply).items():
        if name.startswith("cmdstat_") and value.startswith("calls="):
            found[name.removeprefix("cmdstat_")] = int(value.removeprefix("calls=").partition(",")[0])
    return found


def _texts(config: Any) -> dict[str, str]:  # noqa: ANN401 - a reply
    return {_text(name): _text(value) for name, value in as_mapping(config).items()}


def _text(raw: Any) -> str:  # noqa: ANN401 - a reply
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
