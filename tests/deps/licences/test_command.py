"""`deps licences` from metadata and locks to the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from boombap.cli import sections
from boombap.command.dispatch import run_tool
from boombap.deps.cli import TOOL
from boombap.errors import ConfigError
from boombap.interrupt import Interrupt

if TYPE_CHECKING:
    from collections.abc import Callable

    Done = tuple[int, str, str]


@pytest.fixture
def licences(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    def run(*words: str) -> Done:
        code = run_tool(TOOL, ["licences", *words], prog="deps", interrupt=Interrupt(), scope=sections.names)
        return (code, *capsys.readouterr())

    return run


def install(name: str, *fields: str) -> None:
    folder = Path("env/lib/python3.11/site-packages") / f"{name}-1.0.dist-info"
    folder.mkdir(parents=True)
    head = "\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *fields])
    (folder / "METADATA").write_text(f"{head}\n\nLicense: GPL-3.0-only\n", encoding="utf-8")


def npm_lock(**packages: Any) -> None:
    entries = {f"node_modules/{name}": {"version": "1.0.0", **entry} for name, entry in packages.items()}
    lock = {"name": "app", "lockfileVersion": 3, "packages": {"": {"name": "app"}, **entries}}
    Path("package-lock.json").write_text(json.dumps(lock), encoding="utf-8")


def policy(text: str) -> tuple[str, str]:
    Path("policy.toml").write_text(text, encoding="utf-8")
    return ("--policy", "policy.toml")


def answers(text: str) -> dict[str, tuple[str, str | None]]:
    return {found["name"]: (found["answer"], found["expression"]) for found in json.loads(text)["packages"]}


def test_metadata_of_an_installation(licences: Callable[..., Done]):
    install("one", "License-Expression: MIT")
    install("two", "License: Apache-2.0")
    code, out, _ = licences("--installed", "env", "--format", "json")
    assert (code, answers(out)) == (0, {"one": ("allowed", "MIT"), "two": ("allowed", "Apache-2.0")})


def test_a_licence_that_is_unknown_is_named_and_no_verdict(licences: Callable[..., Done]):
    install("one", "License-Expression: MIT")
    install("two", "License: see LICENSE")
    code, out, _ = licences("--installed", "env")
    assert code == 4
    row = next(line for line in out.splitlines() if " two " in line)
    assert row.split()[0] == "unknown"
    assert "see LICENSE" in row
    assert "it is not an SPDX expression" in row
    assert out.splitlines()[-1] == "2 packages: 1 allowed, 0 denied, 1 unknown"


def test_a_denied_licence(licences: Callable[..., Done]):
    install("one", "License-Expression: MIT")
    install("two", "License-Expression: GPL-3.0-only")
    code, out, _ = licences("--installed", "env", *policy('licences_deny = ["GPL-3.0-only"]'))
    assert (code, out.splitlines()[1].split()[:2]) == (1, ["denied", "two"])
    assert licences("--installed", "env", *policy('licences_allow = ["MIT"]'))[0] == 1
    assert licences("--installed", "env", *policy('licences_allow = ["MIT", "GPL-3.0-only"]'))[0] == 0
    warns = policy('licences_allow = ["MIT"]\n[environment.dev]\nmode = "warn"')
    assert licences("--installed", "env", *warns, "--environment", "dev")[0] == 0


def test_an_unknown_licence_is_stronger_than_a_denied_one(licences: Callable[..., Done]):
    install("one", "License-Expression: MIT")
    install("two")
    assert licences("--installed", "env", *policy('licences_deny = ["MIT"]'))[0] == 4


def test_a_lock_of_npm(licences: Callable[..., Done]):
    npm_lock(
        a={"license": "MIT"},
        b={"license": "(MIT OR ISC)"},
        c={},
        d={"license": "UNLICENSED"},
        e={"license": {"type": "MIT"}},
    )
    code, out, _ = licences("--format", "json")
    unknown = ("unknown", None)
    assert code == 4
    assert answers(out) == {
        "a": ("allowed", "MIT"),
        "b": ("allowed", "ISC OR MIT"),
        "c": unknown,
        "d": unknown,
        "e": unknown,
    }


def test_a_long_text_is_cut(licences: Callable[..., Done]):
    npm_lock(a={"license": "MIT" * 500}, b={"license": ["MIT"] * 500})
    found = json.loads(licences("--format", "json")[1])
    assert [len(package["text"]) for package in found["packages"]] == [201, 201]


def test_a_lock_of_composer_lists_what_may_be_chosen(licences: Callable[..., Done]):
    packages = [{"name": "a/b", "version": "1.0.0", "license": ["MIT", "GPL-3.0-only"]},
                {"name": "a/c", "version": "v1.0.0", "license": ["MIT"]}]  # fmt: skip
    Path("composer.lock").write_text(json.dumps({"packages": packages, "packages-dev": []}), encoding="utf-8")
    code, out, _ = licences("--format", "json", *policy('licences_deny = ["GPL-3.0-only"]'))
    assert (code, answers(out)) == (0, {"a/b": ("allowed", "GPL-3.0-only OR MIT"), "a/c": ("allowed", "MIT")})


def test_an_installation_says_what_a_lock_does_not(licences: Callable[..., Done]):
    Path("requirements.txt").write_text("one==1.0\nother==2.0\n", encoding="utf-8")
    install("one", "License-Expression: MIT")
    code, out, _ = licences(".", "--installed", "env", "--format", "json")
    assert (code, answers(out)) == (4, {"one": ("allowed", "MIT"), "other": ("unknown", None)})


def test_files_that_contradict_each_other_are_unknown(licences: Callable[..., Done]):
    for folder, licence in (("x", "MIT"), ("y", "ISC")):
        npm_lock(a={"license": licence})
        Path(folder).mkdir()
        Path("package-lock.json").rename(f"{folder}/package-lock.json")
    code, out, _ = licences("--format", "json")
    (found,) = json.loads(out)["packages"]
    assert (code, found["answer"], found["reason"]) == (4, "unknown", "the files contradict each other")


@pytest.mark.parametrize("text", ["", "flask\n"])
def test_what_could_not_be_looked_at_is_no_verdict(text: str, licences: Callable[..., Done]):
    Path("requirements.txt").write_text(text, encoding="utf-8")
    code, out, _ = licences()
    assert code == 4
    assert ("not looked at: flask" in out) == bool(text)


def test_the_policy_says_how_much_may_be_left_out_but_not_whole_files(licences: Callable[..., Done]):
    Path("requirements.txt").write_text("flask\n", encoding="utf-8")
    install("one", "License-Expression: MIT")
    words = (".", "--installed", "env", *policy("max_unaudited = 9"))
    assert licences(*words)[0] == 0
    Path("package-lock.json").write_text("{", encoding="utf-8")
    assert licences(*words)[0] == 4


def test_a_list_with_something_else_is_a_mistake_in_the_policy(licences: Callable[..., Done]):
    install("one", "License-Expression: MIT")
    with pytest.raises(ConfigError, match="'BSD' is not an SPDX expression"):
        licences("--installed", "env", *policy('licences_allow = ["BSD"]'))


def test_control_characters_of_metadata_never_leave(licences: Callable[..., Done]):
    install("one", "License: a\x1b[31m\u202e")
    for form in ("table", "json"):
        out = licences("--installed", "env", "--format", form)[1]
        assert not [character for character in out if character != "\n" and ord(character) < 32]
