"""The page: whatever a source does, and whatever runs left, it is whole, in time, and one that Prometheus takes."""

from __future__ import annotations

import gzip
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

import servers
from boombap.errors import Unreachable
from boombap.metrics.app import application
from boombap.metrics.page import Page
from boombap.metrics.sources import Source
from boombap.server.serve import running
from boombap.telemetry import catalogue, snapshot
from boombap.telemetry.instruments import Meter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from boombap.telemetry.catalogue import Figure

UP = "boombap_source_up"
SIZE: list[Figure] = [(catalogue.DB_SIZE, (), 42.0)]


def values(text: str) -> dict[tuple[str, ...], float]:
    return {(sample.name, *sample.labels.values()): sample.value for family in parse(text) for sample in family.samples}


def rendered(folder: Path, *sources: Source, limit_s: float = 5.0) -> dict[tuple[str, ...], float]:
    body, _ = Page(sources, folder).render("", limit_s)
    return values(body.decode())


def fail(error: Exception) -> Iterator[Figure]:
    yield catalogue.DB_SIZE, (), 1.0
    raise error


def test_a_source_that_answers(tmp_path: Path) -> None:
    found = rendered(tmp_path, Source("db", lambda: SIZE))
    assert (found["boombap_db_size_bytes",], found[UP, "db"]) == (42.0, 1.0)
    assert found["boombap_source_seconds", "db"] >= 0


@pytest.mark.parametrize("error", [Unreachable("down"), OSError("gone"), ZeroDivisionError("a bug")])
def test_a_source_that_fails_costs_only_itself(tmp_path: Path, error: Exception) -> None:
    broken = Source("db", lambda: fail(error))
    found = rendered(tmp_path, broken, Source("deps", lambda: [(catalogue.DEPS_ADVISORIES, ("PyPI",), 7.0)]))
    assert (found[UP, "db"], found[UP, "deps"]) == (0.0, 1.0)
    assert ("boombap_db_size_bytes",) not in found, "half of an answer is none"
    assert found["boombap_deps_advisories", "PyPI"] == 7.0
    assert "boombap_source_seconds" in {name for name, *_ in found}


def test_a_source_that_hangs_is_left_behind_and_asked_once(tmp_path: Path) -> None:
    ended, calls = threading.Event(), []

    def hang() -> Iterable[Figure]:
        calls.append(1)
        ended.wait(20)
        return SIZE

    source = Source("db", hang)
    begun_s = time.monotonic()
    assert rendered(tmp_path, source, limit_s=0.1)[UP, "db"] == 0.0
    assert rendered(tmp_path, source, limit_s=0.1)[UP, "db"] == 0.0
    assert time.monotonic() - begun_s < 5
    assert calls == [1], "a worker that hangs is not joined by others"
    ended.set()
    assert rendered(tmp_path, source)[UP, "db"] == 1.0


def test_scrapes_at_the_same_time_share_one_look(tmp_path: Path) -> None:
    ready, calls, pages = threading.Event(), [], []

    def slow() -> Iterable[Figure]:
        calls.append(1)
        ready.wait(20)
        return SIZE

    source = Source("db", slow)
    scrapes = [threading.Thread(target=lambda: pages.append(rendered(tmp_path, source))) for _ in range(20)]
    for scrape in scrapes:
        scrape.start()
    while not calls:
        time.sleep(0.01)
    time.sleep(0.2)
    ready.set()
    for scrape in scrapes:
        scrape.join()
    assert [page[UP, "db"] for page in pages] == [1.0] * 20
    assert len(calls) <= 2


def left(folder: Path, command: str, **labels: str) -> None:
    meter = Meter()
    meter.add(catalogue.RUNS, command=command, action=labels.get("action", "x"), exit_code="0")
    meter.observe(catalogue.RUN_SECONDS, 0.2, command=command, action=labels.get("action", "x"))
    assert snapshot.leave(folder, command, meter)


@pytest.mark.parametrize("text", ['say "\n\\', "日本 🎤", "\x00\x1b[31m", "e\u0301"])
def test_what_runs_left_is_on_the_page(tmp_path: Path, text: str) -> None:
    left(tmp_path, "db", action=text)
    left(tmp_path, "ctx")
    found = rendered(tmp_path)
    runs = {name: value for name, value in found.items() if name[0] == "boombap_command_runs_total"}
    assert sorted(runs.values()) == [1.0, 1.0]
    assert found["boombap_snapshot_files", "read"] == 2
    assert found["boombap_command_seconds_count", "x", "ctx"] == 1


def test_a_file_that_is_half_written_or_foreign_fails_nothing(tmp_path: Path) -> None:
    left(tmp_path, "db")
    (tmp_path / "half.prom").write_text('boombap_command_runs_total{command="x"')
    (tmp_path / "foreign.prom").write_text("node_load1 3\nboombap_unknown 1\n")
    found = rendered(tmp_path)
    assert not {"node_load1", "boombap_unknown"} & {name for name, *_ in found}
    assert (found["boombap_snapshot_files", "read"], found["boombap_snapshot_files", "unread"]) == (2, 1)


def test_of_two_samples_of_one_name_the_first_counts(tmp_path: Path) -> None:
    (tmp_path / "b.prom").write_text('boombap_source_up{source="db"} 7\nboombap_source_up{source="db"} 8\n')
    assert rendered(tmp_path, Source("db", lambda: SIZE))[UP, "db"] == 1.0


def test_thousands_of_files_are_not_all_read(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / f"{number:04}.prom").write_text(f'boombap_deps_advisories{{ecosystem="{number}"}} 1\n')
    found = rendered(tmp_path)
    assert found["boombap_snapshot_files", "unread"] == 800
    assert sum(name == "boombap_deps_advisories" for name, *_ in found) == 200


def get(url: str, method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
    request = Request(url, method=method, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urlopen(request, timeout=20) as response:
            return response.status, response.headers, response.read()
    except HTTPError as error:
        return error.code, error.headers, error.read()


def test_the_application_speaks_both_formats_packed_and_plain(tmp_path: Path) -> None:
    left(tmp_path, "db")
    with running(application(Page([Source("db", lambda: SIZE)], tmp_path), 5.0)) as server:
        _, head, body = get(f"{server.url}/metrics")
        assert head["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert values(body.decode())[UP, "db"] == 1.0
        _, head, body = get(f"{server.url}/metrics", Accept="application/openmetrics-text; version=1.0.0")
        assert head["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
        assert {family.name for family in parse_openmetrics(body.decode())} >= {UP, "boombap_command_runs"}
        assert b"_created" not in body
        _, head, packed = get(f"{server.url}/metrics", Accept_Encoding="gzip")
        assert head["Content-Encoding"] == "gzip"
        assert values(gzip.decompress(packed).decode())[UP, "db"] == 1.0
        assert get(f"{server.url}/metrics", "HEAD")[2] == b""
        assert get(f"{server.url}/metrics", "POST")[::2] == (405, b"only GET and HEAD\n")
        assert [get(server.url + path)[0] for path in ("/healthz", "/readyz", "/", "/nothing")] == [200, 200, 200, 404]
        assert b"<td>db<td>up" in get(f"{server.url}/")[2]


def test_a_scrape_ends_before_its_own_limit(tmp_path: Path) -> None:
    ended = threading.Event()
    page = Page([Source("db", lambda: (ended.wait(20) and SIZE) or SIZE)], tmp_path)
    with running(application(page, 30.0)) as server:
        begun_s = time.monotonic()
        status, _, body = get(f"{server.url}/metrics", X_Prometheus_Scrape_Timeout_Seconds="0.5")
        assert (status, values(body.decode())[UP, "db"]) == (200, 0.0)
        assert time.monotonic() - begun_s < 5
        ended.set()


def test_a_target_is_one_of_the_configured_sources(tmp_path: Path) -> None:
    left(tmp_path, "db")
    calls: list[str] = []

    def probe(name: str, figures: list[Figure]) -> Iterable[Figure]:
        calls.append(name)
        return figures

    sources = [
        Source("db", lambda: probe("db", SIZE)),
        Source("deps", lambda: probe("deps", [(catalogue.DEPS_ADVISORIES, ("PyPI",), 7.0)])),
    ]
    with running(application(Page(sources, tmp_path), 5.0)) as server:
        status, head, body = get(f"{server.url}/probe?target=db", Accept_Encoding="gzip")
        samples = values(gzip.decompress(body).decode())
        assert (status, head["Content-Encoding"], calls) == (200, "gzip", ["db"])
        assert samples == {
            ("boombap_db_size_bytes",): 42.0,
            (UP, "db"): 1.0,
            ("boombap_source_seconds", "db"): samples["boombap_source_seconds", "db"],
        }
        for query, code in (
            ("target=127.0.0.1:5432", 404),
            ("target=postgresql://127.0.0.1:1/x", 404),
            ("target=DB", 404),
            ("target=db%00", 404),
            ("target=%ff%3Cscript%3E", 404),
            ("target=", 400),
            ("", 400),
            ("target=db&target=deps", 400),
        ):
            status, _, body = get(f"{server.url}/probe?{query}")
            assert (status, body.partition(b"; ")[2]) == (code, b"known are db, deps\n"), query
        assert calls == ["db"], "nothing is asked for what is not known"


def test_a_probe_ends_in_time_and_shares_the_look_of_the_page(tmp_path: Path) -> None:
    ended, calls = threading.Event(), []

    def hang() -> Iterable[Figure]:
        calls.append(1)
        ended.wait(20)
        return SIZE

    with running(application(Page([Source("db", hang)], tmp_path), 30.0)) as server:
        started_s = time.monotonic()
        for path in ("probe?target=db", "metrics", "probe?target=db"):
            status, _, body = get(f"{server.url}/{path}", X_Prometheus_Scrape_Timeout_Seconds="0.5")
            assert (status, values(body.decode())[UP, "db"]) == (200, 0.0)
        assert (time.monotonic() - started_s < 10, calls) == (True, [1])
        ended.set()


def test_promtool_takes_the_page(tmp_path: Path) -> None:
    promtool = servers.require_prometheus("promtool")
    left(tmp_path, "db")
    sources = [Source("db", lambda: SIZE), Source("deps", lambda: [(catalogue.DEPS_ADVISORIES, ("PyPI",), 7.0)])]
    body, _ = Page(sources, tmp_path).render("", 5.0)
    done = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_what_nothing_has_counted_yet_is_0(tmp_path: Path) -> None:
    """A rate needs the value before the first event, and a panel without a series looks broken."""
    found = rendered(tmp_path)
    assert found["boombap_deps_admissions_total", "refused"] == 0
    assert found["boombap_deps_admission_seconds_count",] == 0
    assert found["boombap_flag_comparisons_total", "ctx-engine", "different"] == 0
    meter = Meter()
    meter.add(catalogue.FLAG_COMPARISONS, flag="ctx-engine", result="different")
    snapshot.leave(tmp_path, "ctx", meter)
    assert rendered(tmp_path)["boombap_flag_comparisons_total", "ctx-engine", "different"] == 1
