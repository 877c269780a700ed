"""Forms in which a secret is written (forms.txt), and ordinary lines that look like one (traps.txt)."""

from __future__ import annotations

from pathlib import Path

import pytest

from boombap.ctx.answers.grep import grep
from boombap.ctx.answers.search import search
from boombap.ctx.masking.mask import mask
from ctx.repositories import indexed, repository

_HERE = Path(__file__).parent
# A word of letters, so that no rule about digits or randomness helps; a usual password; words with dashes.
_ANY = ("kalamaripasta", "q7Rk2mZx9vB4", "velvet-otter-91")
_WITH_DIGITS = ("q7Rk2mZx9vB4", "w3ak9ass84nd55")
_BASE64 = ("bm90LXJlYWwtcGFzc3dvcmQ=", "a2FsYW1hcmlwYXN0YQ==")
_KINDS = {"@@": _ANY, "@9": _WITH_DIGITS, "@b": _BASE64}


def _blocks(name: str) -> list[tuple[str, str]]:
    """Return the path and the text of each block of a file of cases."""
    blocks = (_HERE / name).read_text(encoding="utf-8").split("\n## ")[1:]
    return [(block.partition("\n")[0], block.partition("\n")[2].rstrip("\n") + "\n") for block in blocks]


def _planted(text: str, number: int) -> tuple[str, list[str]]:
    """Return a text with secrets in the place of its marks, and the secrets."""
    secrets = []
    for mark, values in _KINDS.items():
        value = values[number % len(values)]
        if mark in text:
            text = text.replace(mark, value)
            secrets.append(value)
    return text, secrets or ["ZGo6aHVudGVyMg"]


FORMS = _blocks("forms.txt")


def test_there_are_enough_forms() -> None:
    assert len(set(FORMS)) >= 200


@pytest.mark.parametrize(("path", "text"), FORMS)
def test_a_secret_is_masked_in_every_form(path: str, text: str) -> None:
    """Protects what stands in an index, a snippet and an answer: all are made from the masked text."""
    for number in range(3):
        planted, secrets = _planted(text, number)
        masked = mask(planted, path)
        assert not [secret for secret in secrets if secret in masked], masked
        assert masked.count("\n") == planted.count("\n")


@pytest.mark.parametrize(("path", "text"), _blocks("traps.txt"))
def test_an_ordinary_line_stays(path: str, text: str) -> None:
    """Protects the search from masks on digests, identifiers, references, types, and prose about secrets."""
    assert mask(text, path) == text


def test_no_form_reaches_the_index_or_an_answer(tmp_path: Path) -> None:
    """Protects the file of the index, the lines that a pattern finds with those around them, and snippets."""
    files: dict[str, str | bytes] = {}
    planted: set[str] = set()
    for number, (path, text) in enumerate(FORMS):
        content, secrets = _planted(text, number)
        files[f"f{number}/{path}"] = content
        planted.update(secrets)
    index = indexed(repository(tmp_path / "r", files))
    hits = [*grep(index, ".", limit=10_000, around=3), *search(index, "password secret token", limit=1_000)]
    assert len({hit.path for hit in hits}) >= 350
    shown = "\n".join(hit.snippet for hit in hits)
    stored = b"".join(path.read_bytes().lower() for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert [secret for secret in planted if secret in shown or secret.lower().encode() in stored] == []
