"""Which server and database to connect to: from configuration or text to parameters, and a label without secrets."""

from __future__ import annotations

from types import MappingProxyType

from boombap.config.secret import Secret
from boombap.errors import ConfigError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from boombap.config.model import Postgres

_DEFAULT_PORT = "5432"
# asyncpg's and SQLAlchemy's spellings, as the team's services have them in DATABASE_URL.
_SCHEMES = ("postgresql+asyncpg://", "postgresql+psycopg2://", "postgresql+psycopg://", "postgres+asyncpg://")
# libpq checks these values only when it connects (PostgreSQL documentation, "Parameter Key Words").
_CHOICES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "sslmode": frozenset(("disable", "allow", "prefer", "require", "verify-ca", "verify-full")),
        "target_session_attrs": frozenset(("any", "read-write", "read-only", "primary", "standby", "prefer-standby")),
    }
)
_NUMBERS = ("connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count")
_LAST_PORT = 65_535


class Target(Record):
    """One database on one server.

    Attributes:
        name: what a person calls it; the label where nobody named it.
        parameters: libpq's keywords and values, without the password.
        password: kept apart, so that `repr` shows stars.
        origin: where the address came from, for example ``environment DATABASE_URL``.
    """

    name: str
    parameters: Mapping[str, str]
    password: Secret | None
    origin: str = ""

    def __repr__(self) -> str:
        # Not the parameters: sslpassword may be among them.
        return f"Target({self.name!r}, {self.label!r})"

    @property
    def label(self) -> str:
        """Return ``host:port/database``, which is safe to print."""
        host = self.parameters.get("host") or self.parameters.get("hostaddr") or "local socket"
        port = self.parameters.get("port", _DEFAULT_PORT)
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return f"{address}/{self.database}"

    @property
    def database(self) -> str:
        """Return the database's name, by libpq's rule the role's name when none was given."""
        return self.parameters.get("dbname") or self.user

    @property
    def user(self) -> str:
        """Return the role's name, empty when libpq takes the one of the operating system."""
        return self.parameters.get("user", "")

    def at(self, database: str) -> Target:
        """Return the same server with another database."""
        return self.replace(name=database, parameters={**self.parameters, "dbname": database})


def from_text(text: str, *, name: str = "", origin: str) -> Target:
    """Return the target that a URL (``postgresql://…``) or key=value text names.

    Raises:
        ConfigError: when libpq cannot read the text; the text is not shown, because it may hold a password.
    """
    from boombap.clients.postgres.driver import psycopg2

    try:
        parameters = {
            key: str(value) for key, value in psycopg2.extensions.parse_dsn(_plain_scheme(text.strip())).items()
        }
    except (psycopg2.ProgrammingError, UnicodeError):
        raise malformed(origin) from None
    if not parameters or _is_torn(text) or not _fits(parameters):
        raise malformed(origin)
    password = parameters.pop("password", None)
    target = Target(name, parameters, Secret(password) if password else None, origin)
    return target if name else target.replace(name=target.label)


def malformed(origin: str) -> ConfigError:
    """Return the error for an address that libpq cannot read."""
    return ConfigError(
        f"the PostgreSQL address from {origin} is malformed",
        hint="write postgresql://user:password@host:5432/database, with special characters in the password as %XX",
    )


def from_settings(settings: Postgres, origin: str) -> Target:
    """Return the target that the configuration names.

    Raises:
        ConfigError: for a malformed url.
    """
    base = from_text(settings.url.reveal(), origin=origin) if settings.url else Target("", {}, None, origin)
    parts = {
        "host": settings.host,
        "port": settings.port,
        "dbname": settings.database,
        "user": settings.username,
    }
    parameters = {**base.parameters, **{key: str(value) for key, value in parts.items() if value is not None}}
    target = base.replace(parameters=parameters, password=settings.password or base.password)
    return target.replace(name=target.label)


def _is_torn(text: str) -> bool:
    """Tell whether libpq takes a part of a password in a URL for the host or the database, or drops a part of the text.

    It ends the password at the first "@", sees none where a "/" comes before it, and reads up to a NUL.
    """
    if "\0" in text:
        return True
    _, scheme_end, rest = text.partition("://")
    if not scheme_end:
        return False
    separator, slash = rest.find("@"), rest.find("/")
    has_user = separator >= 0 and not 0 <= slash < separator
    place = rest[separator + 1 :] if has_user else rest
    return "@" in place.partition("?")[0]


def _fits(parameters: Mapping[str, str]) -> bool:
    """Tell whether libpq will take the values when it connects."""
    ports = [port for port in parameters.get("port", "").split(",") if port]
    return (
        all(parameters[name] in known for name, known in _CHOICES.items() if name in parameters)
        and all(parameters[name].lstrip("-").isdecimal() for name in _NUMBERS if name in parameters)
        and all(port.isdecimal() and 1 <= int(port) <= _LAST_PORT for port in ports)
    )


def _plain_scheme(text: str) -> str:
    scheme = next((scheme for scheme in _SCHEMES if text.startswith(scheme)), None)
    return "postgresql://" + text.removeprefix(scheme) if scheme else text
