"""What looks like a secret is masked, wherever it stands; what only is long stays readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.ctx.masking.mask import MASK, is_secret_file, mask

LETTERS = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0"
PRIVATE_KEY = f"-----BEGIN RSA PRIVATE KEY-----\nMIIB{'aB3d' * 15}\nAgMB\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "secret",
    [
        "AKIA" + "IOSFODNNEXAMPLEX"[:16],
        "ghp_" + "a" * 36,
        "github_pat_" + "a" * 30,
        "xoxb-" + "aaaaaaaaaaaa",
        "sk-" + "a" * 24,
        "glpat-" + "a" * 20,
        "AIza" + "a" * 35,
        "eyJ" + "a" * 12 + ".eyJ" + "b" * 12 + ".c",
    ],
    ids=lambda secret: secret[:6],
)
def test_a_key_of_a_known_form_is_masked_wherever_it_stands(secret: str) -> None:
    """Neither quotes nor the word "token" stand beside it."""
    assert mask(f"curl -H {secret} # for the demo") == f"curl -H {MASK} # for the demo"


@pytest.mark.parametrize("text", [PRIVATE_KEY, PRIVATE_KEY.rpartition("\n")[0]], ids=["whole", "cut off"])
def test_a_private_key_is_masked_and_its_lines_stay_counted(text: str) -> None:
    found = mask(f"KEY = \n{text}\nafter")
    assert "MII" not in found
    assert "AgMB" not in found
    assert found.count("\n") == 2 + text.count("\n")


@pytest.mark.parametrize("secret", [LETTERS, "9e107d9d372bb6826bd81d3542a419d6", LETTERS + "+/=="])
def test_a_long_text_of_chance_is_masked(secret: str) -> None:
    assert mask(f"send {secret} now") == f"send {MASK} now"


@pytest.mark.parametrize(
    "text",
    [
        "def test_a_rather_long_name_of_a_function_2(): ...",
        "com.example.platform.catalogue.TrackRepository",
        "token = get_token(user)",
        "password: str | None = None",
        "https://example.org/docs/getting-started/installation",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == text


@given(st.text())
def test_lines_stay_counted(text: str) -> None:
    assert mask(text).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "name",
    [".env", ".ENV.prod", "id_ed25519", "tls.pem", ".netrc", "service-account-x.json", "prod.env", "Prod.ENV",
     "app.prod.env", "db.env.local", "redis-1.env"],
)  # fmt: skip
def test_a_file_of_secrets_is_known_by_its_name(name: str) -> None:
    assert is_secret_file(name)


@pytest.mark.parametrize(
    "name",
    [".env.example", "example.env", "prod.env.example", "prod.sample.env", "template.env", "app.env.dist",
     "vite.env.ts", "env.py", "load.env.js", ".envrc"],
)  # fmt: skip
def test_an_example_of_settings_and_code_are_read(name: str) -> None:
    assert not is_secret_file(name)
