"""The same file, the same keys: flagd's core 2.0.0 gives the variants that we give. `make flagd-oracle` installs it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from boombap.flags.hashing import bucket

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

ORACLE = Path(__file__).parents[2] / ".venv-flagd" / "bin" / "python"
KEYS = [f"track-{number}" for number in range(4_990)] + ["", "0", "Кровосток", "café", "🎤", "a" * 300]
KEYS += ["db:5432/rap", "redis://127.0.0.1:6379/0", "batch:2026-11-26", " "]
EVALUATE = """
import json, sys
from openfeature import api
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
from openfeature.evaluation_context import EvaluationContext
path, flag, keys = sys.argv[1:]
api.set_provider_and_wait(FlagdProvider(resolver_type=ResolverType.FILE, offline_flag_source_path=path))
client = api.get_client()
keys = json.load(open(keys, encoding="utf-8"))
print(json.dumps({key: client.get_string_details(flag, "none", EvaluationContext(key)).variant for key in keys}))
api.shutdown()
"""

pytestmark = pytest.mark.slow


def flagd(folder: Path, document: str, flag: str) -> dict[str, Any]:
    """Return the variant of each key, as flagd's core evaluates a file."""
    if not ORACLE.exists():
        if os.environ.get("CI"):
            pytest.fail("`make flagd-oracle` was not run")
        pytest.skip("flagd's core is not installed: make flagd-oracle")
    (folder / "flags.json").write_text(document, encoding="utf-8")
    (folder / "keys.json").write_text(json.dumps(KEYS), encoding="utf-8")
    words = [ORACLE, "-c", EVALUATE, folder / "flags.json", flag, folder / "keys.json"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=90)
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize(("native", "total"), [(1, 100), (25, 100), (50, 100), (100, 100), (25, 10_000)])
def test_places_of_keys(tmp_path: Path, native: int, total: int):
    weights = [["native", native], ["classic", total - native]]
    flag = {
        "state": "ENABLED",
        "variants": {"native": "native", "classic": "classic"},
        "defaultVariant": "classic",
        "targeting": {"fractional": weights},
    }
    theirs = flagd(tmp_path, json.dumps({"flags": {"spotify-engine": flag}}), "spotify-engine")
    ours = {key: "native" if key and bucket("spotify-engine", key, total) < native else "classic" for key in KEYS}
    assert theirs == ours


@pytest.mark.parametrize("percent", ["0.5", "25", "100"])
def test_an_export_is_evaluated_alike(tmp_path: Path, boombap: Run, percent: str):
    assert boombap("flags", "set", "ctx-engine", "--percent", percent).returncode == 0
    export = boombap("flags", "export").stdout
    words = ("flags", "evaluate", "ctx-engine", *KEYS, "--format", "json")
    rows = json.loads(boombap(*words).stdout)["evaluations"]
    assert {row["key"]: row["variant"] for row in rows} == flagd(tmp_path, export, "ctx-engine")
    assert set(flagd(tmp_path, export, "db-engine").values()) == {"native"}  # a flag that was never set
