from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from boombap.deps.manifest.pypi import setup_cfg, setup_py
from boombap.deps.manifest.safe_text import Malformed
from deps.trees import collector, gaps, pins, reading

if TYPE_CHECKING:
    from pathlib import Path

COMPUTED = "is computed when setup.py runs, so it cannot be read here"
SETUP = """from setuptools import setup

BASE = ["django==2.0"]
setup(
    name="app",
    python_requires=">=3.9",
    install_requires=BASE + ["requests>=2", 'tomli==1.0; python_version < "3.11"'],
    extras_require={"excel": ["openpyxl==3.0.0"], "tests": ("pytest==7.0.0",)},
    tests_require="mock==4.0",
)
"""


def of_setup_py(document: str):
    return collector(setup_py.read, document, ecosystem="PyPI")


def of_setup_cfg(document: str):
    return collector(setup_cfg.read, document, ecosystem="PyPI")


def test_the_literals_of_setup_py():
    found = of_setup_py(SETUP)
    assert [(one.name, one.version, one.line, one.scope) for one in found.dependencies] == [
        ("django", "2.0", 3, "runtime"),
        ("tomli", "1.0", 7, "runtime"),
        ("openpyxl", "3.0.0", 8, "optional"),
        ("pytest", "7.0.0", 8, "dev"),
        ("mock", "4.0", 9, "dev"),
    ]
    assert found.dependencies[1].marker == 'python_version < "3.11"'
    assert [(skipped.what, skipped.reason) for skipped in found.skipped] == [("requests>=2", "not pinned to a version")]
    assert found.pythons is not None
    assert found.pythons.text == ">=3.9"


@pytest.mark.parametrize(
    ("argument", "what"),
    [
        ("install_requires=open('r.txt').read().splitlines()", "install_requires"),
        ("install_requires=[line for line in open('r.txt')]", "install_requires"),
        ("install_requires=['a==1', f'b=={VERSION}']", "install_requires"),
        ("install_requires=['a==1'] if win else []", "install_requires"),
        ("install_requires=UNKNOWN", "install_requires"),
        ("install_requires=GROWING", "install_requires"),
        ("install_requires=TWICE", "install_requires"),
        ("install_requires=NESTED", "install_requires"),
        ("install_requires=[*read()]", "install_requires"),
        ("extras_require=extras()", "extras_require"),
        ("extras_require={'x': extras()}", "extras_require['x']"),
        ("extras_require={**extras}", "extras_require"),
        ("**arguments", "**arguments of setup"),
    ],
)
def test_what_setup_py_computes_is_a_gap(argument: str, what: str):
    head = (
        "import setuptools\nGROWING = ['a==1']\nGROWING.append(b)\nTWICE = ['a==1']\nTWICE = []\nNESTED = [GROWING]\n"
    )
    found = of_setup_py(f"{head}setuptools.setup({argument})\n")
    assert (what, COMPUTED) in [(skipped.what, skipped.reason) for skipped in found.skipped]


@pytest.mark.parametrize("document", ["", "setup()\n", "from setuptools import setup\nsetup(name='a')\n", "x = 1\n"])
def test_a_setup_py_without_dependencies_has_no_gap(document: str):
    found = of_setup_py(document)
    assert (found.dependencies, found.skipped) == ([], [])


def test_a_setup_py_whose_call_is_elsewhere_is_a_gap():
    found = of_setup_py("from setuptools import setup as go\ngo(install_requires=['a'])\n")
    assert gaps(found) == [("setup.py", "calls no `setup` that can be read here", 0)]


@pytest.mark.parametrize("document", ["print 'hello'\n", "x = (\n", "(" * 5000, "\0", "x = 1\n" * 300_000])
def test_a_setup_py_that_is_not_python_is_a_failure(document: str):
    begun_s = time.monotonic()
    with pytest.raises(Malformed):
        of_setup_py(document)
    assert time.monotonic() - begun_s < 5


def test_names_of_names_do_not_unfold_without_end():
    lines = ["A0 = ['a==1']", *(f"A{n + 1} = A{n} + A{n}" for n in range(60)), "setup(install_requires=A60)"]
    assert gaps(of_setup_py("\n".join(lines)))[0][0] == "install_requires"


def test_setup_py_is_not_run(tmp_path: Path):
    reading(tmp_path, {"setup.py": f"open({str(tmp_path / 'run')!r}, 'w')\nfrom setuptools import setup\nsetup()\n"})
    assert not (tmp_path / "run").exists()


def test_setup_cfg():
    found = of_setup_cfg(
        "[metadata]\nname = app\nversion = 1%2\n[options]\npython_requires = >=3.9\n"
        "install_requires =\n    django==2.0\n"
        '    # why\n    tomli==1.0; python_version < "3.11"\n    requests>=2\n[options.extras_require]\n'
        "excel = openpyxl==3.0.0; xlrd==1.0\ntest =\n  pytest==7.0.0\n[flake8]\nignore = E501\n"
    )
    assert [(one.name, one.version, one.line, one.scope) for one in found.dependencies] == [
        ("django", "2.0", 7, "runtime"),
        ("tomli", "1.0", 9, "runtime"),
        ("openpyxl", "3.0.0", 12, "optional"),
        ("xlrd", "1.0", 12, "optional"),
        ("pytest", "7.0.0", 14, "dev"),
    ]
    assert gaps(found) == [("requests>=2", "not pinned to a version", 10)]


def test_setup_cfg_that_takes_them_from_a_file_is_a_gap():
    found = of_setup_cfg("[options]\ninstall_requires = file: requirements.txt\n")
    assert gaps(found) == [
        ("install_requires = file: requirements.txt", "comes from another file when the project is built", 2)
    ]


def test_setup_cfg_of_tools_names_nothing_and_a_broken_one_is_a_failure():
    assert of_setup_cfg("[flake8]\nformat = %(path)s\n").skipped == []
    with pytest.raises(Malformed, match="INI"):
        of_setup_cfg("install_requires\n")


def test_they_are_found_in_a_folder_and_pinned_by_a_lock_beside(tmp_path: Path):
    library = "[options]\ninstall_requires = a==1\n"
    lock = '[[package]]\nname = "requests"\nversion = "2.5.0"\n'
    found = reading(tmp_path, {"setup.py": SETUP, "lib/setup.cfg": library, "poetry.lock": lock})
    assert ("requests", "2.5.0") in [(name, version) for name, version, _ in pins(found)]
    assert ("a", "1", 2) in pins(found)
    assert gaps(found) == []
