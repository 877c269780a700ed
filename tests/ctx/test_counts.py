"""What `ctx` leaves for the collector: its questions by what they found, asked by a person or an assistant."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from boombap.telemetry import snapshot
from ctx.assistants import assistant
from ctx.repositories import repository

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    Run = Callable[..., subprocess.CompletedProcess[str]]

FILES: dict[str, str | bytes] = {"pool.py": "class Pool:\n    def acquire(self): ...\n", "two.py": "two = 2\n"}


def counts(state: Path) -> dict[tuple[str, ...], float]:
    samples = snapshot.read(state / "metrics" / "ctx.prom")
    return {tuple(text for _, text in labels): n for (name, labels), n in samples.items() if "ctx_searches" in name}


def test_questions_are_counted_by_what_they_found(boombap: Run, isolated: Path, tmp_path: Path) -> None:
    repository(isolated, FILES)
    state = {"BOOMBAP_PATHS_STATE": str(tmp_path / "state")}
    questions = (
        (("search", "acquire"), 0), (("search", "zzqqxx"), 1), (("pack", "acquire"), 0), (("recent",), 1),
        (("related", "--file", "missing.py"), 3), (("search", "-e", "["), 2), (("status",), 0), (("index",), 0),
    )  # fmt: skip
    for words, code in questions:
        assert boombap("ctx", *words, **state).returncode == code, words
    assert boombap("ctx", "search", "zzqqxx", BOOMBAP_CTX_MAX_FILES="1", **state).returncode == 4
    assert counts(tmp_path / "state") == {
        ("command", "found"): 2, ("command", "nothing"): 2, ("command", "failed"): 1, ("command", "unknown"): 1,
    }  # fmt: skip
    samples = snapshot.read(tmp_path / "state" / "metrics" / "ctx.prom")
    assert samples["boombap_ctx_search_seconds_count", (("client", "command"),)] == 6


def test_calls_of_an_assistant_are_counted(isolated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(isolated, FILES)
    monkeypatch.setitem(os.environ, "BOOMBAP_PATHS_STATE", str(tmp_path / "state"))
    with assistant(isolated) as client:
        client.start()
        client.call(2)
        client.call(3, arguments={"query": "zzqqxx"})
        client.call(4, name="status")
        client.call(5, name="related", arguments={"file": "missing.py"})
        assert [client.hear()["id"] for _ in range(4)] == [2, 3, 4, 5]
    assert counts(tmp_path / "state") == {
        ("assistant", "found"): 1, ("assistant", "nothing"): 1, ("assistant", "failed"): 1,
    }  # fmt: skip
