"""Every error the suite raises on purpose, and the exit code each one leads to.

The tree; a command that ends with an error exits with the code beside its branch::

    BoombapError                     70  our bug, unless a branch below says otherwise
    ├── UsageError                    2  the arguments do not fit together
    │   └── ConfigError               2  a configured value is missing, malformed or unknown
    ├── ExternalError                 3  a server, file or network failed us
    │   ├── Unreachable               3  no connection: refused, unknown host, time-out (transient)
    │   ├── AccessDenied              3  wrong password, missing right, refused by pg_hba.conf
    │   │   └── RowsHidden            3  row-level security would leave rows out
    │   ├── NotFound                  3  the database, table, function or file does not exist
    │   ├── TimedOut                  3  the server was reached but took too long (transient)
    │   ├── Disconnected              3  the connection broke in the middle (transient)
    │   ├── Unavailable               3  the server answered that it cannot serve now: 429, 5xx (transient)
    │   ├── Conflict                  3  another transaction was in the way: deadlock, serialization (transient)
    │   └── QueryFailed               3  the server refused a statement for another reason
    ├── NoVerdict                     4  nothing could be judged
    ├── RetryLater                   75  progress is saved; a quota or a long ban ends later
    └── Interrupted             130/143  SIGINT or SIGTERM

Messages say what failed, with which value, and what to do; they never hold a secret and never a driver's own text.
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_EXTERNAL = 3
EXIT_NO_VERDICT = 4
EXIT_BUG = 70
EXIT_RETRY_LATER = 75

MEANINGS = {
    EXIT_OK: "fine; also when the reader of a pipe went away",
    EXIT_FINDINGS: "the answer is no",
    EXIT_USAGE: "usage or configuration",
    EXIT_EXTERNAL: "an external system failed: a server, the network, a file",
    EXIT_NO_VERDICT: "no verdict is possible",
    EXIT_BUG: "a bug in boombap; the traceback is in `boombap.log` in `paths.state`",
    EXIT_RETRY_LATER: "try later, progress is saved",
    130: "Ctrl-C (SIGINT)",
    143: "SIGTERM",
}
"""What each exit code says; which action ends with which one is declared with the action."""

# Where several apply the first one wins; usage errors, bugs and Ctrl-C end the run on their own.
PRECEDENCE = (EXIT_EXTERNAL, EXIT_NO_VERDICT, EXIT_RETRY_LATER, EXIT_FINDINGS, EXIT_OK)


def worst_exit(codes: list[int]) -> int:
    """Return the exit code of a run whose parts ended with `codes`.

    >>> worst_exit([EXIT_FINDINGS, EXIT_EXTERNAL, EXIT_OK])
    3
    >>> worst_exit([])
    0
    """
    return next((code for code in PRECEDENCE if code in codes), EXIT_OK)


class BoombapError(Exception):
    """The root: a message for a person, and in `hint` what to do about it.

    Attributes:
        hint: one sentence without a full stop; empty when nothing can be advised.
    """

    exit_code = EXIT_BUG
    transient = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        """Return the one line that a person sees: what failed; what to do."""
        message = super().__str__()
        return f"{message}; {self.hint}" if self.hint else message


class UsageError(BoombapError):
    """The arguments on the command line do not fit together."""

    exit_code = EXIT_USAGE


class ConfigError(UsageError):
    """A configured value is missing, malformed or unknown."""


class ExternalError(BoombapError):
    """An external system failed: a server, a file, the network.

    Attributes:
        url: which address was asked, without query and password; empty where none was.
        status: the HTTP status of the answer; 0 where there was none.
    """

    exit_code = EXIT_EXTERNAL
    url = ""
    status = 0


class Unreachable(ExternalError):
    """No connection could be made."""

    transient = True


class AccessDenied(ExternalError):
    """The server or the file system refused access."""


class RowsHidden(AccessDenied):
    """A policy (row-level security) would leave rows of a table out for this role."""


class NotFound(ExternalError):
    """The server answered, but the requested object does not exist."""


class TimedOut(ExternalError):
    """The server was reached and did not answer within the limit."""

    transient = True


class Disconnected(ExternalError):
    """An established connection broke."""

    transient = True


class Unavailable(ExternalError):
    """The server answered that it cannot serve now.

    Attributes:
        retry_after_s: seconds after which it may be asked again; None when the server did not say.
    """

    transient = True
    retry_after_s: float | None = None


class Conflict(ExternalError):
    """The server rolled a transaction back because of a concurrent one; it may be retried."""

    transient = True


class QueryFailed(ExternalError):
    """The server refused a statement.

    Attributes:
        sqlstate: five characters, see PostgreSQL's documentation, appendix A; empty when unknown.
    """

    def __init__(self, message: str, *, hint: str = "", sqlstate: str = "") -> None:
        super().__init__(message, hint=hint)
        self.sqlstate = sqlstate


class NoVerdict(BoombapError):
    """Nothing could be judged, so neither yes nor no would be true."""

    exit_code = EXIT_NO_VERDICT


class RetryLater(BoombapError):
    """A quota or a ban is in force; progress is saved.

    Attributes:
        retry_after_s: seconds until a new attempt makes sense.
    """

    exit_code = EXIT_RETRY_LATER

    def __init__(self, message: str, *, hint: str = "", retry_after_s: float = 0.0) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class Interrupted(BoombapError):
    """The person pressed Ctrl-C, or the system asked us to end.

    Attributes:
        signum: 2 (SIGINT) or 15 (SIGTERM); the exit code is 128 more.
    """

    def __init__(self, signum: int = 2) -> None:
        super().__init__("interrupted")
        self.signum = signum
        self.exit_code = 128 + signum
