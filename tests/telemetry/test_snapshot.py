from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.filelock import lock
from boombap.telemetry import snapshot
from boombap.telemetry.catalogue import LAST_SUCCESS, Metric
from boombap.telemetry.instruments import Meter

if TYPE_CHECKING:
    from pathlib import Path

COUNT = Metric("t_rows_total", "counter", "Rows", ("table",))
LEVEL = Metric("t_depth", "gauge", "Depth", ("queue",))
TIME = Metric("t_seconds", "histogram", "Time", (), (0.1, 1.0))


def meter(rows: float = 1, **depths: float) -> Meter:
    made = Meter()
    made.add(COUNT, rows, table="tracks")
    made.observe(TIME, 0.5)
    for queue, depth in depths.items():
        made.set(LEVEL, depth, queue=queue)
    return made


def test_runs_add_up_and_gauges_are_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    assert snapshot.leave(folder, "db", meter(2, old=9, kept=1))
    assert snapshot.leave(folder, "db", meter(3, kept=2))
    assert (folder / "db.prom").read_text().splitlines() == [
        't_depth{queue="kept"} 2',
        't_rows_total{table="tracks"} 5',
        't_seconds_bucket{le="+Inf"} 2',
        't_seconds_bucket{le="0.1"} 0',
        't_seconds_bucket{le="1.0"} 2',
        "t_seconds_count 2",
        "t_seconds_sum 1",
    ]


def test_files_and_folder_are_private(tmp_path: Path) -> None:
    snapshot.leave(tmp_path / "metrics", "db", meter())
    assert (tmp_path / "metrics").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "metrics" / "db.prom").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"t_rows_tot", b"t_rows_total 5", b"\xff\n", b"a b c\n", b'x{a="b} 1\n'])
def test_a_damaged_file_counts_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "db.prom").write_bytes(content)
    assert snapshot.read(tmp_path / "db.prom") == {}
    assert snapshot.leave(tmp_path, "db", meter(4))
    assert snapshot.read(tmp_path / "db.prom")["t_rows_total", (("table", "tracks"),)] == 4


@pytest.mark.parametrize(("size", "is_read"), [(4_000_000, True), (4_000_001, False)])
@pytest.mark.slow
def test_a_file_too_large_to_be_ours_counts_as_none(tmp_path: Path, size: int, is_read: bool) -> None:
    """A short command must spend neither time nor memory on it, nor take its first lines for the whole."""
    first, second = 't_rows_total{table="', '"} 1\n'
    line = first + "x" * (size - len(first) - len(second)) + second
    (tmp_path / "db.prom").write_text(line if is_read else line + "t_depth 1\n")
    assert bool(snapshot.read(tmp_path / "db.prom")) is is_read


def test_a_folder_that_cannot_be_made_fails_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert not snapshot.leave(tmp_path / "file" / "metrics", "db", meter())


def test_two_processes_lose_no_count(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from boombap.telemetry import snapshot\n"
        "from boombap.telemetry.catalogue import Metric\n"
        "from boombap.telemetry.instruments import Meter\n"
        "for _ in range(100):\n"
        "    meter = Meter()\n"
        "    meter.add(Metric('t_rows_total', 'counter', 'Rows'))\n"
        "    while not snapshot.leave(Path(sys.argv[1]), 'db', meter):\n"
        "        pass\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(3)]
    assert [child.wait(timeout=60) for child in children] == [0, 0, 0]
    assert snapshot.read(tmp_path / "db.prom")["t_rows_total", ()] == 300.0


def test_a_gauge_of_single_things_keeps_the_others(tmp_path: Path) -> None:
    for action, at_s in (("health", 1000.0), ("slow", 2000.0), ("health", 3000.0)):
        made = Meter()
        made.set(LAST_SUCCESS, at_s, command="db", action=action)
        assert snapshot.leave(tmp_path, "db", made)
    times = {dict(labels)["action"]: value for (_, labels), value in snapshot.read(tmp_path / "db.prom").items()}
    assert times == {"health": 3000.0, "slow": 2000.0}


def test_text_that_is_not_utf8_is_made_safe(tmp_path: Path) -> None:
    made = Meter()
    made.add(COUNT, table=os.fsdecode(b"caf\xe9.txt"))
    assert snapshot.leave(tmp_path, "ctx", made)
    assert (tmp_path / "ctx.prom").read_text(encoding="utf-8") == 't_rows_total{table="caf\\\\udce9.txt"} 1\n'
    assert snapshot.leave(tmp_path, "ctx", made), "and is read back"


def test_other_bounds_start_the_family_over(tmp_path: Path) -> None:
    assert snapshot.leave(tmp_path, "db", meter(2))
    other = Metric("t_seconds", "histogram", "Time", (), (0.25, 0.75))
    made = Meter()
    made.observe(other, 0.5)
    assert snapshot.leave(tmp_path, "db", made)
    samples = snapshot.read(tmp_path / "db.prom")
    buckets = {labels[0][1]: value for (name, labels), value in samples.items() if name == "t_seconds_bucket"}
    assert buckets == {"0.25": 0, "0.75": 1, "+Inf": 1}
    assert (samples["t_seconds_count", ()], samples["t_seconds_sum", ()]) == (1, 0.5)
    assert samples["t_rows_total", (("table", "tracks"),)] == 2


def test_a_lock_that_is_not_given_up_costs_the_metrics_of_a_run_and_is_counted(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    assert snapshot.leave(folder, "db", meter())
    held = os.open(folder / ".db.lock", os.O_RDWR)
    lock(held)
    begun_s = time.monotonic()
    assert not snapshot.leave(folder, "db", meter())
    assert not snapshot.leave(folder, "db", meter())
    assert time.monotonic() - begun_s < 5
    os.close(held)
    assert snapshot.leave(folder, "db", meter())
    samples = snapshot.read(folder / "db.prom")
    assert samples["boombap_command_runs_lost_total", (("command", "db"),)] == 2
    assert samples["t_rows_total", (("table", "tracks"),)] == 2
    assert sorted(path.name for path in folder.iterdir()) == [".db.lock", "db.prom"]


def test_a_writer_that_is_killed_leaves_one_file_at_most(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    program = (
        "import sys; from pathlib import Path\n"
        "from boombap.telemetry import snapshot\n"
        "from boombap.telemetry.catalogue import Metric\n"
        "from boombap.telemetry.instruments import Meter\n"
        "metric = Metric('t_total', 'counter', 'x', ('n',))\n"
        "while True:\n"
        "    meter = Meter()\n"
        "    for n in range(500): meter.add(metric, n=str(n))\n"
        "    snapshot.leave(Path(sys.argv[1]), 'db', meter)\n"
    )
    for turn in range(6):
        child = subprocess.Popen([sys.executable, "-c", program, str(folder)])
        time.sleep(0.25 + turn / 100)
        child.kill()
        child.wait()
    assert {path.name for path in folder.iterdir()} <= {".db.lock", ".db.part", "db.prom"}
    assert snapshot.leave(folder, "db", meter())
    assert not (folder / ".db.part").exists()


NAMES = st.from_regex(r"[a-z_][a-z0-9_]*", fullmatch=True)
LABELS = st.lists(st.tuples(NAMES, st.text(st.characters(exclude_categories=("Cs",)))), max_size=3)


@given(st.dictionaries(st.tuples(NAMES, LABELS.map(tuple)), st.floats(allow_nan=False), max_size=5))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, samples) -> None:
    path = tmp_path_factory.mktemp("snapshot") / "any.prom"
    path.write_text("".join(f"{line}\n" for line in snapshot.lines(samples)), encoding="utf-8", newline="\n")
    assert snapshot.read(path) == samples
