"""Which PostgreSQL a command talks to: the configured one, or the local server when none is configured and it runs."""

from __future__ import annotations

from boombap.clients.postgres.target import Target, from_settings, from_text
from boombap.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from boombap.config.model import Config


def postgres(config: Config) -> Target:
    """Give the target of this run. The local server is never started here, and never preferred to a configured one.

    Raises:
        ConfigError: when no server is configured and the local one does not run, or the address is malformed.
    """
    if config.postgres.is_set:
        return from_settings(config.postgres, _origin(config))
    from boombap.local.postgres import status  # only where nothing is configured

    running = status(servers(config))
    if running is None:
        raise ConfigError(
            "no PostgreSQL is configured and the local one does not run",
            hint="set DATABASE_URL, or start one with `boombap local start`",
        )
    return from_text(running.url, name="local server", origin="the local server")


def servers(config: Config) -> Path:
    """Give the folder of the local servers."""
    assert config.paths.data is not None, "config.load fills it in"
    return config.paths.data / "local"


def _origin(config: Config) -> str:
    places = [config.sources.get(f"postgres.{name}") for name in ("url", "host", "port", "database", "username")]
    return next((place for place in places if place), "the configuration")
