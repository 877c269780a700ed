"""What libpq and servers say about a failed connection, turned into one line of ours without a word of theirs."""

from __future__ import annotations

import pytest

from boombap.clients.postgres import errors
from boombap.clients.postgres.driver import psycopg2
from boombap.clients.postgres.target import from_text
from boombap.errors import AccessDenied, BoombapError, ConfigError, ExternalError, NotFound, Unreachable

SECRET = "Tr0mpete-im-Keller"
TARGET = from_text(f"postgresql://u:{SECRET}@h:1/db", origin="environment DATABASE_URL")
AT = 'connection to server at "127.0.0.1", port 1 failed: '


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        ('could not translate host name "h" to address: Name or service not known', Unreachable, "h is not known"),
        (AT + "Connection refused\n\tIs the server running?", Unreachable, "refused the connection"),
        (AT + "timeout expired", Unreachable, "connect time-out"),
        (AT + "No route to host", Unreachable, "no network path"),
        (AT + 'FATAL:  password authentication failed for user "u"', AccessDenied, "refused the password of u"),
        (AT + "fe_sendauth: no password supplied", AccessDenied, "refused the password of u"),
        (AT + 'FATAL:  no pg_hba.conf entry for host "h", user "u"', AccessDenied, "does not allow u to connect"),
        (AT + 'FATAL:  Peer authentication failed for user "u"', AccessDenied, "u"),
        (AT + 'FATAL:  permission denied for database "db"', AccessDenied, "may not connect to the database db"),
        (AT + 'FATAL:  role "u" does not exist', AccessDenied, "the role u cannot log in"),
        (AT + 'FATAL:  role "u" is not permitted to log in', AccessDenied, "the role u cannot log in"),
        (AT + 'FATAL:  database "db" does not exist', NotFound, "database db does not exist"),
        (AT + "FATAL:  sorry, too many clients already", Unreachable, "no free connection"),
        (AT + 'FATAL:  too many connections for role "u"', Unreachable, "no free connection"),
        (AT + "FATAL:  remaining connection slots are reserved", Unreachable, "no free connection"),
        (AT + "FATAL:  the database system is starting up", Unreachable, "starting or stopping"),
        (AT + "FATAL:  unsupported startup parameter: options", AccessDenied, "PgBouncer"),
        (AT + "server does not support SSL, but SSL was required", AccessDenied, "the TLS handshake with"),
        (AT + "received invalid response to SSL negotiation: H", Unreachable, "is not a PostgreSQL server"),
        (AT + "server closed the connection unexpectedly", Unreachable, "is not a PostgreSQL server"),
        ('invalid port number: "x"', ConfigError, "DATABASE_URL is malformed"),
        ('invalid sslmode value: "x"', ConfigError, "DATABASE_URL is malformed"),
        (f"something new about {SECRET}", ExternalError, "the reason may hold a secret"),
    ],
)
def test_a_failed_connection_is_told_in_our_words(text: str, kind: type[BoombapError], part: str):
    with pytest.raises(kind) as caught, errors.connecting(TARGET):
        raise psycopg2.OperationalError(f"{text} {SECRET}")
    assert part in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)
    # Neither may the chain of a traceback in the log hold it.
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None
    assert caught.value.hint
