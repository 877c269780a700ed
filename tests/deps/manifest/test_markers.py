"""A pin under an environment marker answers a range only where the range is not left open in another environment.

What these tests protect: a clean audit of a package that is pinned for Windows and open everywhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.cli import sections
from boombap.command.dispatch import run_tool
from boombap.deps.cli import TOOL
from boombap.deps.manifest.collector import Bounds
from boombap.deps.manifest.pypi.markers import cover
from boombap.deps.manifest.read import read
from boombap.interrupt import Interrupt
from deps.osv import TRUTH, database
from deps.trees import reading, write

if TYPE_CHECKING:
    from pathlib import Path

Files = dict[str, str]
WINDOWS = 'a==1.5 ; sys_platform=="win32"\n'


def project(*wishes: str, python: str = "") -> str:
    requires = f'requires-python = "{python}"\n' if python else ""
    return f'[project]\nname = "p"\n{requires}dependencies = {list(wishes)}\n'


OPEN: dict[str, Files] = {
    "in one file": {"requirements.txt": "a>=1\n" + WINDOWS},
    "with hashes": {"requirements.txt": 'a>=1\na==1.5 ; sys_platform=="win32" --hash=sha256:0\n'},
    "without a blank": {"requirements.txt": 'a>=1\na==1.5;sys_platform=="win32"\n'},
    "with extras and parentheses": {"requirements.txt": 'a>=1\na[x] (==1.5) ; sys_platform=="win32"\n'},
    "a wheel": {"requirements.txt": 'a>=1\na @ https://x.example/a-1.5-py3-none-any.whl ; os_name=="nt"\n'},
    "an included file": {"requirements.txt": "-r base.txt\na>=1\n", "base.txt": WINDOWS},
    "a constraint": {"requirements.txt": "-c c.txt\na>=1\n", "c.txt": WINDOWS},
    "pyproject and compiled requirements": {"pyproject.toml": project("a>=1"), "requirements.txt": WINDOWS},
    "requirements and their compiled form": {"requirements.txt": "a>=1\n", "requirements.lock.txt": WINDOWS},
    "a pin in the same pyproject": {"pyproject.toml": project("a>=1", "a==1.5; os_name=='nt'")},
    "Poetry's pin for one platform": {
        "pyproject.toml": '[tool.poetry.dependencies]\na = [{version = "1.5", platform = "win32"}, {version = "^1"}]\n'
    },
    "Pipfile.lock": {
        "Pipfile": '[packages]\na = "*"\n',
        "Pipfile.lock": '{"default": {"a": {"version": "==1.5", "markers": "sys_platform == \'win32\'"}}}',
    },
    "poetry.lock": {
        "pyproject.toml": project("a>=1"),
        "poetry.lock": '[[package]]\nname = "a"\nversion = "1.5"\noptional = false\ngroups = ["main"]\n'
        'markers = "sys_platform == \\"win32\\""\nfiles = [\n]\n',
    },
    "pdm.lock": {
        "pyproject.toml": project("a>=1"),
        "pdm.lock": '[[package]]\nname = "a"\nversion = "1.5"\ngroups = ["default"]\nmarker = "os_name == \'nt\'"\n',
    },
    "pylock.toml": {
        "pyproject.toml": project("a>=1"),
        "pylock.toml": '[[packages]]\nname = "a"\nversion = "1.5"\nmarker = "sys_platform == \'win32\'"\n',
    },
    "a range for another platform": {"requirements.txt": 'a>=1 ; sys_platform=="linux"\n' + WINDOWS},
    "a range for each platform and one pin": {
        "requirements.txt": 'a>=1 ; sys_platform=="linux"\na>=1 ; sys_platform=="win32"\n' + WINDOWS
    },
    "pins that leave a platform out": {"requirements.txt": "a>=1\n" + WINDOWS + 'a==1.6; sys_platform=="linux"\n'},
    "a pin for the others that does not satisfy": {
        "requirements.txt": "a<2\n" + WINDOWS + 'a==3; sys_platform!="win32"\n'
    },
    "the newest Python on one platform": {
        "requirements.txt": 'a>=1\na==1.5; python_version >= "3.15" and sys_platform == "win32"\n'
    },
    "an old Python only": {"requirements.txt": 'a>=1\na==1.5; python_version < "3"\n'},
    "Pythons below the newest only": {"requirements.txt": 'a>=1\na==1.5; python_version < "3.11"\n'},
    "Pythons with a hole": {
        "requirements.txt": 'a>=1\na==1.5; python_version < "3.9"\na==1.6; python_version >= "3.12"\n'
    },
    "a Python and a platform": {
        "requirements.txt": 'a>=1\na==1.5; python_version >= "3.9" and sys_platform == "win32"\n'
    },
    "a Python above the project's": {
        "pyproject.toml": project("a>=1", python=">=3.10"),
        "requirements.txt": 'a==1.5; python_version >= "3.12"\n',
    },
    "an extra": {"requirements.txt": "a>=1\na==1.5; extra == 'x'\n"},
    "a marker that nobody can read": {"requirements.txt": "a>=1\na==1.5; moon == 'full'\n"},
    "an old spelling of a variable": {"requirements.txt": "a>=1\na==1.5; os.name == 'posix'\n"},
    "another old spelling": {"requirements.txt": "a>=1\na==1.5; python_implementation == 'CPython'\n"},
    "an interpreter": {"requirements.txt": "a>=1\na==1.5; implementation_name == 'pypy'\n"},
}


@pytest.mark.parametrize("kind", OPEN)
def test_a_pin_for_some_environments_leaves_the_range_open(kind: str, tmp_path: Path):
    found = reading(tmp_path, dict(OPEN[kind]))
    (gap,) = found.skipped
    assert gap.what.startswith("a")
    assert ("only where" in gap.reason) or ("satisfy" in gap.reason)
    assert any(one.name == "a" for one in found.dependencies)


@pytest.mark.parametrize("marker", ['sys_platform=="win32"', "sys_platform  ==  'win32'", "(sys_platform == 'win32')"])
def test_a_pin_answers_a_range_with_the_same_marker(marker: str, tmp_path: Path):
    found = reading(tmp_path, {"requirements.txt": f"a>=1 ; {marker}\n" + WINDOWS})
    assert found.skipped == ()


def test_the_same_marker_answers_even_when_nobody_can_read_it():
    assert cover(("moon=='full'",), 'moon == "full"')


ANSWERED: dict[str, Files] = {
    "every pin of poetry export has the project's Python": {
        "pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.11"\na = "^1.2"\n',
        "requirements.txt": 'a==1.5 ; python_version >= "3.11" and python_version < "4.0"\n',
    },
    "uv for the Pythons of the project": {
        "pyproject.toml": project("a>=1", python=">=3.9"),
        "requirements.txt": "a==1.5 ; python_full_version >= '3.9'\n",
    },
    "the only pin has the Python it needs": {"requirements.txt": 'a>=1\na==1.5 ; python_full_version >= "3.9"\n'},
    "a version for each Python": {
        "pyproject.toml": project("a>=1", python=">=3.9"),
        "requirements.txt": "a==1.5 ; python_full_version < '3.11'\na==1.6 ; python_full_version >= '3.11'\n",
    },
    "a version for each platform": {
        "requirements.txt": "a>=1\na==1.5 ; sys_platform == 'win32'\na==1.6 ; sys_platform != 'win32'\n"
    },
    "a release of Python in the middle": {
        "requirements.txt": "a>=1\na==1.5 ; python_full_version < '3.11.3'\na==1.6 ; python_full_version >= '3.11.3'\n"
    },
    "Pipfile.lock": {
        "Pipfile": '[packages]\na = "*"\n',
        "Pipfile.lock": '{"default": {"a": {"version": "==1.5", "markers": "python_version >= \'3.8\'"}}}',
    },
    "a constraint": {"requirements.txt": "-c c.txt\na>=1\n", "c.txt": 'a==1.5 ; python_version >= "3.8"\n'},
    "constraints for each Python": {
        "requirements.txt": "-c c.txt\na>=1\n",
        "c.txt": "a==1.5 ; python_version < '3.11'\na==1.6 ; python_version >= '3.11'\n",
    },
    "an extra of an optional one": {
        "pyproject.toml": '[project.optional-dependencies]\nx = ["a>=1"]\n',
        "requirements.txt": "a==1.5 ; extra == 'x'\n",
    },
    "poetry.lock with a version for each Python": {
        "pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.9"\na = "^1.2"\n',
        "poetry.lock": '[[package]]\nname = "a"\nversion = "1.5"\ngroups = ["main"]\n'
        'markers = "python_version < \\"3.11\\""\n\n[[package]]\nname = "a"\nversion = "1.6"\ngroups = ["main"]\n'
        'markers = "python_version >= \\"3.11\\""\n',
    },
    "poetry.lock with an extra": {
        "pyproject.toml": '[tool.poetry.dependencies]\na = {version = "^1.2", optional = true}\n',
        "poetry.lock": '[[package]]\nname = "a"\nversion = "1.5"\noptional = true\ngroups = ["main"]\n'
        'markers = "extra == \\"x\\""\n',
    },
    "poetry.lock with a marker for each group": {
        "pyproject.toml": project("a>=1"),
        "poetry.lock": '[[package]]\nname = "a"\nversion = "1.5"\ngroups = ["main", "dev"]\n'
        'markers = {main = "python_version < \\"3.11\\"", dev = "os_name == \\"nt\\""}\n',
    },
    "pylock.toml with an extra": {
        "pyproject.toml": '[project.optional-dependencies]\nx = ["a>=1"]\n',
        "pylock.toml": '[[packages]]\nname = "a"\nversion = "1.5"\nmarker = "\'x\' in extras"\n',
    },
    "a range for a platform and a pin for all": {"requirements.txt": "a>=1 ; os_name == 'nt'\na==1.5\n"},
}


@pytest.mark.parametrize("kind", ANSWERED)
def test_a_pin_for_every_environment_of_the_project_answers(kind: str, tmp_path: Path):
    assert reading(tmp_path, dict(ANSWERED[kind])).skipped == ()


def test_both_versions_of_a_package_under_markers_are_audited(tmp_path: Path):
    files = ANSWERED["constraints for each Python"]
    assert [one.version for one in reading(tmp_path, dict(files)).dependencies] == ["1.5", "1.6"]


def test_the_source_of_a_lock_counts_with_its_marker(tmp_path: Path):
    write(tmp_path, {"requirements.in": "a>=1\n", "requirements.txt": WINDOWS})
    (gap,) = read([str(tmp_path / "requirements.in"), str(tmp_path / "requirements.txt")]).skipped
    assert "only where" in gap.reason


def test_a_folder_holds_requirements_against_their_source(tmp_path: Path):
    (gap,) = reading(tmp_path, {"requirements.in": "a>=1\nb\n-e .\n", "requirements.txt": WINDOWS}).skipped
    assert (gap.what, "only where" in gap.reason) == ("a>=1", True)


def test_a_source_that_its_compiled_form_answers_adds_nothing(tmp_path: Path):
    files = {"requirements.in": "a>=1\nc==2\n-r base.in\n", "base.in": "b\n", "requirements.txt": "a==1.5\n"}
    found = reading(tmp_path, dict(files))
    assert (found.skipped, [one.name for one in found.dependencies], len(found.files)) == ((), ["a"], 1)


def test_many_values_in_markers_end_soon():
    """The samples multiply; a marker with too many of them is not covered."""
    wide = " or ".join(f"{name} == 'v{at}'" for at in range(40) for name in ("os_name", "sys_platform"))
    assert not cover((wide,), "")


def test_the_supported_pythons_bound_what_a_pin_must_cover():
    marker = ("python_version < '3.12'",)
    assert cover(marker, "", Bounds(">=3.9,<3.12"))
    assert not cover(marker, "", Bounds(">=3.9"))
    assert not cover(marker, "", Bounds("~nonsense"))


def test_check_gives_no_verdict_where_only_windows_is_pinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", database(tmp_path, TRUTH))
    write(tmp_path / "q", {"requirements.txt": 'fastapi>=0.1\nfastapi==0.120 ; sys_platform=="win32"\n'})
    assert run_tool(TOOL, ["check", str(tmp_path / "q")], prog="deps", interrupt=Interrupt(), scope=sections.names) == 4
    assert "only where sys_platform == 'win32'" in capsys.readouterr().out
