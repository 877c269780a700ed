"""The server as a process: what clients see of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.ctx.indexing.store import place
from boombap.ctx.mcp.server import serve
from boombap.ctx.mcp.session import Place
from boombap.ctx.model import Limits
from boombap.errors import Interrupted
from boombap.interrupt import Interrupt
from boombap.telemetry.instruments import Meter
from ctx.assistants import Assistant, assistant, index_held
from ctx.repositories import repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOON_S = 1.0


@pytest.fixture
def root(isolated: Path) -> Path:
    return repository(isolated, {"pool.py": "class ConnectionPool:\n    def acquire(self): ...\n"})


@pytest.fixture
def client(root: Path) -> Iterator[Assistant]:
    with assistant(root) as started:
        yield started


@pytest.fixture
def index(root: Path, isolated: Path) -> str:
    return place(str(isolated.parent / "cache" / "boombap"), str(root))


@pytest.fixture
def held(index: str) -> Iterator[None]:
    """No index can be written meanwhile: a call runs until it is ended."""
    with index_held(index):
        yield


def wait_until(condition: Callable[[], bool]) -> float:
    """Return the seconds until something is so."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < 20
        time.sleep(0.01)
    return time.monotonic() - begun


def is_gone(process: int) -> bool:
    """Tell whether a process has ended; its parent may not have asked for its exit code yet."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.usefixtures("held")
def test_a_ping_is_answered_while_a_call_runs(client: Assistant) -> None:
    """r13: the ping waited until the index was built."""
    client.start()
    client.call(2)
    client.send(id=3, method="ping")
    assert client.hear() == {"jsonrpc": "2.0", "id": 3, "result": {}}


@pytest.mark.usefixtures("held")
def test_a_cancelled_call_ends_its_work_and_gets_no_answer(client: Assistant) -> None:
    """r13: the work went on, and the answer came."""
    client.start()
    client.call(2)
    wait_until(lambda: bool(client.processes()))
    (work,) = client.processes()
    client.cancel(2)
    wait_until(lambda: is_gone(work))
    client.send(id=3, method="ping")
    assert client.hear()["id"] == 3


def test_the_next_call_is_answered_after_some_were_cancelled(client: Assistant, index: str) -> None:
    client.start()
    with index_held(index):
        client.call("first")
        client.call("second")
        wait_until(lambda: bool(client.processes()))
        for identity in ("second", "first", "not known", None):
            client.cancel(identity)
        client.call("third")
        client.send(id="fourth", method="ping")
        assert client.hear()["id"] == "fourth"
    answer = client.hear()
    assert (answer["id"], answer["result"]["isError"]) == ("third", False)


def test_progress_is_told_where_it_is_asked_for(root: Path) -> None:
    """r13: nothing was told for as long as an index was built."""
    for number in range(2_000):
        (root / f"m{number}.py").write_text("".join(f"def f{number}_{part}(): return {part}\n\n" for part in range(20)))
    with assistant(root) as client:
        client.start()
        client.call(2, _meta={"progressToken": "t"})
        heard = [client.hear()]
        while "id" not in heard[-1]:
            heard.append(client.hear())
        *told, answer = heard
        client.call(3, _meta={"progressToken": "u"})
        assert client.hear()["id"] == 3
    assert answer["id"] == 2
    assert {message["method"] for message in told} == {"notifications/progress"}
    params = [message["params"] for message in told]
    assert len(params) > 1
    assert {(step["progressToken"], step["total"]) for step in params} == {("t", 2_001)}
    steps = [step["progress"] for step in params]
    assert steps == sorted(set(steps))
    assert params[-1]["message"] == f"indexing: {steps[-1]:,} of 2,001 files"


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "SIGKILL"])
def test_a_signal_ends_the_server_and_its_work(client: Assistant, how: str) -> None:
    client.start()
    client.call(2)
    wait_until(lambda: bool(client.processes()))
    (work,) = client.processes()
    client.child.send_signal(signal.Signals[how])
    begun = time.monotonic()
    code = client.child.wait(20)
    assert time.monotonic() - begun < SOON_S
    assert code == {"SIGTERM": 143, "SIGINT": 130, "SIGKILL": -9}[how]
    assert wait_until(lambda: is_gone(work)) < SOON_S


@pytest.mark.usefixtures("held")
def test_a_closed_stdin_ends_the_server_and_its_work(client: Assistant) -> None:
    """Each call that gets no answer is told so: silence would read as nothing found."""
    client.start()
    client.call(2)
    client.call(3)
    wait_until(lambda: bool(client.processes()))
    (work,) = client.processes()
    assert client.child.stdin is not None
    client.child.stdin.close()
    begun = time.monotonic()
    lost = [client.hear(), client.hear()]
    assert client.child.wait(20) == 0
    assert time.monotonic() - begun < SOON_S
    assert [(answer["id"], answer["error"]["code"]) for answer in lost] == [(2, -32000), (3, -32000)]
    assert "stdin was closed" in lost[0]["error"]["message"]
    assert is_gone(work)


@pytest.mark.usefixtures("held")
def test_a_process_that_dies_is_an_error_of_its_call(client: Assistant) -> None:
    client.start()
    client.call(2)
    wait_until(lambda: bool(client.processes()))
    os.kill(client.processes()[0], signal.SIGKILL)
    answer = client.hear()
    assert (answer["id"], answer["error"]["code"]) == (2, -32603)
    assert "ended early (signal 9)" in answer["error"]["message"]


@pytest.mark.usefixtures("held")
def test_a_client_that_no_longer_reads_ends_the_server_and_its_work(client: Assistant) -> None:
    client.start()
    client.call(2)
    wait_until(lambda: bool(client.processes()))
    (work,) = client.processes()
    assert client.child.stdout is not None
    client.child.stdout.close()
    client.send(id=3, method="ping")
    assert client.child.wait(20) == 0
    assert is_gone(work)


def slept(process: int) -> int:
    """Return how often the threads of a process went to sleep so far."""
    states = [file.read_text() for file in Path(f"/proc/{process}/task").glob("*/status")]
    return sum(int(state.partition("\nvoluntary_ctxt_switches:")[2].split()[0]) for state in states)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs the /proc of Linux")
def test_a_server_without_work_sleeps(client: Assistant) -> None:
    """It woke 20 times a second for as long as the editor was open."""
    client.start()
    client.call(2)
    assert client.hear()["id"] == 2
    wait_until(lambda: not client.processes())
    before = slept(client.child.pid)
    time.sleep(2)
    assert slept(client.child.pid) - before <= 2


def test_an_interrupt_wakes_a_server_that_sleeps(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process ends anyway, but only when its time of grace is over."""
    interrupt, (end, start) = Interrupt(), os.pipe()
    ended: list[str] = []

    def run() -> None:
        try:
            serve(Place(str(root), str(root.parent), Limits(), str(root.parent)), interrupt, Meter())
        except Interrupted:
            ended.append("interrupted")

    with os.fdopen(end) as stdin, os.fdopen(start, "w"):
        monkeypatch.setattr(sys, "stdin", stdin)
        server = threading.Thread(target=run, daemon=True)
        server.start()
        server.join(0.2)
        interrupt.set(signal.SIGTERM)
        interrupt.end_waits()
        server.join(10)
        assert ended == ["interrupted"]


def test_stdout_holds_messages_only(root: Path) -> None:
    command = [sys.executable, "-m", "boombap", "ctx", "mcp"]
    text = '{"jsonrpc":"2.0","id":1,"method":"ping"}\nnoise\n'
    done = subprocess.run(command, cwd=root, input=text, capture_output=True, text=True, timeout=30, check=False)
    assert [json.loads(line).get("id") for line in done.stdout.splitlines()] == [1, None]
    assert done.returncode == 0


def test_lines_may_arrive_in_pieces(root: Path) -> None:
    command = [sys.executable, "-m", "boombap", "ctx", "mcp", "--root", str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for piece in (b'{"jsonrpc":"2.0","id":1,', b'"method":"ping"}', b"\n"):
            child.stdin.write(piece)
            child.stdin.flush()
        assert json.loads(child.stdout.readline())["id"] == 1
        child.stdin.write(b'{"jsonrpc":"2.0","id":2,"method":"ping"}')
        child.stdin.close()
        assert json.loads(child.stdout.readline())["id"] == 2


def test_the_server_itself_loads_neither_the_database_nor_the_grammars(root: Path) -> None:
    """It is there as long as the editor is: 14 MB, not 30."""
    program = (
        "import sys; from boombap.cli import main; "
        "import boombap.ctx.mcp.server; "
        "print([name for name in ('sqlite3', 'subprocess', 'tree_sitter', 'asyncio') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
