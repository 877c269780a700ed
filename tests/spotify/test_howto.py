"""The nightly job of docs/howto/spotify-every-night.md: its shell lines run."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "spotify-every-night.md"


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    text: str = found
    return text


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (2, 2), (3, 3), (70, 70), (75, 0), (143, 143)])
def test_only_a_used_up_quota_counts_as_success(tmp_path: Path, code: int, expected: int):
    processor = tmp_path / "spotify-processor"
    processor.write_text(f'#!/bin/sh\necho "$@"\nexit {code}\n', encoding="utf-8")
    processor.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", block("sh")], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (expected, "batch --quiet --format json\n")
