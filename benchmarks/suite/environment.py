"""The environment of what is measured: this machine's settings left out, and byte code compiled as after an install."""

from __future__ import annotations

import compileall
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import boombap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .model import Engine

BOOMBAP = str(Path(sys.executable).with_name("boombap"))
"""The installed command beside the Python that runs this."""

_KEPT = ("PATH", "LANG")
_PLACES = {"BOOMBAP_PATHS_STATE": "state", "BOOMBAP_PATHS_CACHE": "cache", "BOOMBAP_PATHS_DATA": "data"}


def compile_byte_code() -> None:
    """Compile the package: a run that compiles takes twice as long."""
    compileall.compile_dir(str(Path(boombap.__file__).parent), quiet=1)


def clean(folder: Path) -> dict[str, str]:
    """Return an environment in which state, cache and data are below a folder.

    PYTHONDONTWRITEBYTECODE is not in it, and neither is a setting of the person who measures.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    places = {name: str(folder / place) for name, place in _PLACES.items()}
    return {**kept, "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **places}


def of_engines(tool: str, environ: Mapping[str, str]) -> dict[Engine, Mapping[str, str]]:
    """Return the environments in which the flag of a tool is forced to each engine."""
    flag = f"BOOMBAP_FLAG_{tool.upper()}_ENGINE"
    return {"classic": {**environ, flag: "classic"}, "native": {**environ, flag: "native"}}
