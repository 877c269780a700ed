"""The script that writes the generated pages, as a module."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

_SCRIPT = Path(__file__).parents[1] / "docs" / "generate.py"


@cache
def pages() -> Any:
    """Import docs/generate.py."""
    spec = importlib.util.spec_from_file_location("generate", _SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
