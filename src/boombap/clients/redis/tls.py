"""TLS around a socket: the server's certificate is always verified. Imported only when TLS is asked for."""

from __future__ import annotations

import ssl

from boombap.clients.redis.wire import await_ready, shut_down
from boombap.errors import AccessDenied, ConfigError, Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

    from boombap.clients.redis.target import Target, Tls
    from boombap.interrupt import Interrupt


class TlsWire:
    """A TLS stream over a TCP socket."""

    def __init__(self, connected: ssl.SSLSocket, timeout_s: float) -> None:
        self._socket = connected
        self._timeout_s = timeout_s
        connected.settimeout(timeout_s)
        self.send = connected.sendall
        self.receive_into = connected.recv_into

    def try_send(self, data: memoryview) -> int:
        """Return how many bytes went out without waiting."""
        self._socket.settimeout(0)
        try:
            return self._socket.send(data)
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return 0
        finally:
            self._socket.settimeout(self._timeout_s)

    def try_receive_into(self, buffer: memoryview) -> int | None:
        """Return how many bytes came without waiting; None when there are none now."""
        self._socket.settimeout(0)
        try:
            return self._socket.recv_into(buffer)
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return None
        finally:
            self._socket.settimeout(self._timeout_s)

    def wait(self, seconds: float) -> None:
        """Wait until something can be sent or received."""
        if not self._socket.pending():
            await_ready(self._socket, seconds)

    def end(self) -> None:
        """Wake the thread that waits on this stream; from any thread."""
        shut_down(self._socket)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def secure(
    connected: socket.socket, target: Target, handshake_s: float, read_s: float, interrupt: Interrupt
) -> TlsWire:
    """Return the stream after the handshake; the plain socket is closed when that fails.

    Raises:
        AccessDenied: when the certificate is not trusted, or the server does not speak TLS.
        ConfigError: when a file of the address cannot be read.
    """
    assert target.tls is not None, "asked for by the address"
    plain = connected
    try:
        context = _context(target.tls)
        connected.settimeout(handshake_s)
        # Wrapping takes the descriptor out of the plain socket.
        plain = wrapped = context.wrap_socket(connected, server_hostname=target.host, do_handshake_on_connect=False)
        with interrupt.cancel_with(lambda: shut_down(wrapped)):
            wrapped.do_handshake()
        return TlsWire(wrapped, read_s)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        interrupt.check()
        raise AccessDenied(
            f"the certificate of Redis at {target.label} is not trusted: {error.verify_message}",
            hint="name the authority that signed it with ssl_ca_certs=FILE in the address",
        ) from None
    except TimeoutError:
        plain.close()
        raise Unreachable(
            f"Redis at {target.label} did not finish the TLS handshake within the connect time-out",
            hint="check whether its port is the one for TLS",
        ) from None
    except OSError:  # ssl.SSLError among them
        plain.close()
        interrupt.check()
        raise AccessDenied(
            f"the TLS handshake with Redis at {target.label} failed", hint="check whether its port is the one for TLS"
        ) from None
    except BaseException:
        plain.close()
        raise


def _context(tls: Tls) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=tls.ca or None)
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key or None, password="")
    except OSError as error:
        raise ConfigError(
            f"a certificate file of the Redis address cannot be used: {error.strerror or 'not in PEM form'}",
            hint="check ssl_ca_certs, ssl_certfile and ssl_keyfile",
        ) from None
    return context
