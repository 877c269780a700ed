"""gradle.lockfile: one module a line; what is something else is a failure that names its line."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from boombap.deps.manifest import readers
from boombap.deps.manifest.safe_text import Malformed
from deps.trees import collector, pins, reading

if TYPE_CHECKING:
    from pathlib import Path

LOCK = """\
# This is a Gradle generated file for dependency locking.
# Manual edits can break the build and are not advised.
# This file is expected to be part of source control.
ch.qos.logback:logback-core:1.2.3=runtimeClasspath,testRuntimeClasspath
junit:junit:4.13=testCompileClasspath,testRuntimeClasspath
org.springframework:spring-beans:5.0.5.RELEASE=compileClasspath, runtimeClasspath
empty=annotationProcessor
"""


def test_gradle():
    found = collector(readers.gradle_lock, LOCK, ecosystem="Maven")
    assert pins(found) == [
        ("ch.qos.logback:logback-core", "1.2.3", 4),
        ("junit:junit", "4.13", 5),
        ("org.springframework:spring-beans", "5.0.5.RELEASE", 6),
    ]
    assert [one.scope for one in found.dependencies] == ["runtime", "dev", "runtime"]


@pytest.mark.parametrize("name", ["gradle.lockfile", "buildscript-gradle.lockfile", "settings-gradle.lockfile"])
def test_its_names(name: str, tmp_path: Path):
    found = reading(tmp_path, {f"app/{name}": LOCK})
    assert ({one.ecosystem for one in found.dependencies}, found.skipped) == ({"Maven"}, ())


def test_the_build_beside_it_stays_a_gap_because_it_may_lock_a_part_only(tmp_path: Path):
    found = reading(tmp_path, {"gradle.lockfile": LOCK, "build.gradle": "dependencies {}\n"})
    assert [skip.file.rpartition("/")[2] for skip in found.skipped] == ["build.gradle"]


@pytest.mark.parametrize("line", ["<<<<<<< HEAD", "a:b", "a:b:1", "a:b=c", ":b:1=c", "a:b:1:2=c", "a::1=c"])
def test_a_line_that_is_not_a_module(line: str):
    with pytest.raises(Malformed) as caught:
        collector(readers.gradle_lock, f"{LOCK}{line}\n")
    assert caught.value.line == 8


@pytest.mark.parametrize("piece", [":", "a:", "=", "a=", "a:b:", ",", " ", "#"])
def test_no_repetition_takes_long(piece: str):
    text = piece * (1_000_000 // len(piece))
    begun_s = time.process_time()
    for document in (text, f"a:b:1={text}", f"{text}\n" * 3):
        try:
            collector(readers.gradle_lock, document)
        except Malformed:
            continue
    assert time.process_time() - begun_s < 5
