"""What a server refuses, and what a socket reports, turned into our errors.

A server's error is one line whose first word says its kind (https://redis.io/docs/latest/develop/reference/protocol-spec,
"Simple errors"). Its text may quote what was sent, a password among it, so only the word is shown.
"""

from __future__ import annotations

import errno
import re

from boombap.errors import AccessDenied, Disconnected, ExternalError, NotFound, QueryFailed, TimedOut, Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.clients.redis.target import Target


class ServerError:
    """An error as the server sent it, in the place of a reply.

    Attributes:
        text: the whole line, only to be read by programs.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    @property
    def word(self) -> str:
        """Return the first word, for example ``MOVED``."""
        return self.text.partition(" ")[0]

    def __repr__(self) -> str:
        return f"ServerError({self.word!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ServerError) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


# By first word: the branch, what happened, what to do. {label}, {user}, {command} and {origin} are filled in.
_WORDS: dict[str, tuple[type[ExternalError], str, str]] = {
    "NOAUTH": (AccessDenied, "Redis at {label} asks for a password", "set it in {origin}, or REDIS_PASSWORD"),
    "WRONGPASS": (
        AccessDenied,
        "Redis at {label} refused the password of {user}",
        "check user and password in {origin}",
    ),
    "NOPERM": (
        AccessDenied,
        "{user} may not run {command} at {label}",
        "allow it to the ACL user, for this key, or connect as another user",
    ),
    "DENIED": (
        AccessDenied,
        "Redis at {label} accepts no connection from outside",
        "it runs in protected mode: set a password",
    ),
    "OOM": (
        QueryFailed,
        "Redis at {label} is at maxmemory and takes no writes",
        "raise maxmemory, or choose an eviction policy",
    ),
    "READONLY": (QueryFailed, "Redis at {label} is a read-only replica", "connect to its master"),
    "MISCONF": (
        QueryFailed,
        "Redis at {label} takes no writes because it cannot save to disk",
        "look at the server's log, and at the disk of its `dir`",
    ),
    "LOADING": (Unreachable, "Redis at {label} is loading its data", "try again in a moment"),
    "BUSY": (TimedOut, "Redis at {label} is busy with a script", "wait, or end it with SCRIPT KILL"),
    "MASTERDOWN": (
        Unreachable,
        "the replica at {label} has lost its master",
        "connect to the master, or wait until the link is up",
    ),
    "NOREPLICAS": (QueryFailed, "Redis at {label} has too few replicas and takes no writes", ""),
    "NOSCRIPT": (NotFound, "a script is not known at {label}", "load it again"),
    "WRONGTYPE": (QueryFailed, "{command} does not fit the type of the key at {label}", ""),
    "BUSYKEY": (QueryFailed, "the key is there already at {label}", "delete it first, or ask for replacement"),
    "EXECABORT": (QueryFailed, "the transaction was aborted at {label}", "one of its commands was refused"),
    "MOVED": (
        QueryFailed,
        "Redis at {label} is a node of a Cluster, and the key is on another one",
        "use a Cluster connection",
    ),
    "ASK": (QueryFailed, "Redis at {label} is moving the slot of the key away", "use a Cluster connection"),
    "TRYAGAIN": (TimedOut, "the keys are being moved between nodes at {label}", "try again in a moment"),
    "CLUSTERDOWN": (
        Unreachable,
        "the Cluster at {label} does not serve all slots",
        "see CLUSTER INFO; a new Cluster takes some seconds",
    ),
    "CROSSSLOT": (
        QueryFailed,
        "the keys of {command} are in different slots at {label}",
        "give them one hash tag, as in {{tag}}:name",
    ),
    "NOPROTO": (QueryFailed, "Redis at {label} does not speak the protocol version", ""),
}
# A script is run, and one of its commands is not: the server says so behind ERR, with the name of the command.
_IN_SCRIPT = re.compile(r"ACL failure in script: .*?'(?P<command>[a-z]+)")
# By a phrase in what follows ERR, which says nothing by itself.
_PHRASES: tuple[tuple[str, type[ExternalError], str, str], ...] = (
    (
        "max number of clients",
        Unreachable,
        "Redis at {label} has no free connection",
        "end idle clients, or raise maxclients",
    ),
    ("unknown command", NotFound, "Redis at {label} has no command {command}", "it may be renamed or too new"),
    ("unknown subcommand", NotFound, "Redis at {label} has no such form of {command}", "it may be too new"),
    ("DB index is out of range", NotFound, "no such database at {label}", "see the server's `databases`"),
    (
        "SELECT is not allowed in cluster",
        NotFound,
        "a Cluster has database 0 only, not the one in {label}",
        "use /0 in {origin}",
    ),
    (
        "payload version or checksum",
        QueryFailed,
        "Redis at {label} cannot read the DUMP form",
        "it comes from another version: use the portable form",
    ),
    (
        "without any password configured",
        AccessDenied,
        "Redis at {label} has no password for the default user",
        "leave the password out of {origin}, or set one on the server",
    ),
    (
        "no password is set",
        AccessDenied,
        "Redis at {label} has no password for the default user",
        "leave the password out of {origin}, or set one on the server",
    ),
    ("cluster support disabled", NotFound, "Redis at {label} is not a Cluster", ""),
)


def refusal(error: ServerError, target: Target, command: object) -> ExternalError:
    """Return our error for the server's error reply to a command."""
    known = _WORDS.get(error.word)
    in_script = _IN_SCRIPT.search(error.text)
    if in_script:
        command, known = in_script["command"], _WORDS["NOPERM"]
    if known is None:
        known = next(((kind, text, hint) for phrase, kind, text, hint in _PHRASES if phrase in error.text), None)
    if known is None:
        word = error.word if error.word.isascii() and error.word.isalnum() else "ERR"
        known = (QueryFailed, f"Redis at {{label}} refused {{command}} ({word})", "")
    kind, text, hint = known
    return kind(_fill(text, target, command), hint=_fill(hint, target, command))


def _fill(text: str, target: Target, command: object) -> str:
    return text.format(
        label=target.label,
        user=target.username or "the default user",
        command=name_of(command),
        origin=target.origin or "the address",
    )


def name_of(command: object) -> str:
    """Return the name of a command that is safe to print; its arguments may be secret."""
    text = command.decode("ascii", "replace") if isinstance(command, bytes) else str(command)
    return text.upper() if text.isascii() and text.replace(".", "").replace("_", "").isalnum() else "a command"


def unreachable(error: OSError, target: Target) -> ExternalError:
    """Return the error for a connection that could not be made."""
    origin = target.origin or "the address"
    if isinstance(error, TimeoutError):
        return Unreachable(
            f"Redis at {target.label} did not answer within the connect time-out",
            hint="check the network and firewall, or raise redis_manager.connect_timeout",
        )
    reasons = {
        errno.ECONNREFUSED: (
            f"Redis at {target.label} refused the connection",
            f"check host and port in {origin}, and that the server runs",
        ),
        errno.ENOENT: (
            f"no Redis socket at {target.label}",
            f"start the server with `boombap local start`, or correct the path in {origin}",
        ),
        errno.EACCES: (f"the socket of Redis at {target.label} may not be opened", "check its rights"),
    }
    text, hint = reasons.get(
        error.errno or 0,
        (f"no network path to Redis at {target.label}", f"check the network, and the host in {origin}"),
    )
    if error.errno == errno.EACCES:
        return AccessDenied(text, hint=hint)
    return Unreachable(text, hint=hint)


def unknown_host(target: Target) -> ExternalError:
    """Return the error for a name without an address."""
    return Unreachable(
        f"the host {target.host} is not known", hint=f"check the host name in {target.origin or 'the address'}"
    )


def broken(target: Target) -> Disconnected:
    """Return the error for a connection that broke in the middle."""
    return Disconnected(
        f"the connection to Redis at {target.label} broke", hint="look at the server's log, then try again"
    )


def too_slow(target: Target, command: object, seconds: float) -> TimedOut:
    """Return the error for a command that was not answered in time."""
    return TimedOut(
        f"Redis at {target.label} did not answer {name_of(command)} within {seconds:g} s",
        hint="see whether it is busy, or raise redis_manager.read_timeout",
    )


def not_redis(target: Target) -> ExternalError:
    """Return the error for something that answers in another protocol."""
    return Unreachable(
        f"what answers at {target.label} is not Redis",
        hint=f"check host and port in {target.origin or 'the address'}, and whether it wants rediss:// (TLS)",
    )
