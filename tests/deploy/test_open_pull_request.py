"""deploy/ci/open-pull-request.sh, against a real remote of git and a loopback API with faults."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fakes import http_peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fakes.http_peer import Guest

SCRIPT = Path(__file__).parents[2] / "deploy" / "ci" / "open-pull-request.sh"
TOKEN = "ghp_s3cretToken"
PULL = {"html_url": "https://git.example.org/crew/beats/pull/7"}


def git(*words: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    return subprocess.run(["git", *identity, *words], check=True, capture_output=True, text=True).stdout.strip()


class Forge:
    """An API with the pull requests of one repository.

    Attributes:
        url: where it listens.
        requests: first line, headers and body of each.
        open: what is open.
        faults: what the next requests get in place of an answer.
    """

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[tuple[str, bytes]] = []
        self.open: list[dict[str, str]] = []
        self.faults: list[bytes] = []

    def answer(self, guest: Guest, request: bytes) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        self.requests.append((head.decode(), body))
        if self.faults:
            guest.send(self.faults.pop(0))
        elif head.startswith(b"POST"):
            self.open.append(PULL)
            guest.send(http_peer.response(json.dumps(PULL).encode(), status="201 Created"))
        else:
            guest.send(http_peer.response(json.dumps(self.open).encode()))

    @property
    def bodies(self) -> list[dict[str, str]]:
        return [json.loads(body) for head, body in self.requests if head.startswith("POST")]


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A remote of git, a clone of it with a branch that was not pushed, and the API."""
    git("init", "--quiet", "--bare", "../remote.git")
    git("init", "--quiet", "--initial-branch=main")
    git("remote", "add", "origin", "../remote.git")
    git("commit", "--quiet", "--allow-empty", "--message=Begin")
    git("switch", "--quiet", "--create=fixes")
    git("commit", "--quiet", "--allow-empty", "--message=Update vuln from 1.0 to 1.2", '--message=Fixed:\n- "PYSEC-1"')
    git("switch", "--quiet", "main")
    made = Forge()
    with http_peer.serving(made.answer) as peer:
        made.url = peer.url
        yield made


def run(forge: Forge, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    known = {name: os.environ[name] for name in ("PATH", "HOME")}
    given = {"GITHUB_API_URL": forge.url, "GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": "crew/beats", **environ}
    done = subprocess.run(
        ["bash", "-x", str(SCRIPT), *(words or ("fixes", "main"))],
        env={**known, **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert TOKEN not in done.stdout + done.stderr
    return done


def test_the_branch_is_pushed_and_the_pull_request_opened(forge: Forge):
    done = run(forge)
    assert (done.returncode, done.stdout) == (0, f"{PULL['html_url']}\n"), done.stderr
    assert git("--git-dir=../remote.git", "rev-parse", "fixes") == git("rev-parse", "fixes")
    (body,) = forge.bodies
    assert (body["head"], body["base"]) == ("fixes", "main")
    assert body["body"].startswith('## Update vuln from 1.0 to 1.2\n\nFixed:\n- "PYSEC-1"')
    assert all(f"Authorization: Bearer {TOKEN}" in head for head, _ in forge.requests)
    first = forge.requests[0][0].lower()
    assert first.startswith("get /repos/crew/beats/pulls?head=crew%3afixes&base=main&state=open ")


def test_what_is_open_is_not_opened_twice(forge: Forge):
    run(forge)
    done = run(forge)
    assert (done.returncode, done.stdout, len(forge.bodies)) == (0, f"{PULL['html_url']}\n", 1)


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Not Found", "422 Unprocessable Entity"])
def test_a_refusal_is_said_without_the_token(forge: Forge, status: str):
    said = json.dumps({"message": f"Bad {TOKEN}", "errors": [{"message": "No \x1b[31m commits"}]}).encode()
    forge.faults = [http_peer.response(b"[]"), http_peer.response(said, status=status)]
    done = run(forge)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"the server answered {status[:3]}: 'Bad ***; No \\x1b[31m commits'" in done.stderr


def test_an_overloaded_server_is_asked_again(forge: Forge):
    forge.faults = [http_peer.response(b"", "Retry-After: 1", status="503 Busy")]
    done = run(forge)
    assert (done.returncode, len(forge.bodies)) == (0, 1), done.stderr


def test_a_request_that_failed_is_not_sent_twice(forge: Forge):
    forge.faults = [http_peer.response(b"[]"), http_peer.response(b"", status="502 Bad Gateway")]
    assert run(forge).returncode == 3
    assert [head.split()[0] for head, _ in forge.requests] == ["GET", "POST"]


def test_a_redirect_does_not_get_the_token(forge: Forge):
    with http_peer.serving(http_peer.always(http_peer.response(b"[]"))) as other:
        forge.faults = [http_peer.response(b"", f"Location: {other.url}/", status="307 Moved")]
        done = run(forge)
        assert (done.returncode, other.requests) == (3, [])
    assert "the server answered 307" in done.stderr


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[1]", b'[{"url": 1}]', b"null", b'"x"'])
def test_another_kind_of_answer_is_a_failure(forge: Forge, body: bytes):
    forge.faults = [http_peer.response(body)]
    done = run(forge)
    assert (done.returncode, done.stdout) == (3, "")
    assert "something else than a pull request" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_hangs_up_is_a_failure(forge: Forge):
    with http_peer.serving(http_peer.once(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[")) as peer:
        done = run(forge, GITHUB_API_URL=peer.url)
    assert (done.returncode, "did not answer (curl ended with 18)" in done.stderr) == (3, True)


def test_a_push_that_is_refused_asks_no_server(forge: Forge):
    done = run(forge, REMOTE="nowhere")
    assert (done.returncode, forge.requests) == (3, [])
    assert "could not push fixes" in done.stderr


@pytest.mark.parametrize(
    ("words", "environ", "said"),
    [
        (("fixes",), {}, "usage:"),
        (("fixes", ""), {}, "usage:"),
        (("gone", "main"), {}, "git has no branch gone"),
        (("main", "fixes"), {}, "main has no commit that fixes lacks"),
        ((), {"GITHUB_TOKEN": ""}, "GITHUB_TOKEN is missing"),
        ((), {"GITHUB_TOKEN": 'a"\nurl = "http://x'}, "GITHUB_TOKEN is missing or malformed"),
        ((), {"GITHUB_REPOSITORY": "crew"}, "GITHUB_REPOSITORY must be owner/name"),
        ((), {"GITHUB_REPOSITORY": "crew/beats/../../x"}, "GITHUB_REPOSITORY must be owner/name"),
        ((), {"GITHUB_API_URL": "http://api.example.org"}, "must begin with https://"),
        ((), {"GITHUB_API_URL": "http://localhost.example.org"}, "must begin with https://"),
        ((), {"GITHUB_API_URL": "http://127.0.0.1:80@example.org"}, "must begin with https://"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_sent(forge: Forge, words: tuple, environ: dict[str, str], said: str):
    done = run(forge, *words, **environ)
    assert (done.returncode, said in done.stderr, forge.requests) == (2, True, []), done.stderr
    assert git("--git-dir=../remote.git", "for-each-ref") == ""
