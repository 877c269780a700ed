"""Where advisories come from: an OSV export, in a folder or at an address, asked for one file after the other.

The layout is that of OSV's public export: ``ECOSYSTEM/all.zip``, ``ECOSYSTEM/modified_id.csv``, ``ECOSYSTEM/ID.json``.
"""

from __future__ import annotations

from pathlib import Path

from boombap.config.home import expand_user
from boombap.errors import ExternalError, NotFound, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from boombap.clients.http.exchange import Response
    from boombap.clients.http.multi import Client

    Watch = Callable[[str, int], None]
    """Called with the name of each step and how far it is; what it raises ends the sync."""

    class ExportSource(Protocol):
        """An export."""

        label: str

        def file(self, name: str, scratch: Path, watch: Watch) -> Path:
            """Return a file of the export, itself or a copy in `scratch`.

            Raises:
                NotFound: when the export has none of this name.
                ExternalError: when it cannot be had.
            """

        def written_at_s(self, name: str) -> int:
            """Return when a file that was returned was written, in seconds since 1970; 0 when nobody knows."""


PUBLIC_EXPORT = "https://storage.googleapis.com/osv-vulnerabilities"
"""Where OSV publishes its export."""
PUBLIC_KEV_EPSS = (
    "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
    "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
)
"""Where CISA publishes the catalogue of exploited vulnerabilities, and FIRST the probabilities."""
_ARCHIVE_BYTES = 2 * 1024**3
_REDIRECTS = 3
_TIMEOUT_S = 1800.0


class Folder:
    """An export on the disk.

    Attributes:
        label: its place, for people.
    """

    def __init__(self, path: Path) -> None:
        self.label = str(path)
        self._path = path

    def file(self, name: str, scratch: Path, watch: Watch) -> Path:  # noqa: ARG002 - nothing is fetched
        """Return the file itself; see `ExportSource`."""
        path = self._path / name
        try:
            is_there = path.is_file()
        except OSError as error:
            raise ExternalError(f"cannot look for {name} in {self._path}: {error.strerror}") from None
        if not is_there:
            raise NotFound(f"no {name} in {self._path}", hint="check deps.source, or --from")
        return path

    def written_at_s(self, name: str) -> int:  # noqa: ARG002 - the same for all
        """Return 0: the time of a file on the disk is often that of its copy."""
        return 0


class Remote:
    """An export behind HTTP.

    Attributes:
        label: its address without secrets.
    """

    def __init__(self, url: str, client: Client) -> None:
        from boombap.clients.http.exchange import shown_url

        self.label = shown_url(url).rstrip("/")
        self._written_at_s: dict[str, int] = {}
        self._url = url.rstrip("/")
        self._client = client

    def file(self, name: str, scratch: Path, watch: Watch) -> Path:
        """Return a copy in `scratch`; see `ExportSource`."""
        from urllib.parse import quote

        target = scratch / Path(name).name
        response = download(self._client, f"{self._url}/{quote(name)}", target, watch)
        self._written_at_s[name] = _time_s(response.headers.get("last-modified", ""))
        return target

    def written_at_s(self, name: str) -> int:
        """Return what the server said in `Last-Modified`; see `ExportSource`."""
        return self._written_at_s.get(name, 0)


def download(client: Client, url: str, target: Path, watch: Watch) -> Response:
    """Write what an address has into a file of mode 0600.

    Raises:
        NotFound: when the server has nothing there.
        ExternalError: when it cannot be had whole, comes from another server, or cannot be written.
    """
    import os

    from boombap.clients.http.errors import refusal
    from boombap.clients.http.exchange import Request, origin

    request = Request("GET", url, timeout_s=_TIMEOUT_S, max_bytes=_ARCHIVE_BYTES, max_redirects=_REDIRECTS)
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            response = client.download(request, file.write, lambda done, _: watch("fetching", done))
    except OSError as error:
        raise ExternalError(f"cannot write {target}: {error.strerror}", hint="the old database stays") from None
    if not response.is_success:
        import time

        raise refusal(response, time.time())
    if origin(response.url) != origin(request.url):
        raise ExternalError(
            f"{origin(request.url)} redirects to {origin(response.url)}",
            hint="when that is right, name it as the source",
        )
    return response


def _time_s(text: str) -> int:
    """Return a time of HTTP as seconds since 1970; 0 for what is none."""
    from email.utils import mktime_tz, parsedate_tz

    parts = parsedate_tz(text)
    try:
        return max(0, mktime_tz(parts)) if parts else 0
    except (OverflowError, ValueError):
        return 0


def open_origin(text: str, client: Callable[[], Client]) -> ExportSource:
    """Return the export that a person named: a folder, a file: address, or an http(s) address.

    Args:
        client: makes the HTTP client, when one is needed.

    Raises:
        UsageError: for another kind of address.
    """
    if text.startswith(("http://", "https://")):
        return Remote(text, client())
    if text.startswith("file:"):
        from urllib.parse import unquote, urlsplit

        return Folder(Path(unquote(urlsplit(text).path)))
    if "://" in text:
        raise UsageError("advisories come from a folder, or from a file:, http: or https: address")
    return Folder(expand_user(text))
