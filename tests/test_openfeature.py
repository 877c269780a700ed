"""The provider, driven by the OpenFeature SDK itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagEvaluationDetails, Reason

from boombap.errors import ConfigError
from boombap.openfeature import BoombapProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openfeature.client import OpenFeatureClient

    Run = Callable[..., subprocess.CompletedProcess[str]]

FLAG = "ctx-engine"
KEYS = [f"repository-{number}" for number in range(200)]


@pytest.fixture
def client() -> Iterator[OpenFeatureClient]:
    api.set_provider_and_wait(BoombapProvider())
    yield api.get_client()
    api.shutdown()


def details(client: OpenFeatureClient, key: str | None, flag: str = FLAG) -> FlagEvaluationDetails[str]:
    return client.get_string_details(flag, "none", EvaluationContext(key))


def test_never_configured_is_native(client: OpenFeatureClient):
    found = details(client, "x")
    assert (found.value, found.variant, found.reason) == ("native", "native", Reason.DEFAULT)
    assert found.flag_metadata == {"source": "default"}


def test_it_answers_as_the_tools_do(boombap: Run, client: OpenFeatureClient):
    boombap("flags", "set", FLAG, "--percent", "25")
    done = boombap("flags", "evaluate", FLAG, *KEYS, "--format", "json")
    expected = {row["key"]: row["variant"] for row in json.loads(done.stdout)["evaluations"]}
    with ThreadPoolExecutor(4) as threads:
        found = dict(zip(KEYS, threads.map(lambda key: details(client, key).value, KEYS), strict=True))
    assert found == expected
    assert set(found.values()) == {"native", "classic"}
    assert details(client, None).value == "classic"


def test_a_forced_engine(client: OpenFeatureClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BOOMBAP_FLAG_CTX_ENGINE", "classic")
    api.set_provider_and_wait(BoombapProvider())
    found = details(client, "x")
    assert (found.value, found.reason, found.flag_metadata["source"]) == ("classic", Reason.STATIC, "override")


def test_a_source_that_cannot_be_used_is_classic_and_named(monkeypatch: pytest.MonkeyPatch, client: OpenFeatureClient):
    monkeypatch.setenv("BOOMBAP_FLAGS_FILE", "gone.json")
    api.set_provider_and_wait(BoombapProvider())
    found = details(client, "x")
    assert (found.value, found.reason) == ("classic", Reason.ERROR)
    assert "gone.json" in str(found.flag_metadata["problem"])


def test_another_flag_and_another_type_give_the_callers_default(client: OpenFeatureClient):
    unknown = details(client, "x", "theirs")
    assert (unknown.value, unknown.error_code) == ("none", ErrorCode.FLAG_NOT_FOUND)
    asked = [
        client.get_boolean_details(FLAG, default_value=True),
        client.get_integer_details(FLAG, 7),
        client.get_float_details(FLAG, 7.5),
        client.get_object_details(FLAG, {"a": 1}),
    ]
    assert [found.value for found in asked] == [True, 7, 7.5, {"a": 1}]
    assert {found.error_code for found in asked} == {ErrorCode.TYPE_MISMATCH}


def test_a_targeting_key_that_is_not_a_string_is_named(client: OpenFeatureClient):
    found = client.get_string_details(FLAG, "none", EvaluationContext(5))  # type: ignore[arg-type]
    assert (found.value, found.error_code) == ("none", ErrorCode.INVALID_CONTEXT)
    assert found.error_message == "the targeting key must be a string, not int"


def test_a_configuration_with_an_error_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BOOMBAP_FLAG_CTX_ENGINE", "fast")
    with pytest.raises(ConfigError):
        BoombapProvider()


def test_settings_of_tools_are_not_its_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BOOMBAP_DEPS_MAX_AGE", "30d")
    BoombapProvider()


def test_no_command_imports_the_sdk():
    code = "import sys; import boombap.flags.cli, boombap.flags.engine; assert 'openfeature' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(os.devnull).parent)
