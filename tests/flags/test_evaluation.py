"""Which source decides, and what happens where one is torn, gone, swapped, or never was."""

from __future__ import annotations

import json
import os
import re
from argparse import Namespace
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from boombap.command.context import RunContext
from boombap.config.model import Config, Paths
from boombap.config.secret import Secret
from boombap.errors import ConfigError
from boombap.flags.change import set_percent
from boombap.flags.evaluation import Flags, default_file, evaluate, opened
from boombap.flags.settings import FlagSettings
from boombap.flags.sources.document import with_percent
from boombap.interrupt import Interrupt
from boombap.output.terminal import Terminal
from boombap.telemetry.instruments import Meter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DB = "db-engine"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def flags(state: Path, notes: list[str] | None = None, **settings: Any) -> Flags:
    return Flags(FlagSettings(**settings), state, Interrupt(), note=(notes if notes is not None else []).append)


def answer(state: Path, notes: list[str] | None = None, key: str = "rap", **settings: Any) -> tuple[str, str, str]:
    evaluation = flags(state, notes, **settings).evaluate(DB, key)
    return evaluation.variant, evaluation.reason, evaluation.source


def set_to(state: Path, percent: int, flag: str = DB, **settings: Any) -> None:
    set_percent(FlagSettings(**settings), state, Interrupt(), flag, percent * 100)


def write(path: Path, percent: int) -> None:
    """Replace a file as an editor or a ConfigMap does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"flags": {DB: with_percent({}, percent * 100)}}))
    part.replace(path)


def test_never_configured_is_native_and_leaves_nothing(state: Path):
    notes: list[str] = []
    assert answer(state, notes) == ("native", "DEFAULT", "default")
    assert (notes, state.exists()) == ([], False)


def test_another_flag_that_is_set_does_not_decide(state: Path):
    set_to(state, 0, "ctx-engine")
    assert answer(state) == ("native", "DEFAULT", "default")


@pytest.mark.parametrize(("percent", "variant"), [(0, "classic"), (100, "native")])
def test_the_file_decides(state: Path, percent: int, variant: str):
    set_to(state, percent)
    assert answer(state) == (variant, "TARGETING_MATCH", "file")


def test_an_empty_key_gets_the_default_variant(state: Path):
    set_to(state, 100)
    assert answer(state, key="") == ("classic", "DEFAULT", "file")


def test_an_override_is_stronger(state: Path):
    set_to(state, 100)
    assert answer(state, db_engine="classic") == ("classic", "OVERRIDE", "override")


def test_a_flag_that_is_switched_off_is_as_if_it_were_not_set(state: Path):
    set_to(state, 0)
    document = json.loads(default_file(state).read_text())
    document["flags"][DB]["state"] = "DISABLED"
    default_file(state).write_text(json.dumps(document))
    assert answer(state) == ("native", "DEFAULT", "default")


BROKEN = {
    "torn": lambda path: path.write_text('{"flags": {'),
    "empty": lambda path: path.write_text(""),
    "too large": lambda path: path.write_text('{"flags": {}}' + " " * 10 * 1024**2),
    "too deep": lambda path: path.write_text('{"a":' * 50_000),
    "of another scheme": lambda path: path.write_text('{"flags": {}, "metadata": {"hashing": "x"}}'),
    "removed": lambda path: path.unlink(),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "a dangling link": lambda path: (path.unlink(), path.symlink_to("gone")),
}
each_fault = pytest.mark.parametrize("fault", BROKEN)


@each_fault
@pytest.mark.parametrize("percent", [0, 100])
def test_a_broken_file_leaves_the_last_good_copy(state: Path, fault: str, percent: int):
    set_to(state, percent)
    BROKEN[fault](default_file(state))
    notes: list[str] = []
    assert answer(state, notes) == ("classic" if percent == 0 else "native", "TARGETING_MATCH", "copy")
    assert len(notes) == 1
    assert "cannot be used" in notes[0]
    assert "last good copy" in notes[0]


@each_fault
def test_a_broken_file_without_a_copy_is_classic(tmp_path: Path, state: Path, fault: str):
    path = tmp_path / "flags.json"
    write(path, 100)
    BROKEN[fault](path)
    notes: list[str] = []
    assert answer(state, notes, file=path) == ("classic", "ERROR", "file")
    assert "the classic engines are used" in notes[0]


@pytest.mark.parametrize(("fault", "reason"), [("a pipe", "not a regular file"), ("too large", "larger than 1 MiB")])
def test_the_note_says_what_is_wrong(tmp_path: Path, state: Path, fault: str, reason: str):
    write(tmp_path / "flags.json", 100)
    BROKEN[fault](tmp_path / "flags.json")
    notes: list[str] = []
    answer(state, notes, file=tmp_path / "flags.json")
    assert reason in notes[0]


@each_fault
def test_a_long_run_notices_a_file_that_breaks_and_one_that_is_repaired(tmp_path: Path, state: Path, fault: str):
    path = tmp_path / "flags.json"
    write(path, 100)
    notes: list[str] = []
    run = flags(state, notes, file=path)
    assert run.evaluate(DB, "rap").source == "file"
    BROKEN[fault](path)
    assert [run.evaluate(DB, "rap").source for _ in range(3)] == ["copy"] * 3
    assert len(notes) == 1  # once, not per key
    if path.is_dir():
        path.rmdir()
    write(path, 0)
    evaluation = run.evaluate(DB, "rap")
    assert (evaluation.variant, evaluation.source, run.problems()) == ("classic", "file", [])


def test_a_copy_belongs_to_its_file(tmp_path: Path, state: Path):
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    write(first, 100)
    assert answer(state, file=first)[0] == "native"
    second.write_text("{")
    assert answer(state, file=second) == ("classic", "ERROR", "file")


def test_a_copy_without_flags_is_a_good_one(tmp_path: Path, state: Path):
    path = tmp_path / "flags.json"
    path.write_text('{"flags": {}}')
    assert answer(state, file=path) == ("native", "DEFAULT", "default")
    path.write_text("{")
    assert answer(state, file=path) == ("native", "DEFAULT", "default")


def test_a_copy_that_is_broken_too_is_classic(state: Path):
    set_to(state, 100)
    for path in (state / "flags").glob("*.json"):
        path.write_text("{")
    assert answer(state) == ("classic", "ERROR", "file")


def test_a_config_map_that_swaps_its_link(tmp_path: Path, state: Path):
    """As kubelet does: `flags.json` > `..data/flags.json`, and `..data` is replaced."""
    for name, percent in (("..1", 100), ("..2", 0)):
        write(tmp_path / name / "flags.json", percent)
        os.utime(tmp_path / name / "flags.json", (1, 1))  # the same time and size: only the inode differs
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "flags.json").symlink_to("..data/flags.json")
    run = flags(state, file=tmp_path / "flags.json")
    assert run.evaluate(DB, "rap").variant == "native"
    (tmp_path / "..new").symlink_to("..2")
    (tmp_path / "..new").replace(tmp_path / "..data")
    assert run.evaluate(DB, "rap").variant == "classic"


def test_a_flag_that_is_set_while_a_long_run_goes_on_is_noticed(state: Path):
    run = flags(state)
    assert run.evaluate(DB, "rap").source == "default"
    set_to(state, 0)
    assert run.evaluate(DB, "rap").variant == "classic"


@contextmanager
def locked_out(folder: Path) -> Iterator[None]:
    """Take the right to enter a folder away; root has it everywhere, so it becomes another user."""
    folder.chmod(0)
    if os.geteuid() == 0:
        os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(os.getuid())
        folder.chmod(0o700)


def test_a_state_folder_that_may_not_be_entered_is_not_taken_for_never(state: Path):
    set_to(state, 0)
    notes: list[str] = []
    with locked_out(state):
        assert answer(state, notes) == ("classic", "ERROR", "file")
    assert "Permission denied" in notes[0]


def test_a_state_folder_that_is_a_file_keeps_no_copy_and_stops_nothing(tmp_path: Path, state: Path):
    state.write_text("")
    path = tmp_path / "flags.json"
    write(path, 0)
    assert answer(state, file=path) == ("classic", "TARGETING_MATCH", "file")


def test_a_file_that_is_named_and_never_was_there_is_classic(tmp_path: Path, state: Path):
    notes: list[str] = []
    assert answer(state, notes, file=tmp_path / "flags.json") == ("classic", "ERROR", "file")
    assert "it is not there" in notes[0]


def test_a_malformed_address_of_redis_is_an_error_of_the_configuration(state: Path):
    with pytest.raises(ConfigError, match=r"from flags\.redis is malformed"):
        flags(state, redis=Secret("localhost:6379 secret"))


def test_each_evaluation_is_counted(state: Path):
    counted = []
    run = Flags(FlagSettings(), state, Interrupt(), count=counted.append)
    assert [run.evaluate(DB, key) for key in ("a", "b")] == counted


def context(state: Path, meter: Meter) -> RunContext:
    config = Config(tools={FlagSettings: FlagSettings(ctx_engine="classic")}, paths=Paths(state=state))
    return RunContext(Namespace(), config, Terminal(), Interrupt(), ExitStack(), meter)


def test_what_a_tool_asks_is_a_metric_and_a_problem_is_a_note(state: Path, capsys: pytest.CaptureFixture[str]):
    set_to(state, 0)
    default_file(state).write_text("{")
    meter = Meter()
    run = opened(context(state, meter))
    assert [run.evaluate(DB, key).is_native for key in ("a", "b")] == [False, False]
    assert evaluate(context(state, meter), "ctx-engine", "root").variant == "classic"
    assert {(metric.name, labels): value for metric, labels, value in meter} == {
        ("boombap_flag_evaluations_total", (DB, "classic", "TARGETING_MATCH")): 2.0,
        ("boombap_flag_evaluations_total", ("ctx-engine", "classic", "OVERRIDE")): 1.0,
    }
    assert capsys.readouterr().err.count("cannot be used") == 1


def test_threads_share_the_flags_of_a_run(tmp_path: Path, state: Path):
    """While the file is swapped and torn, each key gets an engine, and each state of the file one note."""
    path, notes = tmp_path / "flags.json", []
    write(path, 100)
    run = flags(state, notes, file=path)
    assert run.evaluate(DB, "first").is_native
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(run.evaluate, DB, str(number)) for number in range(2000)]
        for _ in range(20):
            path.write_text("{")
            write(path, 100)
        assert {answer.result().variant for answer in answers} == {"native"}
    assert len(notes) == len(set(notes))
    # Torn after the first character, or before it; the time of the copy that is used changes with the file.
    assert len({re.sub(r"\(.*?\)", "", note) for note in notes}) <= 2
