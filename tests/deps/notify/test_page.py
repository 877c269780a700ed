"""docs/reference/deps.md names every field of a message."""

from __future__ import annotations

from pathlib import Path

from boombap.deps.notify.webhook import EVENT, MAX_LISTED, SCHEMA
from deps.notify.test_webhook import SCHEMA as BODY
from schemas.validation import objects

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "deps.md").read_text(encoding="utf-8")


def test_every_field_of_a_message_is_described():
    part = PAGE.partition("### Webhook")[2].partition("\n## ")[0]
    names = {name for shape in objects(BODY) for name in shape["properties"]}
    assert [name for name in sorted(names) if f"`{name}`" not in part] == []
    assert f"#### {SCHEMA}\n" in part
    assert f"`{EVENT}`" in part
    assert f"at most {MAX_LISTED} entries" in part
