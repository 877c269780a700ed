from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.command.dispatch import run_tool
from boombap.deps.cli import TOOL
from boombap.deps.enforcement import dockerfile, manifests
from boombap.deps.enforcement.image_use import NO_DIGEST, OTHER_DIGEST, UNKNOWN_FORM, VARIABLE
from boombap.deps.manifest.safe_text import Malformed
from boombap.errors import UsageError
from boombap.interrupt import Interrupt

if TYPE_CHECKING:
    from collections.abc import Callable

    Done = tuple[int, str, str]
    Pin = Callable[..., Done]

PINNED = "registry.example:5000/app:1@sha256:" + 64 * "a"
DEPLOYMENT = f"""\
# rendered
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: api, namespace: rap}}
spec:
  template:
    metadata: {{name: inner}}
    spec:
      initContainers:
        - image: busybox:1.36
          name: wait
      containers:
        - name: api
          image: "{PINNED}"
        - {{name: side, image: side}}
      volumes:
        - name: model
          image: {{reference: "model:2"}}
---
apiVersion: v1
kind: Service
metadata: {{name: api}}
"""
COMPOSE = f"""\
x-base: &base
  image: redis:7
services:
  cache:
    <<: *base
  again: *skipped
  app:
    build: .
    image: ours
  db: {{image: "{PINNED}"}}
""".replace("  again: *skipped\n", "")
DOCKERFILE = f"""\
ARG BASE=python:3.12
ARG SAFE={PINNED}
FROM --platform=$BUILDPLATFORM ${{BASE}} AS build
COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/
RUN <<EOF
FROM nothing
EOF
FROM $SAFE as Second
# FROM comment
COPY --from=build --chown=1 /a /a
COPY --from=0 /b /b
RUN --mount=type=bind,from=golang:1.23,target=/go \\
    go build
FROM scratch
FROM second
FROM ${{OTHER}}/app
"""


@pytest.fixture
def pin(capsys: pytest.CaptureFixture[str]) -> Pin:
    def run(*words: str) -> Done:
        code = run_tool(TOOL, ("gate", "pin", *words), prog="deps", interrupt=Interrupt())
        return (code, *capsys.readouterr())

    return run


def unpinned(read: Any, text: str) -> list[tuple[int, str, str, str]]:
    return [(use.line, use.object, use.container, use.image) for use in read("f", text) if use.reason]


def test_every_image_of_a_manifest_is_found_with_its_place():
    assert unpinned(manifests.images_in, DEPLOYMENT) == [
        (11, "Deployment rap/api", "wait", "busybox:1.36"),
        (16, "Deployment rap/api", "side", "side"),
        (19, "Deployment rap/api", "model", "model:2"),
    ]
    assert len(list(manifests.images_in("f", DEPLOYMENT))) == 4


def test_lists_json_custom_resources_and_values_are_read():
    listed = {
        "kind": "List",
        "items": [{"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"image": "a"}]}}],
    }
    assert unpinned(manifests.images_in, json.dumps(listed)) == [(1, "Pod p", "", "a")]
    values = "image:\n  repository: registry.example/app\n  tag: 1.2\n"
    assert unpinned(manifests.images_in, values) == [(2, "", "", "registry.example/app:1.2")]
    assert unpinned(manifests.images_in, values + f"  digest: sha256:{64 * 'a'}\n") == []
    config = "kind: ConfigMap\nmetadata: {name: c}\ndata: {image: logo.png}\n"
    assert list(manifests.images_in("f", config)) == []


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("{{ .Values.image }}", ["{{…}}"]),
        ("[app, other]", [""]),
        ("{name: app}", [""]),
        ("{pullPolicy: Always, tag: 1}", [""]),
        ("{custom: {image: app}}", ["app"]),
        ("{}", []),
        ("", []),
    ],
)
def test_a_value_that_is_not_a_name_is_never_a_digest(value: str, found: list[str]):
    pod, compose = f"spec:\n  containers:\n  - image: {value}\n", f"services:\n  a:\n    image: {value}\n"
    assert [use[3] for use in unpinned(manifests.images_in, pod)] == found
    assert [use[3] for use in unpinned(manifests.images_in, compose)] == [name * (name != "app") for name in found]


def test_a_compose_file_names_what_it_pulls_not_what_it_builds():
    assert unpinned(manifests.images_in, COMPOSE) == [(2, "service cache", "cache", "redis:7")]


def test_a_dockerfile_names_what_it_builds_on_not_its_own_stages():
    assert [found[::3] for found in unpinned(dockerfile.images_in, DOCKERFILE)] == [
        (3, "python:3.12"),
        (4, "ghcr.io/astral-sh/uv:0.5"),
        (12, "golang:1.23"),
        (16, "${OTHER}/app"),
    ]


def test_nothing_of_a_shell_hides_a_later_stage():
    for line in (
        "RUN cat <<<EOF",
        "RUN echo $((1<<2))",
        "COPY --from=x /a /b",
        "RUN <<A cat <<'B'\nFROM a\nA\nFROM b\nB",
    ):
        images = [use.image for use in dockerfile.images_in("f", f"{line}\nFROM\tpython:3\n")]
        assert images[-1] == "python:3"
        assert not {"a", "b"} & set(images)
    for text in ("FROM a\nRUN <<EOF\nFROM b\n", "# escape=`\nFROM a\n", "RUN true\n"):
        with pytest.raises(Malformed):
            list(dockerfile.images_in("f", text))


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (["app"], UNKNOWN_FORM),
        ("{{…}}", VARIABLE),
        (PINNED, ""),
        ("app", NO_DIGEST),
        (PINNED.upper(), OTHER_DIGEST),
        (PINNED + "a", OTHER_DIGEST),
        ("app@sha512:" + 128 * "a", OTHER_DIGEST),
        ("app@${DIGEST}", VARIABLE),
        ("{{ .Values.image }}", VARIABLE),
        ("${REGISTRY}/app@sha256:" + 64 * "a", VARIABLE),
    ],
)
def test_the_reason_says_what_is_wrong(image: str | list[str], reason: str):
    (use,) = manifests.images_in("f", f"kind: Pod\nspec: {{containers: [{{image: {json.dumps(image)}}}]}}\n")
    assert use.reason == reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n---\n",
        "just a text\n",
        "- a\n",
        "image: {{ .Values.image }}\nb: [\n",
        "a: " + "[" * 3000,
        "a:\n  - b\n c: d\n",
        "&a [*a]",
        "\n".join(f"{' ' * level}a:" for level in range(200)),
    ],
)
def test_what_is_not_a_manifest_is_never_a_manifest_without_images(text: str):
    with pytest.raises(Malformed):
        list(manifests.images_in("f", text))


def test_aliases_cost_no_more_than_what_is_written():
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40))
    bomb = f"kind: Pod\na0: &a0 {{image: app}}\n{levels}\n"
    started_s = time.process_time()
    assert unpinned(manifests.images_in, bomb) == [(2, "", "", "app")]
    assert time.process_time() - started_s < 5
    chain = "x0: &x0 {image: app}\n" + "\n".join(f"x{n}: &x{n} {{<<: *x{n - 1}}}" for n in range(1, 300))
    with pytest.raises(Malformed, match="merge keys within merge keys"):
        list(manifests.images_in("f", f"{chain}\nservices: {{a: *x299}}\n"))
    wide = "\n".join(f"x{n}: &x{n} {{<<: [{', '.join([f'*x{n - 1}'] * 9)}]}}" for n in range(1, 30))
    started_s = time.process_time()
    assert list(manifests.images_in("f", f"x0: &x0 {{a: b}}\n{wide}\nservices: {{a: *x29}}\n")) == []
    assert time.process_time() - started_s < 5


def test_a_tag_constructs_nothing():
    text = 'kind: Pod\nspec: {containers: [{image: !!python/object/apply:os.system ["true"]}, {image: !Sub app}]}\n'
    assert unpinned(manifests.images_in, text) == [(2, "", "", ""), (2, "", "", "app")]


@given(st.text())
def test_any_text_is_read_or_refused(text: str):
    for read in (manifests.images_in, dockerfile.images_in):
        with suppress(Malformed):
            list(read("f", text))


def test_the_exit_code_never_hides_what_was_not_read(pin: Pin):
    Path("good.yaml").write_text(f"kind: Pod\nspec: {{containers: [{{image: '{PINNED}'}}]}}\n")
    Path("bad.yaml").write_text(DEPLOYMENT)
    Path("Dockerfile").write_text("FROM python\n")
    Path("broken.yaml").write_text("a: [\n")
    Path("service.yaml").write_text("kind: Service\nmetadata: {name: a}\n")
    assert pin("good.yaml") == (0, "0 of 1 images in 1 file have no digest\n", "")
    code, out, _ = pin("good.yaml", "bad.yaml", "Dockerfile")
    assert (code, "bad.yaml:11" in out, "Dockerfile:1" in out) == (1, True, True)
    assert out.endswith("4 of 6 images in 3 files have no digest\n")
    code, out, _ = pin("bad.yaml", "broken.yaml", "none.yaml", ".")
    assert (code, "bad.yaml:11" in out) == (4, True)
    assert "broken.yaml:2 was not read: it is not valid YAML" in out
    assert "none.yaml was not read: it cannot be read: No such file or directory" in out
    assert ". was not read: it is not a regular file" in out
    assert (pin("service.yaml")[0], pin("service.yaml", "good.yaml")[0]) == (4, 0)


def test_the_document_has_every_part(pin: Pin):
    Path("bad.yaml").write_text("kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: app}]}\n")
    found = json.loads(pin("bad.yaml", "none.yaml", "--format", "json")[1])
    (use,) = found["unpinned"]
    assert use == {
        "file": "bad.yaml",
        "line": 3,
        "object": "Pod p",
        "container": "c",
        "image": "app",
        "reason": NO_DIGEST,
    }
    assert (found["files"], found["images"], found["unread"][0]["file"]) == (1, 1, "none.yaml")


def test_stdin_is_what_helm_has_rendered():
    for text, code in ((DEPLOYMENT, 1), ("", 4), (f"image: {PINNED}\n", 0)):
        command = [sys.executable, "-m", "boombap", "deps", "gate", "pin", "-"]
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
        assert done.returncode == code, done.stderr


def test_options_of_the_other_word_are_refused(pin: Pin):
    for words in ((), ("a", "--mode", "deny"), ("a", "--output", "b"), ("a", "--environment", "")):
        with pytest.raises(UsageError):
            pin(*words)
    with pytest.raises(UsageError, match="gate policy writes YAML"):
        run_tool(TOOL, ("gate", "policy", "--format", "json"), prog="deps", interrupt=Interrupt())
