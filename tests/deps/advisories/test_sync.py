from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from email.utils import formatdate
from pathlib import Path
from typing import Any

import orjson
import pytest

from boombap.clients.http.multi import Client
from boombap.deps.advisories.database import open_database, place
from boombap.deps.advisories.export_source import Folder, open_origin
from boombap.deps.advisories.sync import Wanted, sync
from boombap.deps.audit import audit
from boombap.errors import ExternalError, NotFound, NoVerdict, Unavailable, UsageError
from boombap.interrupt import Interrupt
from boombap.server.answer import answer
from boombap.server.serve import running
from deps.osv import DATA, HIGH, TRUTH, database, export, needs, reading, record, scored, take_in
from fakes.file_server import serving

FIXED = ({"introduced": "0"}, {"fixed": "2"})
STEPS = ("locked", "fetched", "reading", "grouping", "checking", "publishing")


def found(folder: str | Path, name: str = "fastapi", version: str = "0.104.1") -> list[str]:
    return [one.id for one in audit(reading(needs(name, version)), str(folder), now_s=time.time()).findings]


def test_a_record_is_taken_in_and_a_second_sync_finds_nothing_new(tmp_path: Path):
    source = export(tmp_path / "export", TRUTH)
    first = take_in(source, tmp_path / "db")
    assert (first.state, first.changed, first.source.records) == ("built", 4, 4)
    assert take_in(source, tmp_path / "db").state == "current"
    assert found(tmp_path / "db") == ["PYSEC-2024-38"]


def test_files_and_folders_are_the_owners_only(tmp_path: Path):
    folder = Path(database(tmp_path, TRUTH))
    modes = {path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert (folder.stat().st_mode & 0o777, modes) == (0o700, {0o600})


class Stopped(Exception):
    pass


@pytest.mark.parametrize("at", STEPS)
def test_a_sync_that_ends_early_keeps_the_old_database(at: str, tmp_path: Path):
    folder = Path(database(tmp_path, TRUTH))
    export(tmp_path / "export", [record("PYSEC-9", "fastapi", *FIXED)])

    def watch(step: str, _: int) -> None:
        if step == at:
            raise Stopped

    with pytest.raises(Stopped):
        sync("PyPI", Folder(tmp_path / "export"), Wanted(folder), clock=time.time, pause=time.sleep, watch=watch)
    assert found(folder) == ["PYSEC-2024-38"]
    assert {path.name for path in folder.iterdir()} == {"PyPI.advisories", "PyPI.advisories.lock"}
    assert take_in(tmp_path / "export", folder).state == "built"
    assert found(folder) == ["PYSEC-9"]


KILLED = """
import os, signal, sys, time
from pathlib import Path
from boombap.deps.advisories.export_source import Folder
from boombap.deps.advisories.sync import Wanted, sync
def watch(step, _):
    if step == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)
sync("PyPI", Folder(Path(sys.argv[1])), Wanted(Path(sys.argv[2])), clock=time.time, pause=time.sleep, watch=watch)
"""


@pytest.mark.parametrize("at", ["reading", "publishing", "published"])
def test_a_sync_that_is_killed_leaves_a_whole_database(at: str, tmp_path: Path):
    folder = database(tmp_path, TRUTH)
    export(tmp_path / "export", [record("PYSEC-9", "fastapi", *FIXED)])
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "export"), folder, at], check=False)
    assert done.returncode == -9
    assert found(folder) == (["PYSEC-9"] if at == "published" else ["PYSEC-2024-38"])
    assert take_in(tmp_path / "export", Path(folder)).source.records == 1


FULL = """
import resource, signal, sys, time
from pathlib import Path
from boombap.deps.advisories.export_source import Folder
from boombap.deps.advisories.sync import Wanted, sync
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    sync("PyPI", Folder(Path(sys.argv[1])), Wanted(Path(sys.argv[2])), clock=time.time, pause=time.sleep)
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_full_disk_keeps_the_old_database_and_says_so(tmp_path: Path):
    folder = database(tmp_path, TRUTH)
    many = [record(f"PYSEC-{number}", "fastapi", *FIXED) for number in range(400)]
    export(tmp_path / "export", many)
    words = [sys.executable, "-c", FULL, str(tmp_path / "export"), folder]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.stdout.startswith("ExternalError cannot write the advisories")
    assert "the old database stays" in done.stdout
    assert found(folder) == ["PYSEC-2024-38"]


def test_two_at_once_build_one_after_the_other(tmp_path: Path):
    source, folder = export(tmp_path / "export", TRUTH), tmp_path / "db"
    inside, states = threading.Event(), []
    go_on = threading.Event()

    def watch(step: str, _: int) -> None:
        if step == "reading":
            inside.set()
            assert go_on.wait(10)

    def first() -> None:
        states.append(
            sync("PyPI", Folder(source), Wanted(folder), clock=time.time, pause=time.sleep, watch=watch).state
        )

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(10)
    waits: list[float] = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        go_on.set()
        thread.join(10)

    begun = time.time()
    second = sync("PyPI", Folder(source), Wanted(folder), clock=lambda: begun, pause=pause)
    assert (states, second.state, len(waits)) == (["built"], "current", 1)


BAD = {
    "no records": [],
    "two of one id": [record("A-1", "x", *FIXED), record("a-1", "x", *FIXED)],
}


@pytest.mark.parametrize("kind", BAD)
def test_an_archive_without_sense_is_refused(kind: str, tmp_path: Path):
    folder = database(tmp_path, TRUTH)
    export(tmp_path / "export", BAD[kind])
    with pytest.raises(ExternalError):
        take_in(tmp_path / "export", Path(folder))
    assert found(folder) == ["PYSEC-2024-38"]


def test_one_unreadable_record_is_counted_and_many_are_refused(tmp_path: Path):
    deep = "[" * 100_000
    good = [record(f"PYSEC-{number}", "fastapi", *FIXED) for number in range(200)]
    source = export(tmp_path / "export", good)
    import zipfile

    with zipfile.ZipFile(source / "PyPI/all.zip", "a") as archive:
        archive.writestr("deep.json", deep)
    assert take_in(source, tmp_path / "db").source.unreadable == 1
    with zipfile.ZipFile(source / "PyPI/all.zip", "a") as archive:
        for number in range(5):
            archive.writestr(f"odd{number}.json", '{"id": ["x"]}')
    with pytest.raises(ExternalError, match="6 of 206"):
        take_in(source, tmp_path / "db")


def listed(source: Path, records: list[dict[str, Any]]) -> None:
    lines = [f"{one['modified'][:19]}.000001Z,{one['id']}" for one in records]
    (source / "PyPI/modified_id.csv").write_text("\n".join(lines) + "\n")
    for one in records:
        (source / f"PyPI/{one['id']}.json").write_text(json.dumps(one))


def test_only_what_changed_is_taken_in(tmp_path: Path):
    source, folder = export(tmp_path / "export", TRUTH), tmp_path / "db"
    listed(source, TRUTH)
    take_in(source, folder)
    (source / "PyPI/all.zip").write_bytes(b"must not be read")
    assert take_in(source, folder).state == "current"
    new = record("GHSA-1", "redis", *({"introduced": "0"}, {"fixed": "6"}), aliases=["CVE-2024-21503"])
    later = {**TRUTH[1], "modified": "2026-02-01T00:00:00Z", "withdrawn": "2026-02-01T00:00:00Z"}
    listed(source, [TRUTH[0], later, *TRUTH[2:], new])
    outcome = take_in(source, folder)
    assert (outcome.state, outcome.changed, outcome.source.records) == ("updated", 2, 5)
    assert found(folder, "redis", "5.3.1") == ["GHSA-1"]
    assert found(folder, "black", "23.12.1") == []
    assert found(folder) == ["PYSEC-2024-38"]


def many(number: int, ecosystem: str = "PyPI", **more: Any) -> list[dict[str, Any]]:
    return [record(f"A-{at}", f"p{at}", *FIXED, ecosystem=ecosystem, **more) for at in range(number)]


def content(folder: str | Path) -> bytes:
    return Path(place(str(folder), "PyPI")).read_bytes()


WRONG = {
    "another ecosystem": many(100, "Go"),
    "one in nine of another ecosystem": [*many(100), *many(112, "npm")[100:]],
    "records about nothing": [record(f"A-{at}") for at in range(100)],
    "withdrawn records only": many(100, withdrawn="2026-01-02T00:00:00Z"),
    "another ecosystem beside withdrawn records": [
        *many(90, withdrawn="2026-01-02T00:00:00Z"),
        *many(100, "Go")[90:],
    ],
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("wanted", [{}, {"is_rebuilt": True, "accepts_loss": True}])
def test_an_archive_of_another_ecosystem_is_refused(kind: str, wanted: dict[str, bool], tmp_path: Path):
    """A database that matches nothing would call everything clean."""
    folder = database(tmp_path, many(100))
    before = content(folder)
    export(tmp_path / "export", WRONG[kind])
    with pytest.raises(ExternalError, match="are about PyPI") as error:
        take_in(tmp_path / "export", Path(folder), **wanted)
    assert (error.value.exit_code, content(folder) == before) == (3, True)
    with pytest.raises(ExternalError, match="are about PyPI"):
        take_in(tmp_path / "export", tmp_path / "new")
    assert open_database(str(tmp_path / "new"), "PyPI") is None


def test_an_archive_may_hold_a_few_records_about_others_and_withdrawn_ones(tmp_path: Path):
    withdrawn = many(150, withdrawn="2026-01-02T00:00:00Z")[100:]
    source = export(tmp_path / "export", [*many(92), *many(100, "Go")[92:], *withdrawn])
    assert take_in(source, tmp_path / "db").source.records == 150


SHRUNK = {
    "most records gone": many(10),
    "6 of 100 gone": many(94),
    "other records in place of them": [{**one, "id": f"B-{one['id']}"} for one in many(100)],
    "6 of 100 withdrawn at once": [*many(94), *many(100, withdrawn="2026-01-02T00:00:00Z")[94:]],
    "6 of 100 about another ecosystem now": [*many(94), *many(100, "Go")[94:]],
}


@pytest.mark.parametrize("kind", SHRUNK)
@pytest.mark.parametrize("wanted", [{}, {"is_rebuilt": True}, {"accepts_loss": True}])
def test_an_export_that_shrank_is_refused(kind: str, wanted: dict[str, bool], tmp_path: Path):
    """What an advisory said yesterday is not undone by a mirror that lost it."""
    folder = database(tmp_path, many(100))
    before = content(folder)
    export(tmp_path / "export", SHRUNK[kind])
    with pytest.raises(ExternalError, match=r"of 100 advisories .* --accept-loss") as error:
        take_in(tmp_path / "export", Path(folder), **wanted)
    assert (error.value.exit_code, content(folder) == before) == (3, True)
    assert take_in(tmp_path / "export", Path(folder), is_rebuilt=True, accepts_loss=True).state == "built"


def test_withdrawn_records_that_vanish_are_a_loss_too(tmp_path: Path):
    folder = database(tmp_path, [*many(94), *many(100, withdrawn="2026-01-02T00:00:00Z")[94:]])
    export(tmp_path / "export", many(94))
    with pytest.raises(ExternalError, match="6 of 100"):
        take_in(tmp_path / "export", Path(folder))


def test_an_export_may_lose_a_twentieth(tmp_path: Path):
    folder = database(tmp_path, many(100))
    export(tmp_path / "export", many(95))
    assert take_in(tmp_path / "export", Path(folder)).source.records == 95


def test_an_increment_that_empties_records_is_refused(tmp_path: Path):
    source, folder = export(tmp_path / "export", many(100)), tmp_path / "db"
    listed(source, many(100))
    take_in(source, folder)
    before = content(folder)
    later = [{**one, "modified": "2026-03-01T00:00:00Z"} for one in many(20, "Go")]
    listed(source, [*later, *many(100)[20:]])
    with pytest.raises(ExternalError, match="20 of 100"):
        take_in(source, folder)
    assert content(folder) == before


def test_a_list_that_was_cut_short_removes_nothing(tmp_path: Path):
    """Withdrawn advisories stay in a list, so an id that is missing says nothing about the advisory."""
    source, folder = export(tmp_path / "export", many(100)), tmp_path / "db"
    listed(source, many(100))
    take_in(source, folder)
    listed(source, many(60))
    assert take_in(source, folder).source.records == 100
    new = {**record("A-100", "p100", *FIXED), "modified": "2026-03-01T00:00:00Z"}
    listed(source, [*many(60), new])
    outcome = take_in(source, folder)
    assert (outcome.state, outcome.changed, outcome.source.records) == ("updated", 1, 101)
    assert found(folder, "p99", "1") == ["A-99"]
    assert found(folder, "p100", "1") == ["A-100"]


def test_a_list_that_was_cut_short_leads_to_a_new_archive(tmp_path: Path):
    source, folder = export(tmp_path / "export", many(100)), tmp_path / "db"
    listed(source, many(100))
    take_in(source, folder)
    listed(source, many(60))
    export(source, many(101))
    outcome = take_in(source, folder)
    assert (outcome.state, outcome.source.records) == ("built", 101)


def test_after_an_increment_the_archive_is_not_current(tmp_path: Path):
    source, folder = export(tmp_path / "export", many(100)), tmp_path / "db"
    listed(source, many(100))
    take_in(source, folder)
    wrong = {**record("A-0", "other", *FIXED), "modified": "2026-03-01T00:00:00Z"}
    listed(source, [wrong, *many(100)[1:]])
    assert take_in(source, folder).state == "updated"
    assert found(folder, "p0", "1") == []
    (source / "PyPI/modified_id.csv").unlink()
    assert take_in(source, folder).state == "built"
    assert found(folder, "p0", "1") == ["A-0"]


def test_an_increment_gives_the_same_findings_as_a_build(tmp_path: Path):
    lent = record("GHSA-7", "fastapi", *FIXED, aliases=["CVE-7"], severity=scored(HIGH))
    plain = record("PYSEC-7", "fastapi", *FIXED, aliases=["CVE-7"])
    source = export(tmp_path / "export", [plain])
    listed(source, [plain])
    take_in(source, tmp_path / "db")
    listed(source, [plain, lent])
    assert take_in(source, tmp_path / "db").state == "updated"
    whole = database(tmp_path / "other", [plain, lent])
    asked = reading(needs("fastapi", "1.0"))
    updated, built = (audit(asked, str(folder), now_s=0).findings for folder in (tmp_path / "db", whole))
    assert updated == built
    assert [(one.id, one.severity.basis) for one in built] == [("PYSEC-7", "CVSS:3.1")]


def test_kev_and_epss_follow_the_alias(tmp_path: Path):
    kev, epss = tmp_path / "kev.json", tmp_path / "epss.csv"
    kev.write_text(json.dumps({"vulnerabilities": [{"cveID": "CVE-2024-24762", "dateAdded": "2024-03-01"}]}))
    epss.write_text("#model\ncve,epss,percentile\nCVE-2024-24762,0.42,0.9\nCVE-1,x,1\n")
    folder = database(tmp_path, TRUTH, kev=kev, epss=epss)
    (one,) = audit(reading(needs("fastapi", "0.104.1")), folder, now_s=0).findings
    assert (one.kev, one.epss) == ("2024-03-01", 0.42)
    kev.write_text(json.dumps({"vulnerabilities": []}))
    # The advisories are the same, the catalogue is not.
    assert take_in(tmp_path / "export", Path(folder), kev=kev, epss=epss).state == "built"
    kev.write_text("[]")
    with pytest.raises(ExternalError, match="not a catalogue"):
        take_in(tmp_path / "export", Path(folder), kev=kev)


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"\0" * 4000, b"x" * 5000])
def test_a_damaged_database_is_said_and_the_next_sync_mends_it(content: bytes, tmp_path: Path):
    folder = database(tmp_path, TRUTH)
    Path(place(folder, "PyPI")).write_bytes(content)
    with pytest.raises(ExternalError, match="sync"):
        found(folder)
    take_in(tmp_path / "export", Path(folder))
    assert found(folder) == ["PYSEC-2024-38"]


def test_a_truncated_database_is_said(tmp_path: Path):
    many = [record(f"PYSEC-{number}", f"p{number}", *FIXED) for number in range(300)]
    folder = database(tmp_path, many)
    file = Path(place(folder, "PyPI"))
    os.truncate(file, file.stat().st_size // 2)
    names = [needs(f"p{number}", "1") for number in range(300)]
    with pytest.raises(ExternalError, match="cannot be read"):
        audit(reading(*names), folder, now_s=0)


def test_a_database_of_another_version_gives_no_verdict(tmp_path: Path):
    import sqlite3

    folder = database(tmp_path, TRUTH)
    connection = sqlite3.connect(place(folder, "PyPI"))
    connection.execute("PRAGMA user_version=7")
    connection.close()
    with pytest.raises(NoVerdict, match="another version"):
        found(folder)


def test_a_database_may_be_replaced_while_it_is_read(tmp_path: Path):
    folder = database(tmp_path, TRUTH)
    opened = open_database(folder, "PyPI")
    assert opened
    export(tmp_path / "export", [record("PYSEC-9", "fastapi", *FIXED)])
    take_in(tmp_path / "export", Path(folder))
    assert [row[3] for row in opened.about(["fastapi"])] == ["PYSEC-2024-38"]
    opened.close()
    assert found(folder) == ["PYSEC-9"]


def take_from(url: str, folder: Path, **limits: float):
    with Client(Interrupt(), **limits) as client:  # type: ignore[arg-type]
        origin = open_origin(url, lambda: client)
        return sync("PyPI", origin, Wanted(folder), clock=time.time, pause=time.sleep)


def test_an_export_behind_http(tmp_path: Path):
    archive = (export(tmp_path / "export", TRUTH) / "PyPI/all.zip").read_bytes()
    with serving({"/osv/PyPI/all.zip": archive}) as server:
        outcome = take_from(f"{server.url.replace('http://', 'http://dj:s3cret@')}/osv/", tmp_path / "db")
    assert outcome.state == "built"
    assert "s3cret" not in outcome.source.origin
    assert found(tmp_path / "db") == ["PYSEC-2024-38"]


def test_the_server_says_when_the_export_was_written(tmp_path: Path):
    archive = (export(tmp_path / "export", TRUTH) / "PyPI/all.zip").read_bytes()
    dates = iter(
        (formatdate(time.time() - 9000), formatdate(time.time() - 3000), "soon", "Fri, 01 Jan 2100 00:00:00 GMT")
    )

    def app(environ, start):
        if not environ["PATH_INFO"].endswith("all.zip"):
            return answer(start, 404, b"")
        return answer(start, 200, archive, headers=[("Last-Modified", next(dates))])

    with running(app) as server:
        ages = [take_from(server.url, tmp_path / "db").source.export_age_s for _ in range(4)]
    assert [round(age, -3) if age else age for age in ages] == [9000, 3000, None, None]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (404, NotFound),
        ((429, [("Retry-After", "7")]), Unavailable),
        (500, Unavailable),
        (b"<html>", ExternalError),
        ((302, [("Location", "http://localhost:1/PyPI/all.zip")]), ExternalError),
    ],
)
def test_a_server_that_fails_keeps_the_old_database(said: Any, error: type[ExternalError], tmp_path: Path):
    folder = Path(database(tmp_path, TRUTH))
    with serving({"/PyPI/all.zip": said}) as server, pytest.raises(error):
        take_from(server.url, folder)
    assert found(folder) == ["PYSEC-2024-38"]


def test_a_redirect_to_another_host_is_refused(tmp_path: Path):
    archive = (export(tmp_path / "export", TRUTH) / "PyPI/all.zip").read_bytes()
    with ExitStack() as stack:
        other = stack.enter_context(serving({"/PyPI/all.zip": archive}))
        there = (302, [("Location", f"http://localhost:{other.port}/PyPI/all.zip")])
        server = stack.enter_context(serving({"/PyPI/all.zip": there}))
        with pytest.raises(ExternalError, match="redirects to http://localhost"):
            take_from(server.url, tmp_path / "db")


def test_a_server_that_stalls_is_given_up(tmp_path: Path):
    ended = threading.Event()
    with ExitStack() as stack:
        server = stack.enter_context(serving({"/PyPI/all.zip": lambda: ended.wait(20) and b""}))
        stack.callback(ended.set)
        with pytest.raises(ExternalError, match="did not finish"):
            take_from(server.url, tmp_path / "db", stall_s=1.0)


@pytest.mark.parametrize("place", ["ftp://mirror.example.org/osv", "s3://osv"])
def test_other_addresses_are_no_origin(place: str):
    with pytest.raises(UsageError):
        open_origin(place, lambda: pytest.fail("no client is needed"))


def test_a_file_address_is_a_folder(tmp_path: Path):
    export(tmp_path / "my export", TRUTH)
    origin = open_origin(f"file://{tmp_path}/my%20export", lambda: pytest.fail("no client is needed"))
    assert sync("PyPI", origin, Wanted(tmp_path / "db"), clock=time.time, pause=time.sleep).state == "built"


@pytest.mark.skipif(not (DATA / "PyPI/all.zip").exists(), reason="needs the real advisories, see BOOMBAP_DATA")
def test_the_ground_truth_comes_out_of_the_real_export(tmp_path: Path):
    outcome = take_in(DATA, tmp_path / "db")
    size = Path(place(str(tmp_path / "db"), "PyPI")).stat().st_size
    assert size / outcome.source.records < 2_000
    asked = reading(needs("fastapi", "0.104.1"), needs("black", "23.12.1"), needs("redis", "5.3.1"))
    said = [
        (one.dependency.name, one.id, one.aliases[-1], one.severity.level, one.severity.score, one.fixed)
        for one in audit(asked, str(tmp_path / "db"), now_s=time.time()).findings
    ]
    assert said == [
        ("fastapi", "PYSEC-2024-38", "CVE-2024-24762", "high", 7.5, ("0.109.1",)),
        ("black", "PYSEC-2024-48", "CVE-2024-21503", "unknown", None, ("24.3.0",)),
    ]


def test_the_document_is_kept_for_who_asks(tmp_path: Path):
    odd = record("PYSEC-5", "x", *FIXED, new_field={"a": [1]}, modified="0001-01-01T00:00:00Z")
    opened = open_database(database(tmp_path, [odd]), "PyPI")
    assert opened
    ((name, document),) = opened.documents("pysec-5")
    opened.close()
    assert (name, orjson.loads(document)) == ("PYSEC-5", odd)


def test_an_export_that_cannot_be_looked_for_is_named():
    long = "x" * 300
    with pytest.raises(ExternalError, match=r"cannot look for all.zip in x+: File name too long"):
        Folder(Path(long)).file("all.zip", Path(), lambda *_: None)
