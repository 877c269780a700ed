"""Imports pycurl without its asyncio integration, which brings dataclasses and typing along: 15 of its 23 ms.

The package imports `pycurl.async_multi` for one name, `AsyncCurlMulti`, which nothing here uses.
"""

from __future__ import annotations

import sys
from types import ModuleType

_UNUSED = "pycurl.async_multi"

_had_it = _UNUSED in sys.modules
if not _had_it:
    sys.modules[_UNUSED] = ModuleType(_UNUSED)
    setattr(sys.modules[_UNUSED], "AsyncCurlMulti", None)  # noqa: B010 - a module has no such attribute to checkers
try:
    import pycurl
finally:
    if not _had_it:
        del sys.modules[_UNUSED]

__all__ = ["pycurl"]
