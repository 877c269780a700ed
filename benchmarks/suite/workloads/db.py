"""`db`: the diagnosis of a database of the platform's size."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from boombap.db.classic import CHECKS
from boombap.demo import sample

from ..environment import BOOMBAP, clean, of_engines
from ..model import Case
from ..servers import running_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Setting

_QUICK_TRACKS = 500
# What moves from second to second, or grows with its own statistics; `db.engines` leaves out the same.
_MOVING = ("engine", "taken_at", "elapsed_ms", "connections", "uptime_s", "stats_age_s", "size_bytes")


@contextmanager
def cases(setting: Setting) -> Iterator[list[Case]]:
    """Yield the diagnosis without and with health checks, while the server runs."""
    scale = sample.Scale(_QUICK_TRACKS) if setting.is_quick else sample.FULL
    with running_postgres(setting.folder / "postgres", scale) as (url, _):
        environs = of_engines("db", {**clean(setting.folder), "DATABASE_URL": url})
        data = f"{scale.tracks:,} tracks"
        quick = [BOOMBAP, "db", "--quick", "--format", "json"]
        full = [BOOMBAP, "db", "--format", "json", "--fail-on", "never"]
        yield [
            Case("db", "db --quick", data, dict.fromkeys(environs, quick), environs, read, differences),
            Case(
                "db",
                "db",
                data,
                dict.fromkeys(environs, full),
                environs,
                read,
                differences,
                fine=(0, 3),
                note=f"classic has {len(CHECKS)} of the health checks, native all of them",
            ),
        ]


def read(output: str) -> dict[str, Any]:
    """Return what both engines say in the same words: of a finding, the check, the severity and the subject."""
    diagnosis: dict[str, Any] = json.loads(output)
    findings = (diagnosis.get("health") or {}).get("findings", ())
    named = sorted([row["id"], row["severity"], row["subject"]] for row in findings if row["id"] in CHECKS)
    return {**_settled(diagnosis), "health": named}


def _settled(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {name: _settled(part) for name, part in value.items() if name not in _MOVING}
    return [_settled(part) for part in value] if isinstance(value, list) else value


def differences(classic: dict[str, Any], native: dict[str, Any]) -> list[str]:
    """Return the parts of a diagnosis that differ."""
    return [f"{name}" for name in {**classic, **native} if classic.get(name) != native.get(name)]
