from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from boombap.deps.admission.break_glass import ANNOTATION
from boombap.deps.admission.lookup import Lookup
from boombap.deps.admission.review import BadReview, decide, read_review
from boombap.deps.gate.policy import Policy
from boombap.deps.verdicts.store import create_store
from deps.admission.reviews import ALLOWED, image, review
from deps.verdicts.images import BAD, GOOD, NONE, judged, recorded

DAY_S = 86_400.0

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from boombap.deps.admission.review import Answer

    Ask = Callable[[Any], Answer]

SOON = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 6 * 3600))
GLASS = f"payments are down; until {SOON}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return recorded(tmp_path)


@pytest.fixture
def ask(path: Path) -> Iterator[Ask]:
    with closing(Lookup(path, "")) as lookup:
        yield lambda body: decide(read_review(body), lookup, time.time(), DAY_S)


@pytest.mark.parametrize("reference", [f"app@{GOOD}", f"app:1@{GOOD}", f"other.example:5000/x@{GOOD}"])
def test_a_digest_that_passes(reference: str, ask: Ask):
    answer = ask(review({"containers": [{"name": "a", "image": reference}]}))
    assert answer.to_object() == {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {"uid": "u-1", "allowed": True},
    }


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (f"app@{BAD}", "PYSEC-2024-38 on fastapi 0.104.1"),
        (f"app@{NONE}", "no verdict is recorded"),
        ("app:1", "has no digest"),
        (f"app@{GOOD.upper()}", "capital letters"),
        (f"app@sha512:{'a' * 128}", "kept by sha256"),
        (f"app@{BAD}@{GOOD}", "is not a digest"),
        ("", "has no digest"),
        (None, "has no digest"),
        (7, "has no digest"),
    ],
)
@pytest.mark.parametrize("containers", ["containers", "initContainers", "ephemeralContainers"])
def test_what_is_refused_names_image_and_reason(reference: Any, reason: str, containers: str, ask: Ask):
    spec = {**image(GOOD)}
    spec[containers] = [*spec.get(containers, []), {"name": "b", "image": reference}]
    answer = ask(review(spec))
    assert (answer.is_allowed, answer.result) == (False, "refused")
    assert answer.message.startswith(f"{containers}.b: image {reference or ''}:")
    assert reason in answer.message


def test_an_image_that_is_mounted_is_one_too(ask: Ask):
    spec = {**image(GOOD), "volumes": [{"name": "v", "image": {"reference": f"data@{BAD}"}}, {"name": "w"}]}
    assert ask(review(spec)).message.startswith(f"volumes.v: image data@{BAD}")


def test_a_pod_without_images(ask: Ask):
    assert not ask(review({"containers": []})).is_allowed


def test_a_verdict_that_has_expired(path: Path):
    with closing(Lookup(path, "")) as lookup:
        answer = decide(read_review(ALLOWED), lookup, time.time() + 8 * 86_400, DAY_S)
    assert not answer.is_allowed
    assert "its verdict expired at" in answer.message


def test_a_verdict_of_a_clock_that_is_ahead(path: Path):
    with closing(Lookup(path, "")) as lookup:
        ahead = decide(read_review(ALLOWED), lookup, time.time() - 7200, DAY_S)
        assert decide(read_review(ALLOWED), lookup, time.time() - 1800, DAY_S).is_allowed
    assert not ahead.is_allowed
    assert "which is in the future; check the clocks" in ahead.message


def test_no_verdict_and_a_policy_that_warns(tmp_path: Path, path: Path, ask: Ask):
    with closing(create_store(path)) as store:
        store.put(judged(str(tmp_path / "nowhere"), NONE, "0.110.0"))
        store.put(judged(str(tmp_path / "db"), BAD, "0.104.1", Policy(is_enforced=False)))
    assert "no verdict was possible: no advisory database" in ask(review(image(NONE))).message
    answer = ask(review(image(BAD)))
    assert answer.is_allowed
    assert "the policy only warns: PYSEC-2024-38" in answer.warnings[0]


def test_a_verdict_of_another_environment_does_not_count(tmp_path: Path, path: Path):
    with closing(create_store(path)) as store:
        store.put(judged(str(tmp_path / "db"), NONE, "0.110.0", environment="staging"))
    for name, is_allowed in (("staging", True), ("", False)):
        with closing(Lookup(path, name)) as lookup:
            assert lookup.permission(f"app@{NONE}", time.time()).is_allowed is is_allowed


@pytest.mark.parametrize(
    "kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "PodTemplate"]
)
def test_workloads_are_warned_about(kind: str, ask: Ask):
    answer = ask(review(image(BAD), kind))
    assert answer.is_allowed
    assert answer.warnings[0].startswith("pods will be refused: containers.a: image registry.example/rap/app@")
    assert ask(review(image(GOOD), kind)).warnings == ()


def test_a_kind_that_is_not_known_is_not_called_clean(ask: Ask):
    answer = ask(review(image(BAD), "Rollout"))
    assert (answer.is_allowed, answer.warnings) == (
        True,
        ("Rollout is not judged: it is neither a pod nor a known workload",),
    )


def test_a_pod_that_runs_can_be_changed_but_for_its_new_images(ask: Ask):
    old = {"kind": "Pod", "spec": image(BAD)}
    assert ask(review(image(BAD), operation="UPDATE", oldObject=old)).is_allowed
    debugged = {**image(BAD), "ephemeralContainers": [{"name": "e", "image": "busybox"}]}
    answer = ask(review(debugged, operation="UPDATE", oldObject=old, subResource="ephemeralcontainers"))
    assert answer.message.startswith("ephemeralContainers.e: image busybox")
    assert not ask(review(image(BAD), operation="CREATE", oldObject=old)).is_allowed


@pytest.mark.parametrize(
    "request_",
    [{"operation": "DELETE", "object": None}, {"operation": "CONNECT", "object": {}}, {"subResource": "status"}],
)
def test_what_runs_no_image_is_allowed(request_: dict[str, Any], ask: Ask):
    assert ask(review(image(BAD), **request_)).is_allowed


def test_break_glass_lets_a_pod_in_and_says_so(ask: Ask):
    answer = ask(review(image(BAD), annotations={ANNOTATION: GLASS}))
    assert (answer.is_allowed, answer.result, answer.break_glass) == (True, "break_glass", "payments are down")
    response: Any = answer.to_object()["response"]
    assert response["auditAnnotations"] == {"break-glass": "payments are down"}
    assert "PYSEC-2024-38" in response["warnings"][0]
    # Where nothing would be refused, nothing is broken.
    assert ask(review(image(GOOD), annotations={ANNOTATION: GLASS})).result == "allowed"


@pytest.mark.parametrize(
    "text", ["x; until 2020-01-01T00:00Z", "x; until 2100-01-01T00:00Z", "; until 2100-01-01T00:00Z", "payments"]
)
def test_break_glass_that_does_not_count(text: str, ask: Ask):
    answer = ask(review(image(BAD), annotations={ANNOTATION: text}))
    assert (answer.is_allowed, answer.result) == (False, "refused")
    assert ANNOTATION in answer.message


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        "x",
        {**ALLOWED, "apiVersion": "admission.k8s.io/v1beta1"},
        {**ALLOWED, "kind": "Pod"},
        {**ALLOWED, "request": None},
        {**ALLOWED, "request": []},
        review(image(GOOD), uid=""),
        review(image(GOOD), uid=7),
        review(image(GOOD), object=None),
        review(image(GOOD), object={"kind": "Deployment", "spec": {"template": {"spec": image(GOOD)}}}),
        review(None),
        review([]),
        review({"containers": {}}),
        review({"containers": [7]}),
        review({"containers": "x"}),
        {**ALLOWED, "request": {"uid": "u", "kind": "Pod"}},
    ],
)
def test_what_is_not_a_review(body: Any, ask: Ask):
    with pytest.raises(BadReview):
        ask(body)


@pytest.mark.parametrize("content", [b"", b"x" * 4096])
def test_verdicts_that_cannot_be_read_let_nothing_in(content: bytes, path: Path, ask: Ask):
    assert ask(ALLOWED).is_allowed
    other = path.with_name("other")
    other.write_bytes(content)
    other.replace(path)
    answer = ask(ALLOWED)
    assert (answer.is_allowed, answer.result) == (False, "failed")
    assert "cannot be read" in answer.message
    path.unlink()
    assert not ask(ALLOWED).is_allowed


def test_a_locked_database_lets_nothing_in_and_a_refresh_stops_nobody(path: Path, ask: Ask):
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE verdicts SET word = 'fail'")
        assert ask(ALLOWED).is_allowed
        writer.execute("COMMIT")
        assert not ask(ALLOWED).is_allowed


def test_an_exclusive_lock_is_named(path: Path):
    with closing(sqlite3.connect(path, isolation_level=None)) as other, closing(Lookup(path, "")) as lookup:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE verdicts SET audited = 9")
        found = lookup.permission(f"app@{GOOD}", time.time())
        assert (found.is_allowed, found.is_failure) == (False, True)
        assert "locked by another process" in found.reason
    with closing(Lookup(path, "")) as lookup:
        assert lookup.permission(f"app@{GOOD}", time.time()).is_allowed


def test_a_long_message_is_cut(ask: Ask):
    containers = [{"name": f"c{number}", "image": "x" * 5000} for number in range(500)]
    assert len(ask(review({"containers": containers})).message) <= 2000


def test_a_review_waits_once_for_a_locked_database(path: Path):
    containers = [{"name": f"c{number}", "image": f"app{number}@{GOOD}"} for number in range(900)]
    with closing(sqlite3.connect(path, isolation_level=None)) as other, closing(Lookup(path, "")) as lookup:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE verdicts SET audited = 9")
        started_s = time.monotonic()
        answer = decide(read_review(review({"containers": containers})), lookup, time.time(), DAY_S)
        # 900 waits of 0.1 s would be 90.
        assert time.monotonic() - started_s < 20
    assert (answer.is_allowed, answer.result) == (False, "failed")


def test_more_images_than_a_pod_has(ask: Ask):
    containers = [{"name": f"c{number}", "image": f"app{number}@{GOOD}"} for number in range(1001)]
    assert ask(review({"containers": containers})).message == "the pod names more than 1,000 images"
    assert ask(review({"containers": containers[:1000]})).is_allowed


@pytest.mark.parametrize(("group", "kind"), [("music.example", "Pod"), ("batch.volcano.sh", "Job")])
def test_a_kind_of_another_group_has_another_form(group: str, kind: str, ask: Ask):
    asked = review(image(BAD), kind, kind={"group": group, "version": "v1", "kind": kind}, object={"spec": 7})
    assert ask(asked).warnings == (f"{kind} is not judged: it is neither a pod nor a known workload",)


def test_long_texts_reach_no_log(ask: Ask):
    long = "x" * 100_000
    body = review({"containers": [{"name": long, "image": long}]}, namespace=long, userInfo={"username": long})
    asked = read_review(body)
    assert max(len(asked.namespace), len(asked.user), len(ask(body).message)) <= 2000
