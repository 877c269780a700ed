from __future__ import annotations

import socket
import ssl
import struct
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from boombap.errors import ConfigError
from boombap.server.limits import Certificate
from boombap.server.serve import running
from server.wire import (
    CHUNKED,
    GET,
    LIMIT_S,
    PATIENT,
    POST,
    Echo,
    Gate,
    ask,
    big,
    clients,
    connect,
    read,
    rest,
    self_signed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from wsgiref.types import WSGIApplication

    from boombap.server.serve import Server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("certificate"))


@contextmanager
def serving(app: WSGIApplication, certificate: Certificate) -> Iterator[Server]:
    with running(app, limits=PATIENT, certificate=certificate) as server:
        yield server


@contextmanager
def secured(server: Server, certificate: Certificate, version: ssl.TLSVersion | None = None) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context(cafile=certificate.chain)
    if version:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of old versions
            context.minimum_version = context.maximum_version = version
        # Else the client itself would not offer them.
        context.set_ciphers("ALL:@SECLEVEL=0")
    with connect(server) as plain, context.wrap_socket(plain, server_hostname="localhost") as client:
        yield client


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_present_versions_of_tls_are_accepted(version: ssl.TLSVersion, certificate: Certificate):
    echo = Echo()
    with serving(echo, certificate) as server, secured(server, certificate, version) as client:
        assert server.url.startswith("https://")
        assert ask(client, POST + b"0123456789").body == b"POST /a 0123456789"
        assert ask(client, CHUNKED + b"3\r\nabc\r\n0\r\n\r\n").body == b"POST /a abc"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_of_tls_are_refused_for_their_version(version: ssl.TLSVersion, certificate: Certificate):
    with serving(Echo(), certificate) as server:
        with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"), secured(server, certificate, version):
            pass
        with secured(server, certificate) as client:
            assert ask(client, GET).status == 200


@pytest.mark.parametrize("begun", [b"", b"\x16\x03\x01", b"\x16\x03\x01\x02\x00\x01"])
def test_clients_that_stop_in_their_handshake_hold_no_thread(begun: bytes, certificate: Certificate):
    with serving(Echo(), certificate) as server, clients(server, 200, begun), secured(server, certificate) as client:
        client.settimeout(1)
        assert ask(client, b"GET /healthz HTTP/1.1\r\n\r\n").status == 200


def test_clients_that_stop_after_their_handshake_hold_no_thread(certificate: Certificate):
    with serving(Echo(), certificate) as server:
        silent = [secured(server, certificate) for _ in range(5)]
        for client in silent:
            client.__enter__().sendall(GET[:-2])
        with secured(server, certificate) as client:
            client.settimeout(1)
            assert ask(client, b"GET /healthz HTTP/1.1\r\n\r\n").status == 200
        for client in silent:
            client.__exit__(None, None, None)


def test_a_client_that_does_not_speak_tls_is_cut_off(certificate: Certificate):
    with serving(Echo(), certificate) as server:
        with connect(server) as client:
            client.sendall(GET)
            assert b"200" not in closed(client)
        with secured(server, certificate) as client:
            assert ask(client, GET).status == 200


def closed(client: socket.socket) -> bytes:
    try:
        return rest(client)
    except ConnectionResetError:
        return b""


def test_large_bodies_and_answers_pass_and_a_body_over_the_limit_does_not(certificate: Certificate):
    with serving(big(8_000_000), certificate) as server, secured(server, certificate) as client:
        large = POST.replace(b"10\r", b"1000000\r") + bytes(1_000_000)
        client.sendall(large + large + POST.replace(b"10\r", b"1048577\r"))
        assert [len(read(client).body), len(read(client).body)] == [8_000_000, 8_000_000]
        assert read(client).status == 413


def test_clients_that_do_not_take_their_answers_hold_no_thread(certificate: Certificate):
    with serving(big(8_000_000), certificate) as server:
        silent = [secured(server, certificate) for _ in range(5)]
        for client in silent:
            opened = client.__enter__()
            opened.sendall(GET)
            assert opened.recv(1) == b"H"
        with secured(server, certificate) as client:
            client.settimeout(1)
            assert ask(client, b"GET /healthz HTTP/1.1\r\n\r\n").status == 200
        for client in silent:
            client.__exit__(None, None, None)


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def test_clients_that_break_off_are_nothing_to_warn_of(certificate: Certificate, server_log: pytest.LogCaptureFixture):
    gate = Gate()
    with serving(gate, certificate) as server:
        for _ in range(50):
            with connect(server) as client:
                client.sendall(GET)
                reset(client)
        with secured(server, certificate) as client:
            client.sendall(GET)
            assert gate.entered.acquire(timeout=LIMIT_S)
            reset(client)
        gate.opened.set()
        with secured(server, certificate) as client:
            assert ask(client, GET).status == 200
    assert server_log.messages == []


def test_what_is_no_certificate_and_its_key_is_named(tmp_path: Path, certificate: Certificate):
    (tmp_path / "empty.pem").touch()
    other = self_signed(tmp_path)
    for chain, key in ((tmp_path / "empty.pem", certificate.key), (certificate.chain, other.key)):
        with (
            pytest.raises(ConfigError, match=f"{chain.name} and .* certificate"),
            serving(Echo(), Certificate(chain, key)),
        ):
            pass
    with (
        pytest.raises(ConfigError, match=r"absent\.pem.*No such file"),
        serving(Echo(), Certificate(tmp_path / "absent.pem", other.key)),
    ):
        pass


def fingerprint(server: Server) -> bytes:
    """Return the certificate that a new connection gets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with connect(server) as plain, context.wrap_socket(plain) as client:
        found = client.getpeercert(binary_form=True)
        assert found
        return found


def test_a_certificate_that_is_renewed_is_used_by_new_connections(tmp_path: Path):
    files, renewed = self_signed(tmp_path), tmp_path / "renewed"
    renewed.mkdir()
    other = self_signed(renewed)
    with serving(Echo(), files) as server, secured(server, files) as open_before:
        before = fingerprint(server)
        # The chain comes first, so for a moment it does not fit the key.
        other.chain.replace(files.chain)
        assert fingerprint(server) == before
        other.key.replace(files.key)
        assert fingerprint(server) != before
        assert ask(open_before, GET).status == 200


def test_files_that_are_gone_or_broken_change_nothing(tmp_path: Path):
    files = self_signed(tmp_path)
    with serving(Echo(), files) as server:
        before = fingerprint(server)
        files.key.write_text("no key")
        assert fingerprint(server) == before
        files.chain.unlink()
        assert fingerprint(server) == before


def test_certificates_that_change_under_load_refuse_nobody(tmp_path: Path):
    files = self_signed(tmp_path)
    pairs = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        pairs.append(self_signed(tmp_path / name))
    seen = set()
    with serving(Echo(), files) as server:
        for turn in range(40):
            pair = pairs[turn % 2]
            (files.chain, files.key)[turn % 2].write_bytes((pair.chain, pair.key)[turn % 2].read_bytes())
            seen.add(fingerprint(server))
            (files.key, files.chain)[turn % 2].write_bytes((pair.key, pair.chain)[turn % 2].read_bytes())
            seen.add(fingerprint(server))
    assert len(seen) >= 2
