"""Which authorities HTTPS servers are checked against: the file that was named, otherwise the system's."""

from __future__ import annotations

import binascii
import re
import stat
from pathlib import Path

from boombap.errors import ConfigError

# Where the distributions keep them; a libcurl out of a wheel knows the place of the machine that built it only.
_SYSTEM_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
# OpenSSL reads these three labels.
_BLOCK = re.compile(rb"-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----(.*?)(-----END \1-----|\Z)", re.DOTALL)
# Every certificate is an ASN.1 sequence (RFC 5280, 4.1); libcurl judges the rest when it connects.
_SEQUENCE = b"\x30"
_HINT = "http.ca_file names a file with the authority's certificate in PEM form"


def system_file() -> Path | None:
    """Return the system's file; None where it is not at a usual place, then libcurl looks for its own."""
    return next((Path(place) for place in _SYSTEM_FILES if Path(place).exists()), None)


def check(path: Path) -> None:
    """Reject a file that libcurl could not use, before anything is sent.

    Raises:
        ConfigError: when it cannot be read, or does not hold certificates in PEM form.
    """
    try:
        # A pipe would block and a device never end; libcurl reads the file again for each connection.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError(f"{path} is not a file", hint=_HINT)
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", hint=_HINT) from None
    except ValueError:  # a NUL in the name
        raise ConfigError(f"cannot read {str(path)!r}: not the name of a file", hint=_HINT) from None
    blocks = _BLOCK.findall(text)
    if not blocks:
        raise ConfigError(f"{path} does not hold a certificate", hint=_HINT)
    for number, (_, body, end) in enumerate(blocks, 1):
        if not (end and _is_sequence(body)):
            raise ConfigError(f"certificate {number} in {path} is damaged", hint=_HINT)


def _is_sequence(body: bytes) -> bool:
    try:
        return binascii.a2b_base64(b"".join(body.split()), strict_mode=True).startswith(_SEQUENCE)
    except binascii.Error:
        return False
