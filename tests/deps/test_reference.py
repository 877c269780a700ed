"""docs/reference/deps.md names every field, policy key, form and action that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from boombap.deps import model, options
from boombap.deps.cli import TOOL
from boombap.deps.gate import policy
from boombap.deps.report.compliance import Control
from boombap.deps.report.document import SCHEMA

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "deps.md").read_text(encoding="utf-8")
KEPT_INSIDE = {"dependency", "dependencies", "source", "marker"}


@pytest.mark.parametrize("shape", [model.Source, model.Skipped, model.Lint, model.Severity, model.Violation, Control])
def test_every_field_is_described(shape: type[model.Record]):
    assert [name for name in shape.__match_args__ if f"`{name}`" not in PAGE and name != "finding"] == []


def test_every_field_of_a_finding_and_its_dependency_is_described():
    names = {*model.Finding.__match_args__, *model.Dependency.__match_args__} - KEPT_INSIDE
    assert [name for name in sorted(names) if f"`{name}`" not in PAGE] == []


def test_every_policy_key_form_action_and_kind_is_described():
    assert [key for key in policy._KEYS if f"\n{key} = " not in PAGE] == []
    assert [form for form in options.FORMS if f"`{form}`" not in PAGE] == []
    assert [action.name for action in TOOL.actions if action.name not in PAGE] == []
    assert [kind for kind in model.KINDS if f"`{kind}`" not in PAGE] == []
    assert f"### {SCHEMA}\n" in PAGE
