"""TLS 1.2 and later on cheroot, with the handshake as a part of reading, which never blocks.

The files are read again when they change, so that a certificate is renewed without a restart. While the two do not fit,
as after one of them was written, new connections get the certificate before.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from cheroot.errors import FatalSSLAlert
from cheroot.makefile import StreamReader, StreamWriter
from cheroot.ssl import Adapter

from boombap.errors import ConfigError
from boombap.log import logger

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from boombap.server.limits import Certificate

_ENVIRON = {"wsgi.url_scheme": "https", "HTTPS": "on"}


class DeferredTls(Adapter):
    """Wraps accepted sockets; the handshake happens with the first read."""

    def __init__(self, certificate: Certificate) -> None:
        super().__init__(str(certificate.chain), str(certificate.key))
        self._certificate = certificate
        self._identity = _identity(certificate)
        self.context = _context(certificate)

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        """Return the TLS socket, and what it adds to the environment of a request.

        Raises:
            FatalSSLAlert: when the client has already disconnected.
        """
        self._read_again()
        try:
            return self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False), _ENVIRON
        except OSError as error:
            raise FatalSSLAlert(*error.args) from error

    def bind(self, sock: socket.socket) -> socket.socket:
        """Return the listening socket as it is."""
        return sock

    def get_environ(self) -> dict[str, str]:
        """Return what the connection adds to the environment of a request."""
        return _ENVIRON

    def makefile(self, sock: socket.socket, mode: str = "r", bufsize: int = -1) -> Any:  # noqa: ANN401 - cheroot's own
        """Return the file object through which cheroot reads or writes."""
        return (StreamReader if "r" in mode else StreamWriter)(sock, mode, bufsize)

    def _read_again(self) -> None:
        """Take a certificate that was renewed. Only the selector's thread calls this."""
        identity = _identity(self._certificate)
        if identity == self._identity:
            return
        # Before the reading: files that change during it are read once more.
        self._identity = identity
        try:
            self.context = _context(self._certificate)
        except ConfigError as error:
            logger("boombap.server").warning("the certificate before stays in use: %s", error)


def _identity(certificate: Certificate) -> tuple[tuple[int, ...], ...]:
    """Return what changes when one of the files is written or replaced; empty for one that is missing."""
    return tuple(map(_version, (certificate.chain, certificate.key)))


def _version(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except OSError:
        return ()
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # With a pass phrase of nothing: OpenSSL would ask for one on the terminal, and wait.
        context.load_cert_chain(certificate.chain, certificate.key, password="")
    except ssl.SSLError:
        files = f"{certificate.chain} and {certificate.key}"
        raise ConfigError(
            f"{files} are not a certificate and its key", hint="both must be PEM and belong together"
        ) from None
    except OSError as error:
        raise ConfigError(f"cannot read {certificate.chain} or {certificate.key}: {error.strerror}") from None
    return context
