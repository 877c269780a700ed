"""ACL rules, as ACL LIST prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.redis.acl_rules import DANGEROUS, parse

if TYPE_CHECKING:
    from caches import Cache


@pytest.mark.parametrize(
    ("rules", "dangerous", "is_all"),
    [
        ("+@all", set(DANGEROUS), True),
        ("-@all +get +set", set(), False),
        ("+@all -@dangerous", set(), False),
        ("+@all -flushall", set(DANGEROUS) - {"flushall"}, False),
        ("-@all +@admin", {"config", "debug", "shutdown", "replicaof", "module", "acl"}, False),
        ("-@all +config|get", {"config"}, False),
        ("-@all +@write -flushdb", {"flushall", "migrate"}, False),
    ],
)
def test_what_a_user_may_run(rules: str, dangerous: set[str], is_all: bool):
    user = parse(f"user app on #hash ~* &* {rules}")
    assert (set(user.dangerous), user.all_commands, user.all_keys) == (dangerous, is_all, True)


def test_a_server_agrees(cache: Cache):
    cache.call("ACL", "SETUSER", "app", "on", "nopass", "~a:*", "+@all", "-@dangerous", "+keys")
    try:
        line = next(one.decode() for one in cache.call("ACL", "LIST") if b"user app " in one)
        user = parse(line)
        assert (user.is_on, user.has_password, user.all_keys, user.dangerous) == (True, False, False, ("keys",))
        for name in ("config", "flushall", "keys"):
            words = {"config": ["GET", "x"], "keys": ["a:*"]}.get(name, [])
            answer = cache.call("ACL", "DRYRUN", "app", name, *words)
            assert (answer == b"OK") == (name in user.dangerous)
    finally:
        cache.call("ACL", "DELUSER", "app")
