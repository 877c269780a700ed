"""What each extra installs, and the line that a command ends with when it is not installed."""

from __future__ import annotations

from importlib.util import find_spec

from boombap.errors import UsageError

# The third-party modules that each tool imports; pyproject.toml names the packages that bring them.
MODULES: dict[str, tuple[str, ...]] = {
    "db": ("psycopg2",),
    "spotify": ("psycopg2", "pycurl", "hiredis", "cheroot", "orjson", "rapidfuzz", "anyascii"),
    "ctx": ("pathspec", "tree_sitter"),
    "deps": ("cheroot", "cvss", "defusedxml", "license_expression", "orjson", "packaging", "pycurl", "yaml", "tomlkit"),
    "redis": ("hiredis",),
    "metrics": ("cheroot", "hiredis", "psycopg2", "pycurl", "yaml"),
}

CLASSIC = ("prometheus_client", "redis")
"""What only the classic engines import, beside the modules of their tools."""


def install(extra: str) -> str:
    """Return the command that installs an extra.

    >>> install("db")
    "pip install 'boombap[db]'"
    """
    return f"pip install 'boombap[{extra}]'"


def missing(extra: str) -> list[str]:
    """Return the modules of an extra that are not installed; nothing is imported."""
    return [name for name in MODULES[extra] if find_spec(name) is None]


def not_installed(error: ModuleNotFoundError, extra: str) -> UsageError | None:
    """Return what to say of a failed import; None when no extra installs the module."""
    if not extra or not any(error.name in names for names in (*MODULES.values(), CLASSIC)):
        return None
    return UsageError(f"{error.name} is not installed", hint=install("classic" if error.name in CLASSIC else extra))
