"""Which server a command talks to: the configured one, or the local one when none is configured and it runs."""

from __future__ import annotations

from boombap.clients.postgres.target import Target, from_settings, from_text
from boombap.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from boombap.clients.redis.target import Target as RedisTarget
    from boombap.config.model import Config


def postgres(config: Config) -> Target:
    """Return the target of this run. The local server is never started here, and never preferred to a configured one.

    Raises:
        ConfigError: when no server is configured and the local one does not run, or the address is malformed.
    """
    if config.postgres.is_set:
        return from_settings(config.postgres, _origin(config, "postgres"))
    from boombap.local.postgres import status  # only where nothing is configured

    running = status(servers(config))
    if running is None:
        raise ConfigError(
            "no PostgreSQL is configured and the local one does not run",
            hint="set DATABASE_URL, or start one with `boombap local start`",
        )
    return from_text(running.url, name="local server", origin="the local server")


def redis(config: Config) -> RedisTarget:
    """Return the Redis or Valkey of this run, by the same rule as `postgres`.

    Raises:
        ConfigError: when no server is configured and the local one does not run, or the address is malformed.
    """
    from boombap.clients.redis.target import from_settings as redis_from_settings
    from boombap.clients.redis.target import from_text as redis_from_text

    if config.redis.is_set:
        return redis_from_settings(config.redis, _origin(config, "redis"))
    from boombap.config.secret import Secret
    from boombap.local.valkey import status  # only where nothing is configured

    running = status(servers(config))
    if running is None:
        raise ConfigError(
            "no Redis is configured and the local one does not run",
            hint="set REDIS_URL, or start one with `boombap local start`",
        )
    target = redis_from_text(running.url, origin="the local server")
    if running.password_file is None:
        return target
    return target.replace(password=Secret(running.password_file.read_text(encoding="utf-8").strip()))


def servers(config: Config) -> Path:
    """Return the folder of the local servers."""
    assert config.paths.data is not None, "config.load fills it in"
    return config.paths.data / "local"


def _origin(config: Config, section: str) -> str:
    places = [config.sources.get(f"{section}.{name}") for name in ("url", "host", "port", "database", "username")]
    return next((place for place in places if place), "the configuration")
