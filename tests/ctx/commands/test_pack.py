from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ctx.repositories import repository

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

FILES: dict[str, str | bytes] = {"lib/pool.go": 'package pool\n\nfunc Acquire() {\n\tpassword := "hunter2hunter"\n}\n'}


@pytest.fixture
def work(isolated: Path) -> Path:
    return repository(isolated, FILES)


def test_the_text_keeps_its_tabs_and_hides_its_secrets(work: Path, boombap: Run) -> None:
    done = boombap("ctx", "pack", "acquire")
    assert done.stdout == (
        'lib/pool.go:1-5  Acquire function\npackage pool\n\nfunc Acquire() {\n\tpassword := "***"\n}\n\n'
    )
    assert done.stderr == "22 of 2,000 tokens (estimated: 4 bytes each); 0 chunks left out\n"


def test_a_correction_is_said(work: Path, boombap: Run) -> None:
    done = boombap("ctx", "pack", "aquire")
    assert "no match for 'aquire'; showing results for 'Acquire'" in done.stderr
    assert json.loads(boombap("ctx", "pack", "aquire", "--json").stdout)["corrections"] == {"aquire": "Acquire"}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["nothinglikethis"], 1, "nothing found"),
        ([], 2, "pack needs something to search for"),
        (["acquire", "--budget", "499"], 2, "'499' is not a whole number from 500 to 1000000"),
        (["acquire", "--lang", "klingon"], 2, "klingon"),
        (["acquire", "--path", "gone"], 1, "no indexed file matches gone"),
    ],
)
def test_exit_codes(work: Path, boombap: Run, words: list[str], code: int, message: str) -> None:
    done = boombap("ctx", "pack", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
