from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.deps.verdicts.image import parse_digest, parse_image
from boombap.errors import UsageError

DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize("name", ["app", "app:1.2", "registry.example:5000/rap/app:1", "[::1]:5000/app"])
def test_an_image_with_a_digest(name: str):
    found = parse_image(f"{name}@{DIGEST}")
    assert (found.name, found.digest) == (name, DIGEST)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("app", "has no digest"),
        ("app:1", "has no digest"),
        ("", "has no digest"),
        (f"@{DIGEST}", "is not an image reference"),
        (f"app@{DIGEST}@{DIGEST}", "is not a digest"),
        (f"app\n@{DIGEST}", "is not an image reference"),
        (f"app@{DIGEST}\n", "is not a digest"),
        (f"app@{DIGEST[:-1]}", "is not a digest"),
        (f"app@{DIGEST.upper()}", "capital letters"),
        (f"app@sha512:{'0a' * 64}", "by sha256, not by 'sha512'"),
        (f"{'a' * 600}@{DIGEST}", "is not an image reference"),
    ],
)
def test_what_names_no_digest_is_refused_with_what_to_do(text: str, reason: str):
    with pytest.raises(UsageError, match=reason) as refused:
        parse_image(text)
    assert refused.value.hint
    assert str(refused.value).isprintable()


@given(st.text())
def test_any_text_is_a_digest_or_refused(text: str):
    with pytest.raises(UsageError):
        parse_digest(text)
