"""`deps notify` as a pipeline types it: what is sent when, the exit code, and what never shows."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.command.dispatch import run_tool
from boombap.deps.cli import TOOL
from boombap.errors import BoombapError, UsageError
from boombap.interrupt import Interrupt
from conftest import command, options
from deps.osv import TRUTH, database, set_facts
from fakes import http_peer, slack, webhook
from fakes.slack import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., subprocess.CompletedProcess[str]]
    Done = tuple[int, str, str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of the ground truth, and a project that it is about."""
    made = database(tmp_path, TRUTH)
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", made)
    Path("requirements.txt").write_text("fastapi==0.104.1\nblack==23.12.1\nredis==5.3.1\n")
    return made


@pytest.fixture
def workspace(folder: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[slack.Slack]:
    with slack.serving() as made:
        monkeypatch.setenv("BOOMBAP_DEPS_SLACK_URL", made.url)
        yield made


@pytest.fixture
def notify(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    def run(*words: str) -> Done:
        try:
            code, error = run_tool(TOOL, ("notify", "slack", *words), prog="deps", interrupt=Interrupt()), ""
        except BoombapError as raised:
            code, error = raised.exit_code, str(raised)
        out, err = capsys.readouterr()
        assert "s3cretpart" not in out + err + error
        return code, out, err + error

    return run


def test_findings_are_sent_once(workspace: slack.Slack, notify):
    first, second = notify(), notify()
    assert len(workspace.messages) == 1
    assert first[:2] == (1, "2 findings in 3 packages\nsent to Slack: 2 findings\n")
    assert second[0] == 1
    assert "nothing was sent: Slack got the same findings at 20" in second[1]
    assert "--again" in second[1]


def test_the_same_findings_in_other_lines_are_the_same_set(workspace: slack.Slack, notify):
    notify()
    Path("requirements.txt").write_text("# sorted\nblack==23.12.1\nfastapi==0.104.1\n\nredis==5.3.1\n")
    notify()
    assert len(workspace.messages) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("fastapi==0.104.1\nredis==5.3.1\n", ()),
        ("fastapi==0.104.0\nblack==23.12.1\nredis==5.3.1\n", ()),
        ("fastapi==0.104.1\nblack==23.12.1\nredis\n", ()),
        ("", ("--project", "other")),
        ("", ("--again",)),
    ],
)
def test_other_findings_and_what_is_not_audited_any_more_are_news(
    change: str, words: tuple[str, ...], workspace: slack.Slack, notify
):
    notify()
    if change:
        Path("requirements.txt").write_text(change)
    notify(*words)
    assert len(workspace.messages) == 2


def test_another_address_has_not_got_them(workspace: slack.Slack, notify, monkeypatch: pytest.MonkeyPatch):
    notify()
    monkeypatch.setenv("BOOMBAP_DEPS_SLACK_URL", f"{workspace.url}2")
    notify()
    notify()
    assert len(workspace.messages) == 2


def test_the_ledger_holds_no_secret(workspace: slack.Slack, notify):
    notify()
    path = Path(os.environ["XDG_STATE_HOME"], "boombap", "deps-notify.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "s3cretpart" not in path.read_text()
    assert "fastapi" not in path.read_text()


def test_what_slack_did_not_take_is_sent_by_the_next_run(workspace: slack.Slack, notify):
    workspace.faults = [refusal("no_service", "404 Not Found")]
    code, out, err = notify()
    assert code == 1, "the audit's"
    assert "2 findings in 3 packages" in out
    assert "was not sent" in err
    assert "no_service" in err
    assert notify()[1].endswith("sent to Slack: 2 findings\n")


def test_a_failed_message_decides_where_the_audit_is_fine(workspace: slack.Slack, notify):
    Path("policy.toml").write_text('severity = "never"\nunknown_severity = "warn"\n')
    workspace.faults = [refusal("no_service", "404 Not Found")]
    code, _, err = notify("--policy", "policy.toml")
    assert (code, "was not sent" in err) == (3, True)
    assert notify("--policy", "policy.toml")[0] == 0


def test_nothing_found_sends_nothing_unless_asked(workspace: slack.Slack, notify):
    Path("requirements.txt").write_text("redis==5.3.1\n")
    assert notify() == (0, "no known vulnerabilities in 1 package\nnothing was sent: no open findings\n", "")
    assert workspace.messages == []
    for _ in range(2):
        assert notify("--all-clear") == (0, "no known vulnerabilities in 1 package\nsent to Slack: 0 findings\n", "")
    assert [message["text"] for message in workspace.messages] == [
        "work: dependencies pass\nno known vulnerabilities in 1 package"
    ] * 2


def test_without_a_verdict_the_message_says_so(workspace: slack.Slack, notify, folder: str):
    Path("requirements.txt").write_text("redis==5.3.1\n")
    set_facts(folder, built_at=1, checked_at=1)
    Path("poetry.lock").write_text("[[package]\n")
    code, out, _ = notify()
    assert code == 4
    assert "sent to Slack" in out
    text = json.dumps(workspace.messages)
    assert "work: no verdict on dependencies" in text
    assert "poetry.lock could not be read" in text
    assert "no known vulnerabilities" not in text
    assert notify()[0] == 4
    assert len(workspace.messages) == 1


def test_waived_findings_are_not_sent_again_as_news(workspace: slack.Slack, notify):
    Path("requirements.txt").write_text("fastapi==0.104.1\n")
    Path("waivers.toml").write_text(
        '[[waiver]]\nid = "CVE-2024-24762"\nsubject = "fastapi"\nreason = "x"\nowner = "dj"\nexpires = 2999-01-01\n'
    )
    code, out, _ = notify("--waivers", "waivers.toml")
    assert (code, workspace.messages) == (0, [])
    assert out.endswith("nothing was sent: no open findings\n")


def test_a_dry_run_needs_no_slack(workspace: slack.Slack, notify, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("BOOMBAP_DEPS_SLACK_URL")
    code, out, err = notify("--dry-run")
    assert (code, err, workspace.messages) == (1, "", [])
    assert json.loads(out)["text"].startswith("work: dependencies are blocked\n2 findings")
    assert not Path(os.environ["XDG_STATE_HOME"], "boombap", "deps-notify.json").exists()


def test_without_an_address_nothing_is_audited(folder: str, notify):
    code, out, err = notify()
    assert (code, out) == (2, "")
    assert "BOOMBAP_DEPS_SLACK_URL" in err


LONG = f"https://{'x' * 400}"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "ftp://x/", "https://x/ y", "https://x/\n", LONG])
def test_a_link_that_is_not_an_address(link: str, workspace: slack.Slack):
    with pytest.raises(UsageError, match="--link"):
        run_tool(TOOL, ("notify", "slack", "--link", link), prog="deps", interrupt=Interrupt())


def test_a_link_cannot_end_its_markup(workspace: slack.Slack, notify):
    notify("--link", "https://ci.example.org/<!channel>|x&y", "--project", "<!here>")
    text = json.dumps(workspace.messages)
    assert "<https://ci.example.org/%3C!channel%3E%7Cx&amp;y|The whole report>" in text
    assert "<!" not in text


def test_two_processes_at_once_send_one_message(workspace: slack.Slack, isolated: Path):
    environment = {"BOOMBAP_DEPS_SLACK_URL": workspace.url}
    children = [
        subprocess.Popen(command("deps", "notify", "slack"), **options(isolated, environment)) for _ in range(3)
    ]
    outs = [child.communicate(timeout=60)[0] for child in children]
    assert [child.returncode for child in children] == [1, 1, 1]
    assert len(workspace.messages) == 1
    assert sum("sent to Slack: 2 findings" in out for out in outs) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_ended_while_it_sends_has_sent_nothing(
    number: signal.Signals, workspace: slack.Slack, start_boombap: Callable[..., subprocess.Popen[str]], notify
):
    waiting = threading.Event()

    def stall(guest: http_peer.Guest, _: bytes) -> None:
        waiting.set()
        guest.wait_until_left()

    workspace.faults = [stall]
    child = start_boombap("deps", "notify", "slack")
    assert waiting.wait(30)
    child.send_signal(number)
    out, err = child.communicate(timeout=30)
    assert child.returncode == 128 + number
    assert "sent to" not in out
    assert "s3cretpart" not in out + err
    assert notify()[1].endswith("sent to Slack: 2 findings\n")


def test_a_state_folder_that_cannot_be_made_never_hides_the_findings(
    workspace: slack.Slack, boombap: Run, tmp_path: Path
):
    (tmp_path / "file").write_text("")
    done = boombap("deps", "notify", "slack", XDG_STATE_HOME=str(tmp_path / "file"))
    assert (done.returncode, workspace.messages) == (1, [])
    assert "2 findings in 3 packages" in done.stdout
    assert "was not sent" in done.stderr
    assert "paths.state" in done.stderr


@pytest.mark.parametrize("words", [("config", "show"), ("config", "show", "--format", "json"), ("config", "check")])
def test_the_address_does_not_show(words: tuple[str, ...], workspace: slack.Slack, boombap: Run):
    done = boombap(*words)
    assert "s3cretpart" not in done.stdout + done.stderr


def test_no_log_and_no_error_shows_the_address(workspace: slack.Slack, boombap: Run):
    workspace.faults = [refusal("nope", "404 Not Found")]
    done = boombap("deps", "notify", "slack", BOOMBAP_LOG_LEVEL="debug")
    assert done.returncode == 1
    assert "was not sent" in done.stderr
    assert "s3cretpart" not in done.stdout + done.stderr
    broken = boombap("deps", "notify", "slack", BOOMBAP_DEPS_SLACK_URL="hooks/s3cretpart")
    assert (broken.returncode, "s3cretpart" in broken.stderr) == (2, False)


def test_the_address_may_come_from_a_file(workspace: slack.Slack, boombap: Run, tmp_path: Path):
    (tmp_path / "url").write_text(f"{workspace.url}\n")
    environment = {"BOOMBAP_DEPS_SLACK_URL": "", "BOOMBAP_DEPS_SLACK_URL_FILE": str(tmp_path / "url")}
    assert boombap("deps", "notify", "slack", **environment).returncode == 1
    assert len(workspace.messages) == 1


def test_a_webhook_gets_the_same_set_once(folder: str, boombap: Run):
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    with webhook.serving(secret, time.time) as receiver:
        environment = {"BOOMBAP_DEPS_WEBHOOK_URL": receiver.url, "BOOMBAP_DEPS_WEBHOOK_SECRET": secret}
        done = [boombap("deps", "notify", "webhook", "--project", "rap", **environment) for _ in range(2)]
        shown = boombap("config", "show", **environment).stdout
    assert [run.returncode for run in done] == [1, 1]
    assert done[0].stdout.endswith("sent to the webhook: 2 findings\n")
    assert "nothing was sent: the webhook got the same findings at" in done[1].stdout
    (body,) = receiver.taken.values()
    assert (body["data"]["project"], body["data"]["totals"]["findings"]) == ("rap", 2)
    for secret_part in ("s3cretpart", secret.removeprefix("whsec_")):
        assert secret_part not in "".join([shown, *(run.stdout + run.stderr for run in done)])


def test_a_webhook_without_a_secret_sends_nothing(folder: str, boombap: Run):
    done = boombap("deps", "notify", "webhook", BOOMBAP_DEPS_WEBHOOK_URL="http://127.0.0.1:9/x")
    assert (done.returncode, done.stdout) == (2, "")
    assert "deps.webhook_secret is not set" in done.stderr


def test_a_dry_run_prints_the_body_of_a_webhook(folder: str, boombap: Run):
    done = boombap("deps", "notify", "webhook", "--dry-run")
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout)["data"]["schema"] == "boombap.deps.notify/1"
