"""A table in shards: each process works on its part, and `status` adds the parts up."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from subprocess import TimeoutExpired
from typing import TYPE_CHECKING, Any

import pytest

from databases import until
from spotify.commands.test_batch import TRACKS, Processor, known, named, processor, web
from spotify.upstream import TOKEN

if TYPE_CHECKING:
    from subprocess import CompletedProcess, Popen

    from spotify.upstream import Asked


__all__ = ["known", "named", "processor", "web"]  # the fixtures that these tests use


@pytest.mark.parametrize(
    ("words", "environment", "message"),
    [
        (("--shard", "3"), {}, "'3' is not I/N, for example 1/4"),
        (("--shard", "5/4"), {}, "'5' is not a whole number from 1 to 4"),
        (("--shard", "0/4"), {}, "'0' is not a whole number from 1 to 4"),
        (("--shard", "1/0"), {}, "'0' is not a whole number from 1 to 10000"),
        (("--shard", "/4"), {}, "JOB_COMPLETION_INDEX is not set; write --shard 1/4 to --shard 4/4"),
        (("--shard", "/4"), {"JOB_COMPLETION_INDEX": "4"}, "--shard splits the table into 4 shards; it counts from 0"),
        ((), {"JOB_COMPLETIONS": "4"}, "JOB_COMPLETION_INDEX is not set"),
        ((), {"JOB_COMPLETIONS": "2", "JOB_COMPLETION_INDEX": "7"}, "it counts from 0 to 1"),
        ((), {"JOB_COMPLETION_INDEX": "x"}, "'x' is not a whole number from 0 to 9999"),
        (("--shard", "1/2", "--from", "x.csv"), {}, "shard 1/2 is a part of the table tracks"),
    ],
)
def test_a_wrong_shard_is_told_what_would_be_right(boombap: Any, words: Any, environment: Any, message: str):
    done: CompletedProcess[str] = boombap("spotify", "batch", *words, **environment)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_job_of_kubernetes_gives_the_shard(processor: Processor):
    pods = [{"JOB_COMPLETIONS": "2", "JOB_COMPLETION_INDEX": str(index)} for index in (0, 1)]
    first = processor.batch(**pods[0])["tracks"]
    assert 0 < first < TRACKS
    assert processor.batch("--shard", "1/2")["tracks"] == 0
    assert processor.batch("--shard", "/2", JOB_COMPLETION_INDEX="1")["tracks"] == TRACKS - first


def test_without_completions_the_pods_share_the_table(processor: Processor):
    assert processor.batch(JOB_COMPLETION_INDEX="7")["tracks"] == TRACKS


def test_a_refresh_in_shards(processor: Processor):
    processor.batch()
    processor.database.run("UPDATE spotify_matches SET checked_at = now() - interval '40 days'")
    words = ("refresh", "--older-than", "30d", "--format", "json")
    done = [json.loads(processor.run(*words, "--shard", f"{number}/3").stdout)["tracks"] for number in (1, 2, 3)]
    assert sum(done) == TRACKS
    assert all(done)


def test_four_shards_of_which_two_run_at_once(processor: Processor):
    """No row twice, and none left out."""
    done = [processor.batch("--shard", f"{number}/4") for number in (1, 2)]
    children = [processor.start("batch", "--format", "json", "--shard", f"{number}/4") for number in (3, 4)]
    done += [json.loads(child.communicate(timeout=30)[0]) for child in children]
    assert sum(part["tracks"] for part in done) == sum(part["stored"] for part in done) == TRACKS
    assert all(150 < part["tracks"] < 350 for part in done)
    ids = [id_ for asked in processor.web.log if asked.path == "/v1/tracks" for id_ in asked.ids]
    assert len(ids) == len(set(ids)) == TRACKS
    assert processor.outcomes() == {"matched": TRACKS}
    assert processor.leases() == 0


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_four_processes_share_a_large_table_in_flat_memory(processor: Processor):
    """Every row is written once, and four times the rows take no more memory."""
    rows = 120_000
    processor.database.run(
        "INSERT INTO tracks (id, artist, title, spotify_data)"
        " SELECT n, 'Nas', 'Song ' || n %% 10000, jsonb_build_object('id', lpad(n::text, 22, '0'))"
        " FROM generate_series(%s, %s) AS n",
        (TRACKS + 1, rows),
    )
    few = memory_kib(processor.start("batch", "-q", "--shard", "1/16"))
    processor.database.run(
        "CREATE TABLE written AS SELECT track_id AS id FROM spotify_matches;"
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN INSERT INTO public.written VALUES (new.track_id); RETURN new; END$$;"
        "CREATE TRIGGER note BEFORE INSERT OR UPDATE ON spotify_matches FOR EACH ROW EXECUTE FUNCTION note()"
    )
    children = [processor.start("batch", "-q", "--shard", f"{number}/4") for number in (1, 2, 3, 4)]
    with ThreadPoolExecutor(len(children)) as threads:
        many = list(threads.map(memory_kib, children))
    assert [child.returncode for child in children] == [0, 0, 0, 0]
    (found,) = processor.database.run("SELECT count(*) AS n, count(DISTINCT id) AS rows FROM written")
    assert (found["n"], found["rows"]) == (rows, rows)
    assert processor.outcomes() == {"matched": rows}
    run, first = status(processor)["runs"]
    assert (run["ended"], run["tracks"] + first["tracks"]) == ([1, 2, 3, 4], rows)
    assert max(many) < 1.2 * few, f"{many} KiB with a quarter of the rows each, {few} KiB with a sixteenth"


def memory_kib(child: Popen[str]) -> int:
    """Wait until a process has ended and return the most memory that it had."""
    found = 0
    while child.poll() is None:
        with suppress(ProcessLookupError, FileNotFoundError):
            text = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
            found = max(found, int(text.partition("VmHWM:")[2].split()[0])) if "VmHWM:" in text else found
        with suppress(TimeoutExpired):
            child.wait(0.02)
    child.communicate()
    return found


def status(processor: Processor) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(processor.run("status", "--format", "json").stdout)
    return found


def test_status_adds_the_shards_up(processor: Processor):
    first = processor.batch("--shard", "1/4")["tracks"]
    second = processor.batch("--shard", "2/4")["tracks"]
    (run,) = status(processor)["runs"]
    assert (run["ended"], run["missing"], run["tracks"]) == ([1, 2], [3, 4], first + second)
    assert (run["running"], run["left_s"], run["tracks_per_s"]) == ([], None, 0.0)
    text = processor.run("status").stdout
    assert f"run 1 (batch), 4 shards: 2 ended, 2 missing; {first + second:,} tracks, " in text
    assert "  missing: --shard 3/4, --shard 4/4\n" in text


def test_a_killed_shard_is_interrupted_and_never_running(processor: Processor):
    begun, go = threading.Event(), threading.Event()

    def trick(asked: Asked) -> None:
        if asked.path == "/v1/tracks" and asked.number > 1:
            begun.set()
            go.wait(20)

    processor.web.trick = trick
    child = processor.start("batch", "--workers", "1", "--shard", "2/3", "-q")
    assert begun.wait(20)
    (run,) = status(processor)["runs"]
    assert (run["running"], run["interrupted"], run["missing"]) == ([2], [], [1, 3])
    assert "1 running, 2 missing; " in processor.run("status").stdout
    child.kill()
    child.wait()
    go.set()
    until(lambda: not processor.database.run("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"))
    (run,) = status(processor)["runs"]
    assert (run["running"], run["interrupted"], run["missing"]) == ([], [2], [1, 3])
    assert "  interrupted: --shard 2/3\n" in processor.run("status").stdout
    processor.batch("--shard", "2/3")
    (run,) = status(processor)["runs"]
    assert (run["ended"], run["interrupted"]) == ([2], [])


def test_a_run_that_fails_says_why_in_the_status(processor: Processor):
    processor.web.trick = lambda asked: (401, {}) if asked.path == TOKEN else None
    assert processor.run("batch").returncode == 3
    (run,) = status(processor)["runs"]
    (failed,) = run["failed"]
    assert failed["shard"] == 1
    assert failed["ended_by"]
    assert f"  failed: {failed['ended_by']}" in processor.run("status").stdout


def test_a_dry_run_is_not_in_the_status(processor: Processor):
    processor.batch("--tracks", "1")
    processor.run("batch", "--dry-run")
    assert [run["tracks"] for run in status(processor)["runs"]] == [1]
