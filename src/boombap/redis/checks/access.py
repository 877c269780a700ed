"""Judges who may come in, and what they may do there."""

from __future__ import annotations

from boombap.health.finding import Finding, Severity
from boombap.redis.acl_rules import parse
from boombap.redis.model import Check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.redis.acl_rules import User
    from boombap.redis.model import Expectations, NodeInfo

_ACL = "https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/"


def check_default_user(facts: NodeInfo, expected: Expectations) -> Iterator[Finding]:
    """Find a server that obeys any client that reaches it."""
    default = next((user for user in users(facts) if user.name == "default"), None)
    if default is None or not default.is_on or default.has_password:
        return
    yield Finding(
        "default_user_open",
        Severity.CRITICAL if _is_reachable(facts) else Severity.WARNING,
        f"{facts.address} default",
        "the default user needs no password" + (", and may run every command" if default.all_commands else ""),
        {"all_commands": default.all_commands, "is_reachable": _is_reachable(facts)},
        "make a user for each service, then: ACL SETUSER default off",
        _ACL,
    )


def _is_reachable(facts: NodeInfo) -> bool:
    """Tell whether others than this machine get in: protected mode admits loopback only."""
    if facts.config is None:
        return True
    bound = facts.config.get("bind", "").replace("-", "").split()
    local = bool(bound) and all(one.startswith("127.") or one in ("::1", "localhost") for one in bound)
    return facts.config.get("port") != "0" and not local and facts.config.get("protected-mode") != "yes"


def check_users(facts: NodeInfo, expected: Expectations) -> Iterator[Finding]:
    """Find users without a password, with every right, or with a dangerous command."""
    for user in users(facts):
        if user.is_on and user.name != "default":
            yield from _check_user(facts, user)


def _check_user(facts: NodeInfo, user: User) -> Iterator[Finding]:
    subject = f"{facts.address} {user.name}"
    if not user.has_password:
        yield Finding(
            "user_without_password", Severity.CRITICAL, subject, "this user needs no password", {},
            "give it one: ACL SETUSER NAME resetpass >PASSWORD", _ACL,
        )  # fmt: skip
    if user.all_commands:
        keys = "every key" if user.all_keys else "its keys"
        yield Finding(
            "user_may_everything", Severity.WARNING, subject, f"this user may run every command on {keys}",
            {"all_keys": user.all_keys}, "allow what the service uses: ACL SETUSER NAME -@all +@read +@write", _ACL,
        )  # fmt: skip
    elif user.dangerous:
        yield Finding(
            "dangerous_commands", Severity.WARNING, subject,
            f"this user may run {', '.join(one.upper() for one in user.dangerous)}",
            {"commands": ", ".join(user.dangerous)},
            "take them away: ACL SETUSER NAME " + " ".join(f"-{one}" for one in user.dangerous), _ACL,
        )  # fmt: skip


def users(facts: NodeInfo) -> list[User]:
    """Return the users of a node."""
    return [parse(line) for line in facts.acl or ()]


CHECKS: tuple[Check, ...] = (
    Check("default_user_open", check_default_user, ("acl",)),
    Check("users", check_users, ("acl",)),
)
