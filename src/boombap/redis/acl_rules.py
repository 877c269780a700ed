"""What an ACL user may do, from its line in ACL LIST.

Source: https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl, "ACL rules". Rules apply in order,
the last one that speaks of a command decides; selectors in parentheses only add rights.
"""

from __future__ import annotations

from boombap.record import Record

DANGEROUS = {
    "flushall": "empties every database",
    "flushdb": "empties a database",
    "keys": "blocks the server for as long as it has keys",
    "config": "changes the server, its log file and its folder among it",
    "debug": "crashes or stops the server",
    "shutdown": "stops the server",
    "replicaof": "replaces all data by another server's",
    "module": "loads code into the server",
    "acl": "makes users",
    "migrate": "sends keys to any host",
}
"""Commands that an application's user does not need, and what each one does."""
# Each of the dangerous commands is in these categories; source: COMMAND INFO of Redis 7.
_CATEGORIES = {
    "keyspace": {"flushall", "flushdb", "keys", "migrate"},
    "write": {"flushall", "flushdb", "migrate"},
    "read": {"keys"},
    "slow": set(DANGEROUS),
    "dangerous": set(DANGEROUS),
    "admin": {"config", "debug", "shutdown", "replicaof", "module", "acl"},
}


class User(Record):
    """One ACL user.

    Attributes:
        has_password: False with ``nopass``, which lets in anybody who knows the name.
        commands: ``all`` or the rules as they stand.
        dangerous: those of DANGEROUS that it may run.
        all_keys: whether every key is open to it.
    """

    name: str
    is_on: bool
    has_password: bool
    all_commands: bool
    dangerous: tuple[str, ...]
    all_keys: bool


def parse(line: str) -> User:
    """Return the user of one line of ACL LIST.

    >>> user = parse("user app on #c0ffee ~cache:* resetchannels -@all +@read -keys +flushdb")
    >>> user.dangerous, user.all_keys
    (('flushdb',), False)
    """
    words = line.split()
    name, flags = words[1], words[2:]
    allowed: set[str] = set()
    has_all = False
    for flag in flags:
        flag = flag.lstrip("(").rstrip(")")  # noqa: PLW2901 - the same word without its selector
        if flag in ("+@all", "allcommands"):
            allowed, has_all = set(DANGEROUS), True
        elif flag in ("-@all", "nocommands"):
            allowed, has_all = set(), False
        elif flag[:1] in "+-" and flag:
            named = flag[1:].lower()
            meant = _CATEGORIES.get(named[1:], set()) if named.startswith("@") else {named.partition("|")[0]}
            if flag[0] == "+":
                allowed |= meant & DANGEROUS.keys()
            elif "|" not in named:
                allowed -= meant
                has_all = False
    return User(
        name=name,
        is_on="on" in flags,
        has_password="nopass" not in flags,
        all_commands=has_all,
        dangerous=tuple(sorted(allowed)),
        all_keys="~*" in flags or "allkeys" in flags,
    )
