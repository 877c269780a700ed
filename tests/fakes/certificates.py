"""An authority of our own, and certificates that it signs, made with the openssl program when a test needs them."""

from __future__ import annotations

import ssl
import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Pair(NamedTuple):
    """A certificate and its key, as files."""

    certificate: Path
    key: Path

    def context(self, *protocols: str) -> ssl.SSLContext:
        """Return a server's side of TLS; `protocols` are offered by ALPN."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.certificate, self.key)
        if protocols:
            made.set_alpn_protocols(list(protocols))
        return made


def make_authority(folder: Path) -> Pair:
    """Return an authority that no system trusts."""
    pair = _pair(folder, "authority")
    _openssl("req", "-x509", *_KEY, "-days", "2", "-subj", "/CN=Authority of the tests", *_files(pair))
    return pair


def make_self_signed(folder: Path, name: str) -> Pair:
    """Return a certificate for a name, for example ``IP:127.0.0.1``, that signs itself."""
    pair = _pair(folder, "self-signed")
    extension = ("-addext", f"subjectAltName={name}")
    _openssl("req", "-x509", *_KEY, "-days", "2", "-subj", "/CN=server", *extension, *_files(pair))
    return pair


def make_signed(folder: Path, authority: Pair, name: str) -> Pair:
    """Return a certificate for a name that the authority signs."""
    pair = _pair(folder, name.replace(":", "-"))
    request, extensions = pair.key.with_suffix(".csr"), pair.key.with_suffix(".ext")
    _openssl("req", *_KEY, "-subj", "/CN=server", "-keyout", pair.key, "-out", request)
    extensions.write_text(f"subjectAltName={name}\n")
    signer = ("-CA", authority.certificate, "-CAkey", authority.key, "-CAcreateserial")
    _openssl(
        "x509", "-req", "-in", request, *signer, "-days", "2", "-extfile", extensions, "-out", pair.certificate
    )  # fmt: skip
    return pair


def _pair(folder: Path, name: str) -> Pair:
    return Pair(folder / f"{name}.pem", folder / f"{name}.key")


def _files(pair: Pair) -> tuple[str | Path, ...]:
    return ("-keyout", pair.key, "-out", pair.certificate)


def _openssl(*argv: str | Path) -> None:
    subprocess.run(["openssl", *argv], check=True, capture_output=True, timeout=30)
