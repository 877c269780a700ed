"""Opens a connection: name, address, TCP or UNIX socket, TLS, within one time limit."""

from __future__ import annotations

import errno
import select
import socket
import time

from boombap.clients.redis import errors
from boombap.clients.redis.wire import PlainWire
from boombap.errors import Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.clients.redis.target import Target
    from boombap.clients.redis.wire import Wire
    from boombap.interrupt import Interrupt

_STEP_MS = 50
_KEEPALIVE_S = 60


def connect(target: Target, connect_s: float, read_s: float, interrupt: Interrupt) -> Wire:
    """Return a connected stream.

    Raises:
        ExternalError: when no connection can be made; AccessDenied when TLS fails.
        Interrupted: when the run is ended meanwhile.
    """
    deadline_s = time.monotonic() + connect_s
    plain = _dial(target, deadline_s, interrupt)
    if target.tls is None:
        return PlainWire(plain, read_s)
    from boombap.clients.redis.tls import secure  # ssl costs 10 ms and 4 MB

    return secure(plain, target, max(0.001, deadline_s - time.monotonic()), read_s, interrupt)


def _dial(target: Target, deadline_s: float, interrupt: Interrupt) -> socket.socket:
    if target.path:
        return _dial_one(socket.AF_UNIX, target.path, target, deadline_s, interrupt)
    try:
        addresses = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise errors.unknown_host(target) from None
    for number, (family, _, _, _, place) in enumerate(addresses, start=1):
        try:
            return _dial_one(family, place, target, deadline_s, interrupt)
        except Unreachable:
            if number == len(addresses):
                raise
    raise errors.unknown_host(target)


def _dial_one(family: int, place: object, target: Target, deadline_s: float, interrupt: Interrupt) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        _await_connected(made, place, deadline_s, interrupt)
        if family != socket.AF_UNIX:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_S)
    except OSError as error:
        made.close()
        raise errors.unreachable(error, target) from None
    except BaseException:
        made.close()
        raise
    return made


def _await_connected(made: socket.socket, place: object, deadline_s: float, interrupt: Interrupt) -> None:
    poll = select.poll()
    poll.register(made, select.POLLOUT)
    code = made.connect_ex(place)  # type: ignore[arg-type]
    if code == errno.EAGAIN:
        # The queue of a UNIX socket is full; it does not announce when there is room.
        raise TimeoutError
    while code == errno.EINPROGRESS:
        interrupt.check()
        left_ms = 1000 * (deadline_s - time.monotonic())
        if left_ms <= 0:
            raise TimeoutError
        if poll.poll(min(_STEP_MS, left_ms)):
            code = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, "")
