"""Loopback servers where Redis was expected: scripted answers, with or without TLS."""

from __future__ import annotations

import ssl
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fakes.not_postgres import listening

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fakes.not_postgres import Answer, Listener

HELLO = b"%2\r\n$5\r\nproto\r\n:3\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n"


def scripted(*answers: bytes | None) -> Answer:
    """Greet as Redis, then give one answer a read; None hangs up."""

    def answer(guest: socket.socket) -> None:
        for answer in (HELLO, *answers):
            if not guest.recv(65_536):
                return
            if answer is None:
                guest.close()
                return
            guest.sendall(answer)

    return answer


@contextmanager
def with_tls(answer: Answer, folder: Path, name: str = "localhost") -> Iterator[tuple[Listener, Path]]:
    """Serve with a certificate for a name that signs itself; gives the listener and the certificate's file."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with listening(_wrapped(context, answer)) as listener:
        yield listener, certificate


def _wrapped(context: ssl.SSLContext, answer: Callable[[ssl.SSLSocket], None]) -> Answer:
    def serve(guest: socket.socket) -> None:
        with context.wrap_socket(guest, server_side=True) as secured:
            answer(secured)

    return serve
