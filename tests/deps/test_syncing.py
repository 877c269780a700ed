"""`deps sync` as a newcomer types it: which ecosystems, from where, and what becomes of what was there before."""

from __future__ import annotations

import gzip
import json
import threading
import time
from typing import TYPE_CHECKING

import pytest

from boombap.clients.http.multi import Client
from boombap.deps.advisories.export_source import download
from boombap.errors import ExternalError
from boombap.interrupt import Interrupt
from deps.osv import TRUTH, database, export, record, set_facts
from fakes import http_peer
from fakes.file_server import serving

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

KEV = json.dumps(
    {
        "dateReleased": "2026-11-20T10:00:00Z",
        "vulnerabilities": [{"cveID": "CVE-2024-24762", "dateAdded": "2026-11-19"}],
    }
).encode()
EPSS = gzip.compress(
    b"#model_version:v2025.03.14,score_date:2026-11-21T12:55:00Z\ncve,epss,percentile\nCVE-2024-24762,0.42,0.9\n"
)


@pytest.fixture
def archives(tmp_path: Path) -> dict[str, bytes]:
    """The files of an export of two ecosystems, by path."""
    npm = [record("GHSA-1", "left-pad", {"introduced": "0"}, ecosystem="npm")]
    for ecosystem, records in (("PyPI", TRUTH), ("npm", npm)):
        export(tmp_path / "export", records, ecosystem)
    return {f"/{name}/all.zip": (tmp_path / "export" / name / "all.zip").read_bytes() for name in ("PyPI", "npm")}


def test_the_ecosystems_are_those_of_the_project(boombap: Run, isolated: Path, archives: dict[str, bytes]):
    (isolated / "requirements.txt").write_text("fastapi==0.104.1\n")
    with serving(archives) as server:
        done = boombap("deps", "sync", BOOMBAP_DEPS_SOURCE=server.url)
        assert done.returncode == 0, done.stderr
        assert "PyPI: built, 4 records" in done.stderr
        assert "npm" not in done.stderr
        assert boombap("deps", "check").returncode == 1
        (isolated / "package-lock.json").write_text(
            json.dumps({"lockfileVersion": 3, "packages": {"node_modules/left-pad": {"version": "1.0.0"}}})
        )
        assert boombap("deps", "check").returncode == 4, "npm has no database"
        assert "npm: built" in boombap("deps", "sync", BOOMBAP_DEPS_SOURCE=server.url).stderr
        assert boombap("deps", "check").returncode == 1
    (isolated / "package-lock.json").unlink()
    with serving(archives) as server:
        kept = boombap("deps", "sync", BOOMBAP_DEPS_SOURCE=server.url).stderr
        assert "npm: is current" in kept, "a database that is in place is kept current"


def test_a_folder_without_a_project_takes_the_usual_ones(boombap: Run, archives: dict[str, bytes]):
    with serving(archives) as server:
        done = boombap("deps", "sync", BOOMBAP_DEPS_SOURCE=server.url)
    assert done.returncode == 0
    assert "PyPI: built" in done.stderr
    assert "npm: built" in done.stderr


def test_without_a_setting_the_public_export_is_asked_through_the_proxy(boombap: Run, isolated: Path):
    (isolated / "requirements.txt").write_text("fastapi==0.104.1\n")
    with http_peer.serving(http_peer.always(http_peer.response(status="503 No"))) as proxy:
        done = boombap("deps", "sync", https_proxy=f"http://127.0.0.1:{proxy.port}")
    hosts = {request.split()[1].decode() for request in proxy.requests}
    assert done.returncode == 3
    assert "taking OSV's public export, https://storage.googleapis.com/osv-vulnerabilities: PyPI" in done.stderr
    assert {"storage.googleapis.com:443", "www.cisa.gov:443", "epss.empiricalsecurity.com:443"} == hosts


def test_without_a_network_the_database_stays(boombap: Run, isolated: Path, tmp_path: Path):
    (isolated / "requirements.txt").write_text("fastapi==0.104.1\n")
    environment = {"BOOMBAP_DEPS_DATABASE": database(tmp_path, TRUTH), "https_proxy": "http://127.0.0.1:9"}
    done = boombap("deps", "sync", **environment)
    assert done.returncode == 3
    assert "PyPI: " in done.stderr
    assert boombap("deps", "check", **environment).returncode == 1


def test_what_cannot_be_reached_is_tried_once(boombap: Run):
    done = boombap(
        "deps", "sync", "--ecosystem", "PyPI", "--ecosystem", "npm", "--ecosystem", "Go", "--from", "http://127.0.0.1:9"
    )
    assert done.returncode == 3
    assert done.stderr.count("127.0.0.1:9") == 1
    assert "not tried: npm, Go" in done.stderr


def test_what_is_exploited_comes_with_its_age(boombap: Run, isolated: Path, archives: dict[str, bytes]):
    (isolated / "requirements.txt").write_text("fastapi==0.104.1\n")
    with serving({**archives, "/kev.json": KEV, "/epss": EPSS}) as server:
        places = {"BOOMBAP_DEPS_KEV": f"{server.url}/kev.json", "BOOMBAP_DEPS_EPSS": f"{server.url}/epss"}
        done = boombap("deps", "sync", BOOMBAP_DEPS_SOURCE=server.url, **places)
    assert done.returncode == 0, done.stderr
    assert "KEV of 2026-11-20, EPSS of 2026-11-21" in done.stderr
    for form in ("table", "markdown", "html", "cyclonedx", "sarif", "junit"):
        shown = boombap("deps", "audit", "--format", form).stdout.replace("\\-", "-")
        assert "KEV of 2026-11-20, EPSS of 2026-11-21" in shown, form
    found = json.loads(boombap("deps", "audit", "--format", "json").stdout)
    (source,) = found["sources"]
    assert (source["kev_date"], source["epss_date"]) == ("2026-11-20", "2026-11-21")
    assert (found["findings"][0]["kev"], found["findings"][0]["epss"]) == ("2026-11-19", 0.42)


@pytest.mark.parametrize("answer", [b"<html>sign in</html>", 503, EPSS[:20]], ids=["page", "refusal", "cut"])
def test_exploits_that_cannot_be_had_leave_the_last_copy(
    boombap: Run, isolated: Path, archives: dict[str, bytes], answer: bytes | int
):
    (isolated / "requirements.txt").write_text("fastapi==0.104.1\n")
    files = {**archives, "/kev.json": KEV, "/epss": EPSS}
    with serving(files) as server:
        places = {"BOOMBAP_DEPS_KEV": f"{server.url}/kev.json", "BOOMBAP_DEPS_EPSS": f"{server.url}/epss"}
        assert boombap("deps", "sync", BOOMBAP_DEPS_SOURCE=server.url, **places).returncode == 0
        files["/kev.json"] = files["/epss"] = answer  # type: ignore[assignment]
        done = boombap("deps", "sync", "--rebuild", BOOMBAP_DEPS_SOURCE=server.url, **places)
    assert done.returncode == 3
    assert done.stderr.count("the copy of the last sync is used") == 2
    assert "KEV of 2026-11-20, EPSS of 2026-11-21" in done.stderr, "the advisories were taken in all the same"


def test_only_what_was_asked_for_is_refreshed_behind_an_audit(boombap: Run, isolated: Path, tmp_path: Path):
    (isolated / "requirements.txt").write_text("fastapi==0.104.1\n")
    made = database(tmp_path, TRUTH)
    set_facts(made, checked_at_s=int(time.time()) - 25 * 3600)
    done = boombap("deps", "audit", BOOMBAP_DEPS_DATABASE=made)
    assert "a sync runs in the background" not in done.stderr, "nobody named a source"
    set_facts(made, origin="https://storage.googleapis.com/osv-vulnerabilities")
    done = boombap("deps", "audit", BOOMBAP_DEPS_DATABASE=made, https_proxy="http://127.0.0.1:9")
    assert "a sync runs in the background" in done.stderr


def test_a_transfer_that_trickles_is_given_up(tmp_path: Path):
    ended = threading.Event()

    def trickle(guest: http_peer.Guest, _: bytes) -> None:
        guest.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not ended.wait(0.05):
            guest.send(b"x")

    with http_peer.serving(trickle) as peer, Client(Interrupt(), stall_s=1.0, least_bytes_s=1000) as client:
        with pytest.raises(ExternalError, match=r"127\.0\.0\.1"):
            download(client, f"{peer.url}/PyPI/all.zip", tmp_path / "all.zip", lambda _step, _done: None)
        ended.set()
