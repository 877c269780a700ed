"""The console scripts: `boombap`, and each tool under the names that the plan gave it."""

from __future__ import annotations

from boombap.cli.leave import leave
from boombap.cli.main import main, main_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def boombap() -> NoReturn:
    """Run `boombap WORD …`."""
    leave(main())


def database_diagnostics() -> NoReturn:
    """Run `boombap db` as `database-diagnostics`."""
    leave(main_of("db", "database-diagnostics"))


def ctx() -> NoReturn:
    """Run `boombap ctx` as `ctx`."""
    leave(main_of("ctx", "ctx"))


def ai_context_manager() -> NoReturn:
    """Run `boombap ctx` as `ai-context-manager`."""
    leave(main_of("ctx", "ai-context-manager"))


def deps() -> NoReturn:
    """Run `boombap deps` as `deps`."""
    leave(main_of("deps", "deps"))


def prometheus_collector() -> NoReturn:
    """Run `boombap metrics` as `prometheus-collector`."""
    leave(main_of("metrics", "prometheus-collector"))


def dependency_manager() -> NoReturn:
    """Run `boombap deps` as `dependency-manager`."""
    leave(main_of("deps", "dependency-manager"))


def spotify_processor() -> NoReturn:
    """Run `boombap spotify` as `spotify-processor`."""
    leave(main_of("spotify", "spotify-processor"))


def redis_manager() -> NoReturn:
    """Run `boombap redis` as `redis-manager`."""
    leave(main_of("redis", "redis-manager"))
