"""`http.ca_file`, by the installed command: every tool that speaks HTTPS trusts the authority that it names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from boombap.errors import EXIT_EXTERNAL, EXIT_OK, EXIT_USAGE
from boombap.server.limits import Certificate
from boombap.server.serve import running
from deps.osv import TRUTH, export
from fakes.certificates import make_signed
from spotify.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from subprocess import CompletedProcess

    from fakes.certificates import Pair

    Run = Callable[..., CompletedProcess[str]]

HINT = "name a file with the authority's certificate in http.ca_file"


class Tool(NamedTuple):
    """A command line that asks an HTTPS server, and the settings that it needs."""

    words: tuple[str, ...]
    settings: dict[str, str]


def batch(url: str) -> Tool:
    Path("wanted.csv").write_text("artist,title\nNas,Song 1\n")
    return Tool(("spotify", "batch", "--from", "wanted.csv", "--dry-run"), spotify(url))


def explain(url: str) -> Tool:
    return Tool(("spotify", "explain", "Nas", "Song 1"), spotify(url))


def sync(url: str) -> Tool:
    return Tool(("deps", "sync", "--from", f"{url}/export", "--ecosystem", "PyPI"), {})


def spotify(url: str) -> dict[str, str]:
    return {
        "BOOMBAP_SPOTIFY_BASE_URL": f"{url}/v1",
        "BOOMBAP_SPOTIFY_ACCOUNTS_URL": url,
        "SPOTIFY_CLIENT_ID": "client",
        "SPOTIFY_CLIENT_SECRET": "hunter2",
    }


TOOLS = [batch, explain, sync]


@pytest.fixture
def server(tmp_path: Path, authority: Pair) -> Iterator[str]:
    """The address of a Web API and an OSV export whose certificate our own authority has signed."""
    folder = export(tmp_path / "export", TRUTH)
    web = Upstream()

    def app(environ: dict[str, Any], start: Any) -> list[bytes]:
        path = folder / environ["PATH_INFO"].removeprefix("/export/")
        if path.is_file():
            start("200 OK", [("Content-Length", str(path.stat().st_size))])
            return [path.read_bytes()]
        return web(environ, start)

    pair = make_signed(tmp_path, authority, "IP:127.0.0.1")
    with running(app, certificate=Certificate(chain=pair.certificate, key=pair.key)) as made:  # type: ignore[arg-type]
        yield made.url


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_trusts_the_authority_that_is_named(
    tool: Callable[[str], Tool], server: str, authority: Pair, boombap: Run
):
    """A company's own authority signs its mirrors and gateways."""
    words, settings = tool(server)
    refused = boombap(*words, **settings)
    assert refused.returncode == EXIT_EXTERNAL, refused.stderr
    assert f"the certificate of {server} cannot be verified; {HINT}" in refused.stderr
    accepted = boombap(*words, **settings, BOOMBAP_HTTP_CA_FILE=str(authority.certificate))
    assert accepted.returncode == EXIT_OK, accepted.stderr
    Path("boombap.toml").write_text(f"[http]\nca_file = '{authority.certificate}'\n")
    assert boombap(*words, **settings).returncode == EXIT_OK


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(("content", "reason"), [(None, "cannot read"), (b"", "does not hold a certificate")])
def test_a_file_that_cannot_be_used_is_a_configuration_error(
    content: bytes | None, reason: str, tool: Callable[[str], Tool], server: str, boombap: Run
):
    words, settings = tool(server)
    if content is not None:
        Path("authorities.pem").write_bytes(content)
    done = boombap(*words, **settings, BOOMBAP_HTTP_CA_FILE="authorities.pem")
    assert done.returncode == EXIT_USAGE, done.stderr
    assert reason in done.stderr
    assert "authorities.pem" in done.stderr
    assert "http.ca_file names a file with the authority's certificate in PEM form" in done.stderr
    assert "Traceback" not in done.stderr


def test_config_show_shows_the_file_even_when_it_cannot_be_used(boombap: Run):
    done = boombap("config", "show", BOOMBAP_HTTP_CA_FILE="/nowhere/authorities.pem")
    assert done.returncode == EXIT_OK
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("http.ca_file"))
    assert line.split(None, 2)[1:] == ["/nowhere/authorities.pem", "environment BOOMBAP_HTTP_CA_FILE"]
