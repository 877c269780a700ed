from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from boombap.command.dispatch import run_tool
from boombap.deps.cli import TOOL
from boombap.deps.enforcement.options import parse_label
from boombap.deps.verdicts.store import create_store
from boombap.errors import NoVerdict, UsageError
from boombap.interrupt import Interrupt
from deps.osv import TRUTH, database
from deps.verdicts.images import GOOD, NONE, judged, recorded

if TYPE_CHECKING:
    from collections.abc import Callable

    Done = tuple[int, str, str]
    Gate = Callable[..., Done]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One image that passes and one that fails."""
    path = recorded(tmp_path)
    monkeypatch.setenv("BOOMBAP_DEPS_VERDICTS", str(path))
    return path


@pytest.fixture
def gate(capsys: pytest.CaptureFixture[str]) -> Gate:
    def run(*words: str) -> Done:
        code = run_tool(TOOL, ("gate", *words), prog="deps", interrupt=Interrupt())
        return (code, *capsys.readouterr())

    return run


def digests(text: str) -> list[str]:
    return [key for item in yaml.safe_load_all(text) for key in item.get("data", {}) if key != "prefix"]


@pytest.mark.usefixtures("kept")
def test_only_passing_digests_are_written_and_the_others_are_counted(gate: Gate):
    code, out, err = gate("policy")
    assert (code, digests(out)) == (0, [GOOD.replace(":", ".")])
    assert "1 digest may run; not in it: 1 refused; the first expires at 20" in err
    assert gate("policy")[1] == out


def test_a_verdict_counts_in_its_environment_only(gate: Gate, kept: Path, tmp_path: Path):
    with pytest.raises(NoVerdict, match="no verdict of the environment 'production' is recorded"):
        gate("policy", "--environment", "production")
    store = create_store(kept)
    store.put(judged(database(tmp_path, TRUTH), NONE, "0.110.0", environment="production"))
    store.close()
    assert digests(gate("policy", "--environment", "production")[1]) == [NONE.replace(":", ".")]


@pytest.mark.parametrize("change", [{"expires_at_s": int(time.time())}, {"judged_at_s": int(time.time()) + 7200}])
def test_an_expired_verdict_does_not_count(change: dict[str, int], gate: Gate, kept: Path, tmp_path: Path):
    verdict = judged(database(tmp_path, TRUTH), GOOD, "0.110.0")
    store = create_store(kept)
    store.put(verdict.replace(decision=verdict.decision.replace(**change)))
    store.close()
    with pytest.raises(NoVerdict, match="none of the 2 verdicts without an environment"):
        gate("policy")


def test_nothing_recorded_is_never_an_empty_list(gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BOOMBAP_DEPS_VERDICTS", str(tmp_path / "none.db"))
    with pytest.raises(NoVerdict, match="no verdict without an environment is recorded") as refused:
        gate("policy", "--output", "policy")
    assert refused.value.exit_code == 4
    assert not Path("policy").exists()


@pytest.mark.usefixtures("kept")
def test_a_folder_gets_the_config_maps_before_the_policy(gate: Gate):
    code, out, _ = gate("policy", "--mode", "deny", "--namespace", "gates", "--label", "team=rap", "--output", "policy")
    assert (code, out) == (0, "")
    files = sorted(Path("policy").iterdir())
    kinds = [[item["kind"] for item in yaml.safe_load_all(file.read_text())] for file in files]
    policy, binding = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
    assert kinds == [["ConfigMap"], [policy, binding, policy, binding]]
    found: list[Any] = [item for file in files for item in yaml.safe_load_all(file.read_text())]
    assert found[0]["metadata"]["namespace"] == "gates"
    assert found[1]["spec"]["matchConstraints"]["namespaceSelector"]["matchLabels"] == {"team": "rap"}
    assert found[4]["spec"]["validationActions"] == ["Deny", "Audit"]
    assert found[4]["spec"]["paramRef"]["namespace"] == "gates"


@pytest.mark.usefixtures("kept")
def test_an_output_that_cannot_be_written_ends_with_3(boombap: Callable[..., Any]):
    Path("file").write_text("")
    done = boombap("deps", "gate", "policy", "--output", "file")
    assert (done.returncode, "cannot create file" in done.stderr) == (3, True)


def test_what_kubernetes_does_not_take_is_refused(gate: Gate):
    for label in ("enforce", "=a", "a=", "a b=c", "-a=b", "a/b/c=d", "/a=b", "a=" + 64 * "b"):
        with pytest.raises(ValueError, match=re.escape(label)):
            parse_label(label)
        with pytest.raises(UsageError):
            gate("policy", "--label", label)
    for namespace in ("Gates", "a.b", "-a", 64 * "a"):
        with pytest.raises(UsageError):
            gate("policy", "--namespace", namespace)
