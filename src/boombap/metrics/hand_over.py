"""The page where nobody can scrape it: as a file for node_exporter, or pushed to a Pushgateway.

Sources: the README of node_exporter, "Textfile Collector"; the README of the Pushgateway, "API".
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import quote

from boombap.clients.http.errors import refusal
from boombap.clients.http.exchange import Request
from boombap.errors import ConfigError
from boombap.output.destination import binary_destination

if TYPE_CHECKING:
    from pathlib import Path

    from boombap.clients.http.multi import Client

# Of the text format that both of them read.
_TYPE = "text/plain; version=0.0.4"
_PUBLIC = 0o644
_ACCEPTED = (200, 202)


def write(page: bytes, file: Path) -> None:
    """Write the page into a file that other users may read, because node_exporter is one; it is whole or not there.

    Raises:
        ConfigError: for a name that node_exporter would not read.
        ExternalError: when the file cannot be written.
    """
    if file.suffix != ".prom":
        raise ConfigError(f"{file.name} does not end with .prom", hint="node_exporter reads no other files")
    with binary_destination(file, _PUBLIC) as out:
        out.write(page)


def push(page: bytes, gateway: str, client: Client, now_s: float) -> None:
    """Put the page in the place of what this machine pushed before.

    Args:
        gateway: address of the Pushgateway; may hold a user and a password.
        now_s: Unix time, for an answer that says when to come back.

    Raises:
        ConfigError: for an address that is not http or https.
        ExternalError: when the gateway does not take it.
    """
    if not gateway.startswith(("http://", "https://")):
        raise ConfigError("metrics.gateway is not an address", hint="it begins with http:// or https://")
    instance = quote(socket.gethostname(), safe="")
    url = f"{gateway.rstrip('/')}/metrics/job/boombap/instance/{instance}"
    response = client.fetch(Request("PUT", url, (f"Content-Type: {_TYPE}",), page))
    if response.status not in _ACCEPTED:
        raise refusal(response, now_s)
