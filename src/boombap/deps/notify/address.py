"""An address that is a secret: anyone who knows it can post, so only its scheme, host and port are ever shown."""

from __future__ import annotations

import hashlib
import re

from boombap.clients.http.exchange import origin
from boombap.errors import ConfigError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.config.secret import Secret

# No user and password: libcurl would send them along, and the origin would show them.
_FORM = re.compile(r"https?://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?(?:/[!-~]*)?")
_LOOPBACK = re.compile(r"http://(?:localhost|127\.[\d.]+|\[::1\])[:/]")


class Address(Record):
    """Where messages go.

    Attributes:
        secret: the address itself.
        origin: its scheme, host and port, which may be shown.
    """

    secret: Secret
    origin: str

    @property
    def digest(self) -> str:
        """Return its SHA-256, in hexadecimal."""
        return hashlib.sha256(self.secret.reveal().encode()).hexdigest()


def address(key: str, variable: str, secret: Secret | None, *, needs_tls: bool = False) -> Address:
    """Return the address that a setting holds.

    Args:
        key: of the setting, for errors.
        variable: of the environment that sets it, for errors.
        needs_tls: whether http is refused, but on loopback.

    Raises:
        ConfigError: when it is not set or not an address; the error does not quote it.
    """
    if not secret:
        raise ConfigError(f"{key} is not set", hint=f"put the address of the webhook into {variable}")
    url = secret.reveal()
    if not _FORM.fullmatch(url):
        raise ConfigError(f"{key} is not an address", hint="write https://HOST/PATH, without user, password and spaces")
    if needs_tls and url.startswith("http:") and not _LOOPBACK.match(url):
        raise ConfigError(f"{key} begins with http://, so everybody on the way could read it", hint="write https://")
    return Address(secret, origin(url))
