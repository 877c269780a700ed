"""Which server to connect to: from configuration or a URL to an address, and a label without secrets.

Forms, as redis-py and others spell them: ``redis://user:password@host:6379/0``, ``rediss://`` with TLS,
``unix://user:password@/path/to/socket?db=0``, and ``redis+sentinel://host:26379,host2/service/0`` (``rediss+sentinel://``
with TLS). A Cluster is named by any of its nodes.
"""

from __future__ import annotations

from boombap.config.secret import Secret
from boombap.errors import ConfigError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from boombap.config.model import Redis

DEFAULT_PORT = 6379
SENTINEL_PORT = 26379
_LAST_PORT = 65_535
# redis-py's names in a query string; certificates are always verified, so its switches against that are refused.
_FILES = {"ssl_ca_certs": "ca", "ssl_certfile": "certificate", "ssl_keyfile": "key"}
_UNVERIFIED = {"ssl_cert_reqs": "none", "ssl_check_hostname": "false"}
_SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")


class Tls(Record):
    """How the server's certificate is verified, and which one of ours is shown.

    Attributes:
        ca: file with the authorities that are trusted; the system's when empty.
        certificate: file with our own certificate; empty when the server asks for none.
        key: file with its key; empty when the certificate's file holds it.
    """

    ca: str = ""
    certificate: str = ""
    key: str = ""


class Target(Record):
    """One server, or one service behind Sentinels.

    Attributes:
        host: name or address; empty for a socket file.
        port: of the server.
        path: of the socket file; empty for TCP.
        username: of the ACL user; empty for the default user.
        password: prints as stars.
        db: number of the logical database.
        tls: None for a plain connection.
        sentinels: host and port of each Sentinel to ask where `service` is; then host and port are not used.
        service: what the Sentinels call it.
        sentinel_password: of the Sentinels themselves.
        origin: where the address came from, for example ``environment REDIS_URL``.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    path: str = ""
    username: str = ""
    password: Secret | None = None
    db: int = 0
    tls: Tls | None = None
    sentinels: tuple[tuple[str, int], ...] = ()
    service: str = ""
    sentinel_password: Secret | None = None
    origin: str = ""

    @property
    def label(self) -> str:
        """Return ``host:port/db``, or what takes its place, which is safe to print."""
        return f"{self.address}/{self.db}"

    @property
    def address(self) -> str:
        """Return ``host:port``, the socket's path, or the service's name, without the database."""
        if self.service:
            return f"service {self.service}"
        return self.path or address(self.host, self.port)

    def at(self, host: str, port: int) -> Target:
        """Return another node, with the same user, password and TLS."""
        return self.replace(host=host, port=port, path="", sentinels=(), service="")

    def on(self, db: int) -> Target:
        """Return another logical database of the same server."""
        return self.replace(db=db)


def address(host: str, port: int) -> str:
    """Return ``host:port``, an IPv6 address in brackets.

    >>> address("::1", 6379)
    '[::1]:6379'
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def from_text(text: str, *, origin: str) -> Target:
    """Return the target that a URL names.

    Raises:
        ConfigError: when it is malformed; the text is not shown, because it may hold a password.
    """
    from urllib.parse import parse_qsl, unquote

    scheme, separator, rest = text.strip().partition("://")
    scheme = scheme.lower().replace("valkey", "redis")
    if not separator or scheme not in _SCHEMES or not rest.isprintable():
        raise malformed(origin)
    rest, _, query = rest.partition("?")
    user, _, place = rest.rpartition("@")
    username, _, password = user.partition(":")
    base = Target(
        username=unquote(username),
        password=Secret(unquote(password)) if password else None,
        tls=Tls() if scheme.startswith("rediss") else None,
        origin=origin,
    )
    options = dict(parse_qsl(query))
    if scheme == "unix":
        target = base.replace(host="", path=_path(unquote(place), origin))
    elif scheme.endswith("+sentinel"):
        target = _service(base, place)
    else:
        hosts, _, db = place.partition("/")
        host, port = _host_and_port(hosts, DEFAULT_PORT, origin)
        target = base.replace(host=host, port=port, db=_number(db or "0", origin))
    return _with_options(target, options)


def _service(base: Target, place: str) -> Target:
    hosts, _, path = place.partition("/")
    service, _, db = path.partition("/")
    if not service:
        raise malformed(base.origin)
    sentinels = tuple(_host_and_port(host, SENTINEL_PORT, base.origin) for host in hosts.split(","))
    return base.replace(host="", sentinels=sentinels, service=service, db=_number(db or "0", base.origin))


def _with_options(target: Target, options: Mapping[str, str]) -> Target:
    for name, bad in _UNVERIFIED.items():
        if options.get(name, "").lower() == bad:
            raise ConfigError(
                f"{name}={bad} in the Redis address from {target.origin} would accept any server",
                hint="leave it out, and name the server's authority with ssl_ca_certs=FILE",
            )
    files = {name: options[option] for option, name in _FILES.items() if option in options}
    if files and target.tls is not None:
        target = target.replace(tls=target.tls.replace(**files))
    if "db" in options:
        target = target.replace(db=_number(options["db"], target.origin))
    if "sentinel_password" in options:
        target = target.replace(sentinel_password=Secret(options["sentinel_password"]))
    return target


def _host_and_port(text: str, default: int, origin: str) -> tuple[str, int]:
    from urllib.parse import unquote

    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise malformed(origin)
        port = rest[1:]
    else:
        host, _, port = text.partition(":")
    number = _number(port or str(default), origin)
    if not 1 <= number <= _LAST_PORT:
        raise malformed(origin)
    return unquote(host) or "127.0.0.1", number


def _path(text: str, origin: str) -> str:
    if not text.startswith("/"):
        raise malformed(origin)
    return text


def _number(text: str, origin: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len("1000000")):
        raise malformed(origin)
    return int(text)


def malformed(origin: str) -> ConfigError:
    """Return the error for a malformed address."""
    return ConfigError(
        f"the Redis address from {origin} is malformed",
        hint="write redis://user:password@host:6379/0, with special characters in the password as %XX",
    )


def from_settings(settings: Redis, origin: str) -> Target:
    """Return the target that the configuration names; a part set beside the url replaces that part of it.

    Raises:
        ConfigError: for a malformed url.
    """
    base = from_text(settings.url.reveal(), origin=origin) if settings.url else Target(origin=origin)
    parts: Iterable[tuple[str, object]] = (
        ("host", settings.host),
        ("port", settings.port),
        ("username", settings.username),
        ("password", settings.password),
        ("db", settings.db),
    )
    target = base.replace(**{name: value for name, value in parts if value is not None})
    if not target.host.startswith("/"):
        return target
    return target.replace(host="", path=target.host)
