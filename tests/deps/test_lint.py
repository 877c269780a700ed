from __future__ import annotations

import re
from pathlib import Path

import pytest

from boombap.deps import lint
from deps.trees import reading


def rules(tmp_path: Path, files: dict[str, str | bytes]) -> list[tuple[str, int]]:
    return [(one.rule, one.line) for one in reading(tmp_path, files).lints]


def test_an_orphan_hash(tmp_path: Path):
    text = "a==1 \\\n  --hash=sha256:0 \\\n  --hash=sha256:1\n  --hash=sha256:2\nb==1 --hash=sha256:3 --hash=sha256:4\n"
    assert rules(tmp_path, {"requirements.txt": text}) == [("orphan_hash", 4)]


def test_a_missing_hash(tmp_path: Path):
    text = "a==1 --hash=sha256:0 --hash=sha256:1\nb==1\n"
    assert rules(tmp_path, {"requirements.txt": text}) == [("missing_hash", 2)]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("", "", [("single_platform_hash", 1)]),
        (" --hash=sha256:8", "", [("single_platform_hash", 2)]),
        (" --hash=sha256:8", " --hash=sha256:9", []),
    ],
)
def test_hashes_of_one_platform(tmp_path: Path, first: str, second: str, expected: list[tuple[str, int]]):
    text = f"a==1 --hash=sha256:0{first}\nb==1 --hash=sha256:1{second}\n"
    assert rules(tmp_path, {"requirements.txt": text}) == expected


def test_no_hash_is_no_lint(tmp_path: Path):
    assert rules(tmp_path, {"requirements.txt": "a==1\nb==2\n"}) == []


def test_unpinned(tmp_path: Path):
    assert rules(tmp_path, {"requirements.txt": "a\nb==1\n"}) == [("unpinned", 1)]


@pytest.mark.parametrize(("version", "expected"), [("0.104.1", []), ("1.0", [("drift", 2)]), ("0.104.1.0", [])])
def test_drift_between_requirements_and_lock(tmp_path: Path, version: str, expected: list[tuple[str, int]]):
    lock = '[[package]]\nname = "fastapi"\nversion = "0.104.1"\n'
    assert rules(tmp_path, {"requirements.txt": f"\nFastAPI=={version}\n", "poetry.lock": lock}) == expected


def test_drift_between_pyproject_and_lock(tmp_path: Path):
    files: dict[str, str | bytes] = {
        "pyproject.toml": '[project]\ndependencies = ["a==1"]\n',
        "uv.lock": '[[package]]\nname = "a"\nversion = "2"\nsource = { registry = "x" }\n',
    }
    (one,) = reading(tmp_path, files).lints
    assert one.rule == "drift"
    assert "a is 1 here and 2 in" in one.summary


DOCKERFILE = """\
ARG BASE=python:3.11.7-slim
ARG TAG
FROM ${BASE} AS build
FROM build AS test
FROM --platform=linux/amd64 node:latest
FROM debian
FROM registry.example.org:5000/it/own
FROM python:3
FROM python@sha256:00
FROM scratch
FROM x:${TAG}
COPY --from=build /x /x
COPY --from=busybox /x /x
COPY --from=0 /x /x
from alpine:3.19
"""


def test_floating_images_of_a_dockerfile(tmp_path: Path):
    found = rules(tmp_path, {"Dockerfile": DOCKERFILE})
    assert found == [("floating_image", line) for line in (5, 6, 7, 8, 13)]


COMPOSE = """\
services:
  db:
    image: postgres
  cache:
    image: "valkey/valkey:8.0.1"
  web:
    image: 'nginx:stable' # why
  own:
    image: ${OWN}
  other:
    image: {{ .Values.image }}
"""
KUBERNETES = """\
apiVersion: apps/v1
kind: Deployment
spec:
  containers:
    - image: nginx:latest
    - name: x
      image: nginx@sha256:00
"""


def test_floating_images_of_manifests(tmp_path: Path):
    files: dict[str, str | bytes] = {
        "docker-compose.yml": COMPOSE,
        "k8s/web.yaml": KUBERNETES,
        "other.yaml": "image: nginx\n",
    }
    found = reading(tmp_path, files)
    assert [(one.file.removeprefix(f"{tmp_path}/"), one.line) for one in found.lints] == [
        ("docker-compose.yml", 3),
        ("docker-compose.yml", 7),
        ("k8s/web.yaml", 5),
    ]
    assert found.files == ()


def test_an_unreadable_yaml_loses_no_dependency(tmp_path: Path):
    found = reading(tmp_path, {"x.yaml": b"\xff\xfe\x00", "big.yaml": b"a" * 1_100_000})
    assert (found.lints, found.skipped) == ((), ())


def test_every_rule_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "deps.md").read_text(encoding="utf-8")
    rules_made = set(re.findall(r'Lint\(\s*"(\w+)"', Path(lint.__file__).read_text(encoding="utf-8")))
    assert rules_made == set(
        re.findall(r"^\| `(\w+)` \| ", page.partition("## Lints")[2].partition("\n## ")[0], re.MULTILINE)
    )


def test_plain_versions():
    assert lint.plain_version("V1.0") == lint.plain_version("1")


LOCK = '[[package]]\nname = "a"\nversion = "1.0"\ngroups = ["main"]\n{}\n[metadata]\nlock-version = "2.1"\n'
MORE = '[[package]]\nname = "{}"\nversion = "1.0"\ngroups = ["{}"]\n'
TWO_HASHES = "a==1.0 --hash=sha256:1 --hash=sha256:2\n"


def test_one_hash_among_packages_with_more_is_named(tmp_path: Path):
    text = TWO_HASHES + "greenlet==3.2.4 --hash=sha256:3\n"
    (found,) = [
        one for one in reading(tmp_path, {"requirements.txt": text}).lints if one.rule == "single_platform_hash"
    ]
    assert (found.line, found.summary.split()[0]) == (2, "greenlet")


def drifts(tmp_path: Path, requirements: str, lock: str) -> list[tuple[str, int]]:
    found = reading(tmp_path, {"requirements.txt": requirements, "poetry.lock": lock})
    return [(one.summary, one.line) for one in found.lints if one.rule == "drift"]


@pytest.mark.parametrize(
    ("requirements", "expected"),
    [
        (f"{TWO_HASHES}greenlet==3.2.4 --hash=sha256:3\n", [("greenlet 3.2.4 is here and not in {}", 2)]),
        ("a==1.0\ngreenlet==3.2.4\n", [("greenlet 3.2.4 is here and not in {}", 2)]),
        ("a==1.0\nsetuptools==70.0.0\n", []),
        ("b==1.0\nc==1.0\n", []),
    ],
)
def test_what_the_lock_lacks_is_drift(requirements: str, expected: list[tuple[str, int]], tmp_path: Path):
    lock = f"{tmp_path}/poetry.lock"
    assert drifts(tmp_path, requirements, LOCK.format("")) == [(text.format(lock), line) for text, line in expected]


def test_what_a_complete_file_lacks_of_the_lock_is_drift(tmp_path: Path):
    lock = LOCK.format(MORE.format("uvloop", "main") + MORE.format("pytest", "dev"))
    assert drifts(tmp_path, TWO_HASHES, lock) == [(f"uvloop of {tmp_path}/poetry.lock is not here", 0)]
    assert drifts(tmp_path, "a==1.0\n", lock) == []
    assert drifts(tmp_path, TWO_HASHES.replace("a", "b", 1), lock) == []
