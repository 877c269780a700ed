"""The commands of `boombap`: how to import the module of each, and its line in the help. Nothing is imported yet."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from boombap.command.action import Tool

    class CommandModule(Protocol):
        """A module that is a command."""

        TOOL: Tool


def _db() -> CommandModule:
    from boombap.db import cli

    return cli


def _spotify() -> CommandModule:
    from boombap.spotify import cli

    return cli


def _ctx() -> CommandModule:
    from boombap.ctx import cli

    return cli


def _deps() -> CommandModule:
    from boombap.deps import cli

    return cli


def _redis() -> CommandModule:
    from boombap.redis import cli

    return cli


def _metrics() -> CommandModule:
    from boombap.metrics import cli

    return cli


def _flags() -> CommandModule:
    from boombap.flags import cli

    return cli


def _local() -> CommandModule:
    from boombap.cli import local

    return local


def _config() -> CommandModule:
    from boombap.cli import config

    return config


def _doctor() -> CommandModule:
    from boombap.cli import doctor

    return doctor


def _demo() -> CommandModule:
    from boombap.demo import cli

    return cli


COMMANDS: dict[str, tuple[Callable[[], CommandModule], str]] = {
    "db": (_db, "PostgreSQL diagnostics: tracks, analyzers, connections, health"),
    "spotify": (_spotify, "Spotify metadata: match, store and refresh the catalogue within the quota"),
    "ctx": (_ctx, "code search: which lines answer a question"),
    "deps": (_deps, "dependencies against advisories: audit, policy, reports"),
    "redis": (_redis, "Redis and Valkey: health, what fills the cache, safe changes"),
    "metrics": (_metrics, "what the tools know as one page for Prometheus"),
    "flags": (_flags, "feature flags: which share of the work runs on the native engines"),
    "local": (_local, "the embedded PostgreSQL and Valkey: start, stop, status"),
    "config": (_config, "settings: show each with its source, check them, write a template"),
    "doctor": (_doctor, "check the installation: Python, byte code, servers, rights"),
    "demo": (_demo, "sample database, and a guided tour of the tools"),
}
EXTRAS = {
    "db": "db",
    "spotify": "spotify",
    "ctx": "ctx",
    "deps": "deps",
    "redis": "redis",
    "metrics": "metrics",
    "local": "local",
    "demo": "all,local",
}
"""What `pip install 'boombap[…]'` names for a command; the others need nothing but Python."""
