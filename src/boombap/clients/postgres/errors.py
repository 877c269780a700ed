"""What psycopg2 raises, turned into our errors, without libpq's own text.

libpq prints parts of a malformed address, passwords among them, so its text is only read here, never shown: a
statement's error is looked up by SQLSTATE (PostgreSQL documentation, appendix A), a failed connection, which carries
no SQLSTATE in psycopg2, by the phrase libpq or the server uses for it.
"""

from __future__ import annotations

import re
from contextlib import contextmanager

from boombap.clients.postgres.driver import psycopg2
from boombap.clients.postgres.target import malformed
from boombap.errors import (
    AccessDenied,
    BoombapError,
    Conflict,
    Disconnected,
    ExternalError,
    Interrupted,
    NotFound,
    QueryFailed,
    RowsHidden,
    TimedOut,
    Unreachable,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.clients.postgres.target import Target
    from boombap.interrupt import Interrupt

# The first phrase that is found decides. {label}, {host}, {user}, {database} and {origin} come from the target.
_CONNECTING: tuple[tuple[str, type[ExternalError], str, str], ...] = (
    (
        r"translate host name|Name or service not known|No address associated|name resolution",
        Unreachable,
        "the host {host} is not known",
        "check the host name in {origin}",
    ),
    (
        r"Connection refused",
        Unreachable,
        "PostgreSQL at {label} refused the connection",
        "check host and port in {origin}, and that the server runs",
    ),
    (
        r"timeout expired|timed out|Operation now in progress",
        Unreachable,
        "PostgreSQL at {label} did not answer within the connect time-out",
        "check the network and firewall, or raise postgres.connect_timeout",
    ),
    (
        r"No such file or directory",
        Unreachable,
        "no PostgreSQL socket at {label}",
        "start the server with `boombap local start`, or correct the host in {origin}",
    ),
    (
        r"too long \(maximum|path .* is too long",
        Unreachable,
        "the socket folder in {label} is too long",
        "a socket path has at most 107 bytes; use a shorter folder",
    ),
    (r"unreachable|No route to host", Unreachable, "no network path to {label}", "check the network and the host"),
    (
        r"password authentication failed|auth(entication)? failed|no password supplied|empty password|wrong password",
        AccessDenied,
        "PostgreSQL at {label} refused the password of {user}",
        "check user and password in {origin}",
    ),
    (
        r"pg_hba\.conf|[Pp]eer authentication|[Ii]dent authentication|no such user|not allowed to connect",
        AccessDenied,
        "PostgreSQL at {label} does not allow {user} to connect from here",
        "allow this user, database and address in the server's pg_hba.conf",
    ),
    (
        r"permission denied for database",
        AccessDenied,
        "{user} may not connect to the database {database} at {label}",
        "GRANT CONNECT ON DATABASE to the role",
    ),
    (
        r'role "[^"]*" does not exist|role .* is not permitted to log in',
        AccessDenied,
        "the role {user} cannot log in at {label}",
        "check the user in {origin}, or create the role",
    ),
    (
        r"cannot connect to invalid database",
        NotFound,
        "the database {database} at {label} is invalid, its removal was broken off",
        "DROP DATABASE it",
    ),
    (
        r"database .* does not exist|no such database|is not currently accepting",
        NotFound,
        "database {database} does not exist at {label}",
        "check the database name in {origin}",
    ),
    (
        r"too many (clients|connections)|remaining connection slots|no more connections allowed",
        Unreachable,
        "PostgreSQL at {label} has no free connection",
        "end idle sessions, raise max_connections, or connect as a superuser or through PgBouncer",
    ),
    (
        r"starting up|shutting down|in recovery mode|not accepting connections|hot standby mode is disabled",
        Unreachable,
        "PostgreSQL at {label} is starting or stopping",
        "try again in a moment",
    ),
    (
        r"unsupported startup parameter",
        AccessDenied,
        "the PgBouncer at {label} refuses a start-up parameter in the address",
        "remove it from {origin}, or name it in ignore_startup_parameters",
    ),
    (
        (
            r"invalid response|unexpected(ly)? (message|response)|expected authentication|server closed the connection"
            r"|unsupported frontend protocol|could not receive data|Connection reset"
        ),
        Unreachable,
        "what answers at {label} is not a PostgreSQL server, or it broke off",
        "check host and port in {origin}",
    ),
    # After "invalid response", which HTTP servers get for their answer to the request for TLS.
    (
        r"SSL|certificate|TLS",
        AccessDenied,
        "the TLS handshake with {label} failed",
        "check sslmode and sslrootcert in {origin} against what the server offers",
    ),
)
_CONNECTING_UNKNOWN = (
    ExternalError,
    "no connection to {label}",
    "the reason may hold a secret and is not shown: see the server's log, or try `psql` with the same address",
)
_MALFORMED = re.compile(
    r"invalid (dsn|connection option|port number|integer value|URI|\w+ value)|missing \"=\"", re.IGNORECASE
)

# By SQLSTATE: its class of error, what happened, what to do.
_STATEMENTS: dict[str, tuple[type[ExternalError], str, str]] = {
    "57014": (TimedOut, "a statement at {label} ran into its time limit", "raise db.statement_timeout"),
    "55P03": (TimedOut, "a lock at {label} was not free in time", "see `boombap db locks`, or raise db.lock_timeout"),
    "42501": (AccessDenied, "{user} lacks a right at {label}", "GRANT pg_monitor and SELECT on the tables to the role"),
    "42P01": (NotFound, "a table is missing at {label}", "check that this is the platform's database"),
    "42703": (NotFound, "a column is missing at {label}", "check that the schema is current"),
    "42883": (NotFound, "a function is missing at {label}", "check the server's version and extensions"),
    "3D000": (NotFound, "database {database} does not exist at {label}", "check the database name in {origin}"),
    "53300": (
        Unreachable,
        "PostgreSQL at {label} has no free connection",
        "end idle sessions or raise max_connections",
    ),
    "40001": (Conflict, "a transaction at {label} met another one", "try again"),
    "40P01": (Conflict, "a transaction at {label} ran into a deadlock", "try again"),
    "25006": (QueryFailed, "the session at {label} is read-only", ""),
}
# The same SQLSTATE as a missing right; the server's C function tells them apart in every language of its messages.
_HIDES_ROWS = ("42501", "check_enable_rls")
_MISSING = ("42P01", "42883")
# The context is there when it happened within a function, for example one of a trigger on the platform's tables.
_UNQUALIFIED = (
    "a function or trigger of this database names something without its schema, and the search path is "
    "pg_catalog here; write the schema, or ALTER FUNCTION … SET search_path"
)
_ENDED_BY_SERVER = ("57P01", "57P02", "57P03", "57P05")


@contextmanager
def connecting(target: Target) -> Iterator[None]:
    """Turn a failed connection attempt into our errors."""
    try:
        yield
    except (psycopg2.Error, UnicodeError, ValueError) as error:
        # "from None": the cause's text may hold a part of the password.
        raise _connection_error(str(error), target) from None


def _connection_error(text: str, target: Target) -> BoombapError:
    if _MALFORMED.search(text):
        return malformed(target.origin)
    for phrase, kind, message, hint in _CONNECTING:
        if re.search(phrase, text):
            return kind(_fill(message, target), hint=_fill(hint, target))
    kind, message, hint = _CONNECTING_UNKNOWN
    return kind(_fill(message, target), hint=_fill(hint, target))


@contextmanager
def running(target: Target, interrupt: Interrupt) -> Iterator[None]:
    """Turn the error of a statement into ours; a cancelled one is an interruption when the run is being ended."""
    try:
        yield
    except psycopg2.Error as error:
        if interrupt.is_set:
            raise Interrupted(interrupt.signum) from None
        raise _statement_error(error, target) from None


def _statement_error(error: psycopg2.Error, target: Target) -> ExternalError:
    code = error.pgcode or ""
    if not code or code.startswith("08") or code in _ENDED_BY_SERVER:
        return Disconnected(f"the connection to {target.label} broke", hint="look at the server's log, then try again")
    if (code, error.diag.source_function) == _HIDES_ROWS:
        return RowsHidden(
            _fill("row-level security hides rows of a table from {user} at {label}", target),
            hint="ALTER ROLE … BYPASSRLS, or connect as a role that sees every row",
        )
    if code in _STATEMENTS:
        kind, message, hint = _STATEMENTS[code]
        if code in _MISSING and error.diag.context:
            hint = _UNQUALIFIED
        return kind(_fill(message, target), hint=_fill(hint, target))
    return QueryFailed(f"PostgreSQL at {target.label} refused a statement (SQLSTATE {code})", sqlstate=code)


def _fill(text: str, target: Target) -> str:
    return text.format(
        label=target.label,
        host=target.parameters.get("host", "local socket"),
        user=target.user or "the system's user",
        database=target.database or "(default)",
        origin=target.origin or "the address",
    )
