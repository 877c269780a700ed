"""What may be configured of feature flags; every run reads it, because each tool evaluates its flag."""

from __future__ import annotations

from boombap.config import kinds
from boombap.config.section import Key, Section, variable
from boombap.flags.model import NAMES, VARIANTS
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from boombap.config.secret import Secret


class FlagSettings(Record):
    """Where feature flags are kept, and engines that are forced. Durations are kept in seconds."""

    file: Path | None = None
    redis: Secret | None = None
    redis_timeout: float = 0.1
    db_engine: str | None = None
    spotify_engine: str | None = None
    ctx_engine: str | None = None
    deps_engine: str | None = None
    redis_engine: str | None = None
    metrics_engine: str | None = None
    test: str | None = None
    test_engine_fault: str | None = None

    def forced(self, flag: str) -> str | None:
        """Return the variant that the configuration forces on a flag; None where it forces none."""
        variant: str | None = getattr(self, flag.replace("-", "_"))
        return variant


def _override(flag: str) -> Key:
    name = flag.replace("-", "_")
    tool = flag.partition("-")[0]
    return Key(
        f"flags.{name}", _ENGINE, f"forces an engine of `{tool}`, whatever the flag says", (variable(f"flag.{name}"),)
    )


_ENGINE = kinds.choice(VARIANTS)
_FAULTS = tuple(f"{name.partition('-')[0]}:{fault}" for name in NAMES for fault in ("error", "slow"))
SECTION = Section(
    "flags",
    FlagSettings,
    (
        Key("flags.file", kinds.PATH, "flags in flagd's JSON; default: `flags/flags.json` in `paths.state`"),
        Key(
            "flags.redis", kinds.SECRET, "address of a Redis that holds flags for many machines; default: none is asked"
        ),
        Key("flags.redis_timeout", kinds.DURATION, "limit for a connection to that Redis, and for its answer"),
        *map(_override, NAMES),
        Key("flags.test", kinds.choice(("1",)), "1 marks a test environment: engines may be broken", ("BOOMBAP_TEST",)),
        Key(
            "flags.test_engine_fault",
            kinds.choice(_FAULTS),
            "breaks the native engine of a tool, to try its fallback; an error, exit code 2, without `flags.test`",
            ("BOOMBAP_TEST_ENGINE_FAULT",),
        ),
    ),
)
