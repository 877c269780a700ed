"""Whom the client believes: certificates of strangers, for other hosts, out of date or with old TLS are refused."""

from __future__ import annotations

import ssl
import warnings
from typing import TYPE_CHECKING

import pytest

from boombap.clients.http.exchange import Request
from boombap.clients.http.multi import Client
from boombap.errors import AccessDenied, ConfigError
from boombap.interrupt import Interrupt
from fakes.certificates import make_self_signed, make_signed
from fakes.http_peer import always, response, serving

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.certificates import Pair
    from fakes.http_peer import Peer

OK = always(response(b"ok"))


def get(peer: Peer, ca_file: Path | None = None) -> bytes:
    with Client(Interrupt(), ca_file=ca_file) as client:
        return client.fetch(Request("GET", f"{peer.url}/secret?token=hunter2", ("Authorization: Bearer hunter2",))).body


def refusal(peer: Peer, ca_file: Path | None = None) -> str:
    """Return the message; nothing of the request may have left."""
    with pytest.raises(AccessDenied) as caught:
        get(peer, ca_file)
    assert peer.requests == []
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


def test_a_certificate_that_signs_itself_is_refused(tmp_path: Path):
    """Without this check anybody on the way reads the credentials."""
    with serving(OK, make_self_signed(tmp_path, "IP:127.0.0.1").context()) as peer:
        assert refusal(peer) == (
            f"the certificate of {peer.url} cannot be verified; "
            "name a file with the authority's certificate in http.ca_file"
        )


def test_a_certificate_of_another_authority_than_the_named_one_is_refused(tmp_path: Path, authority: Pair):
    with serving(OK, make_self_signed(tmp_path, "IP:127.0.0.1").context()) as peer:
        assert "cannot be verified" in refusal(peer, authority.certificate)


def test_a_certificate_of_our_own_authority_is_accepted_only_when_it_is_named(tmp_path: Path, authority: Pair):
    with serving(OK, make_signed(tmp_path, authority, "IP:127.0.0.1").context()) as peer:
        assert "cannot be verified" in refusal(peer)
        assert get(peer, authority.certificate) == b"ok"


@pytest.mark.parametrize("name", ["IP:127.0.0.2", "DNS:localhost", "DNS:api.example.org"])
def test_a_certificate_for_another_host_is_refused(name: str, tmp_path: Path, authority: Pair):
    """Its authority is trusted, but it speaks for somebody else."""
    with serving(OK, make_signed(tmp_path, authority, name).context()) as peer:
        assert "cannot be verified" in refusal(peer, authority.certificate)


def test_a_server_that_speaks_old_tls_only_is_refused(tmp_path: Path, authority: Pair):
    context = make_signed(tmp_path, authority, "IP:127.0.0.1").context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(OK, context) as peer:
        assert "the TLS handshake with" in refusal(peer, authority.certificate)


def damaged(authority: Pair) -> bytes:
    lines = authority.certificate.read_bytes().splitlines()
    return b"\n".join([*lines[:2], b"!" * 64, *lines[3:]])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot read {path}: No such file or directory"),
        (b"", "{path} does not hold a certificate"),
        (b"\x30\x82\x01\x0a" * 20, "{path} does not hold a certificate"),
        (b"-----BEGIN CERTIFICATE-----\n", "certificate 1 in {path} is damaged"),
        (b"-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n", "certificate 1 in {path} is damaged"),
        ("cut", "certificate 2 in {path} is damaged"),
        ("changed", "certificate 2 in {path} is damaged"),
        ("folder", "{path} is not a file"),
        ("device", "{path} is not a file"),
    ],
    ids=["missing", "empty", "DER", "no end", "not a certificate", "cut off", "changed", "a folder", "a device"],
)
def test_a_file_of_authorities_that_cannot_be_used_is_an_error(
    content: bytes | str | None, reason: str, tmp_path: Path, authority: Pair
):
    """A damaged file must not mean "trust nobody" in the middle of a run, and never "trust everybody"."""
    path, whole = tmp_path / "authorities.pem", authority.certificate.read_bytes()
    if content == "folder":
        path.mkdir()
    elif content == "device":
        path.symlink_to("/dev/null")
    elif content is not None:
        variants = {"cut": whole + whole[:-40], "changed": whole + damaged(authority)}
        path.write_bytes(content if isinstance(content, bytes) else variants[content])
    with pytest.raises(ConfigError) as caught:
        Client(Interrupt(), ca_file=path)
    assert str(caught.value) == (
        f"{reason.format(path=path)}; http.ca_file names a file with the authority's certificate in PEM form"
    )


def test_a_certificate_that_only_openssl_can_judge_is_an_error_that_names_the_file(tmp_path: Path, authority: Pair):
    path = tmp_path / "authorities.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\nMAMCAQA=\n-----END CERTIFICATE-----\n")
    with serving(OK, make_signed(tmp_path, authority, "IP:127.0.0.1").context()) as peer:
        assert f"no certificates of authorities can be read from {path}" in refusal(peer, path)


@pytest.mark.parametrize("form", ["with CRLF", "after text", "X509", "twice"])
def test_a_file_of_authorities_may_have_any_usual_form(form: str, tmp_path: Path, authority: Pair):
    text = authority.certificate.read_text()
    path = tmp_path / "Autorités.pem"
    forms = {
        "with CRLF": text.replace("\n", "\r\n"),
        "after text": f"# The company's authority\nSubject: CN=x\n{text}",
        "X509": text.replace("CERTIFICATE", "X509 CERTIFICATE"),
        "twice": text * 2,
    }
    path.write_bytes(forms[form].encode())
    with serving(OK, make_signed(tmp_path, authority, "IP:127.0.0.1").context()) as peer:
        assert get(peer, path) == b"ok"
