"""What the text of a file that is not read says about packages."""

from __future__ import annotations

import pytest

from boombap.deps.manifest.unread import by_text


@pytest.mark.parametrize(
    ("said", "names_packages"),
    [
        ("additional_dependencies: []", False),
        ("additional_dependencies: [ ]  # none", False),
        ("additional_dependencies: ['.[deps]']", False),
        ('additional_dependencies: [".", ".[a,b]"]', False),
        ("additional_dependencies: []\r", False),
        ("additional_dependencies: [idna]", True),
        ('additional_dependencies: [".[deps]", idna]', True),
        ("additional_dependencies: [./wheels/idna.whl]", True),
        ("additional_dependencies: [..]", True),
        ("additional_dependencies:", True),
        ("additional_dependencies: &none []", True),
        ("additional_dependencies: []\n  - additional_dependencies: [idna]", True),
        ("additional_dependencies: [" + " " * 100_000, True),
        ("additional_dependencies: [" + ".," * 50_000, True),
    ],
)
def test_hooks_without_packages_of_others_are_not_a_gap(said: str, names_packages: bool):
    text = f"repos:\n- hooks:\n  - {said}\n".encode()
    assert bool(by_text(".pre-commit-config.yaml", text)) == names_packages
