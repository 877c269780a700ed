"""`spotify`: metadata of tracks of which only the names are known, from the emulator into PostgreSQL."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..environment import BOOMBAP, clean
from ..model import Case
from ..servers import running_platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Setting

    Rows = dict[str, str]

_CLASSIC = Path(__file__).parents[1] / "fill_classic.py"
_LATENCY_MS = 10
_MAX_RUNS = 8


@contextmanager
def cases(setting: Setting) -> Iterator[list[Case]]:
    """Yield a batch of all tracks, while the servers run."""
    tracks = setting.size(2_000, 100)
    with running_platform(setting.folder, clean(setting.folder), tracks, _LATENCY_MS) as platform:
        yield [
            Case(
                "spotify",
                "spotify batch",
                f"{tracks:,} tracks by name, {_LATENCY_MS} ms per request",
                {
                    "classic": [sys.executable, "-P", str(_CLASSIC), str(tracks)],
                    "native": [BOOMBAP, "spotify", "batch", "-q", "--format", "json"],
                },
                dict.fromkeys(("classic", "native"), platform.environ),
                lambda _: platform.rows(),
                differences,
                prepare=platform.reset,
                tracks=tracks,
                max_runs=_MAX_RUNS,
                note="batch asks no flag, since it writes; the classic engine runs by its module",
            )
        ]


def differences(classic: Rows, native: Rows) -> list[str]:
    """Return the tracks to which native gave another id than classic, or none.

    Native may fill more: it knows other spellings.
    """
    if not classic:
        return ["classic filled no track"]
    return [f"track {key}: {sid}, native {native.get(key)}" for key, sid in classic.items() if native.get(key) != sid]
