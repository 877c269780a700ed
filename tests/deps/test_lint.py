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


@pytest.mark.parametrize(("second", "expected"), [("", [("single_platform_hash", 1)]), (" --hash=sha256:9", [])])
def test_hashes_of_one_platform(tmp_path: Path, second: str, expected: list[tuple[str, int]]):
    text = f"a==1 --hash=sha256:0\nb==1 --hash=sha256:1{second}\n"
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
