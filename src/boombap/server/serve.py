"""Running a WSGI application: for a command until it is interrupted, or for the length of a block."""

from __future__ import annotations

import errno
import threading
from contextlib import contextmanager

from boombap.errors import AccessDenied, ConfigError, ExternalError
from boombap.log import logger
from boombap.record import Record
from boombap.server.engine import Engine
from boombap.server.guard import guard
from boombap.server.limits import Limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from wsgiref.types import WSGIApplication

    from boombap.interrupt import Interrupt
    from boombap.server.limits import Certificate

_GRACE_S = 1.0


class Server(Record):
    """A server that runs.

    Attributes:
        url: without a slash at the end.
        port: the port that was chosen, where 0 was given.
    """

    host: str
    port: int
    url: str


@contextmanager
def running(
    app: WSGIApplication,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    certificate: Certificate | None = None,
    access_log: bool = False,
) -> Iterator[Server]:
    """Serve the application in threads while the block runs; then finish the current requests.

    Args:
        port: 0 for one that is free.
        access_log: one line per request, at level info.

    Raises:
        ExternalError: when the port is in use or may not be used.
        ConfigError: when the host or the certificate cannot be used.
    """
    note = logger("boombap.server.access").info if access_log else None
    engine = Engine(guard(app, note), host, port, limits)
    if certificate:
        from boombap.server.tls import DeferredTls  # ssl, which most servers here do without

        engine.ssl_adapter = DeferredTls(certificate)
    _bind(engine, host, port)
    thread = threading.Thread(target=engine.serve, name="server", daemon=True)
    thread.start()
    try:
        yield _describe(engine, is_tls=certificate is not None)
    finally:
        engine.stop()
        thread.join()


def serve(
    app: WSGIApplication,
    interrupt: Interrupt,
    on_ready: Callable[[Server], object],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    certificate: Certificate | None = None,
    access_log: bool = False,
) -> None:
    """Serve the application until the run is interrupted, then drain.

    Args:
        on_ready: callback with the server, once it answers requests.

    Raises:
        ExternalError: when the port is in use or may not be used.
        ConfigError: when the host or the certificate cannot be used.
    """
    interrupt.grace_s = max(interrupt.grace_s, limits.drain_s + _GRACE_S)
    with running(app, host=host, port=port, limits=limits, certificate=certificate, access_log=access_log) as server:
        on_ready(server)
        interrupt.wait()


def _bind(engine: Engine, host: str, port: int) -> None:
    # cheroot puts every reason into one text; binding a socket of our own first gives the error number.
    import socket

    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        with socket.socket(family) as probe:
            if port:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
        engine.prepare()
    except (OSError, OverflowError) as error:
        raise _no_port(error, host, port) from None


def _no_port(error: Exception, host: str, port: int) -> ExternalError | ConfigError:
    number = getattr(error, "errno", None)
    if number in {errno.EACCES, errno.EPERM}:
        return AccessDenied(f"port {port} of {host} may not be used", hint="choose one above 1023")
    if number == errno.EADDRINUSE or "in use" in str(error):
        return ExternalError(f"port {port} of {host} is in use", hint="choose another, or 0 for any that is free")
    return ConfigError(f"cannot listen at {host}, port {port}", hint="name an address of this machine and a port")


def _describe(engine: Engine, *, is_tls: bool) -> Server:
    host, port = engine.bind_addr
    shown = f"[{host}]" if ":" in host else host
    return Server(host, port, f"{'https' if is_tls else 'http'}://{shown}:{port}")
