"""`redis`: what the keys of a cache amount to, and one operation of our client beside redis-py."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..environment import BOOMBAP, clean, of_engines
from ..keys import fill
from ..model import Case, Operation
from ..servers import running_valkey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Setting

_CLIENTS = Path(__file__).parents[2] / "redis_clients.py"
_FULL_KEYS, _QUICK_KEYS = 20_000, 1_000
_COUNTED = ("keys", "size_bytes", "measured", "is_estimate", "types", "ttls", "databases")


@contextmanager
def cases(setting: Setting) -> Iterator[list[Case]]:
    """Yield the scan of all keys, while the server runs."""
    keys = setting.size(_FULL_KEYS, _QUICK_KEYS)
    with running_valkey(setting.folder / "valkey") as (url, connection):
        fill(connection, keys)
        environs = of_engines("redis", {**clean(setting.folder), "REDIS_URL": url})
        scan = [BOOMBAP, "redis", "keys", "--fresh", "--fail-on", "never", "--format", "json"]
        yield [
            Case(
                "redis",
                "redis keys",
                f"{keys:,} mixed keys",
                dict.fromkeys(environs, scan),
                environs,
                json.loads,
                differences,
                fine=(0, 3),
                note="classic does not look for pickles, native does",
                peers=_peers(setting.folder / "valkey" / "valkey" / "run" / "valkey.sock"),
            )
        ]


def _peers(socket: Path) -> dict[str, list[str]]:
    program = shutil.which("redis-cli")
    return {"redis-cli --memkeys (C)": [program, "-s", str(socket), "--memkeys"]} if program and socket.exists() else {}


def differences(classic: dict[str, Any], native: dict[str, Any]) -> list[str]:
    """Return the counts that differ, of those that both engines have."""
    return [
        f"{name}: {classic.get(name)}, native {native.get(name)}"
        for name in _COUNTED
        if classic.get(name) != native.get(name)
    ]


def operation(setting: Setting) -> Operation:
    """Measure one GET after the other, in turn with redis-py, on a server of its own."""
    with running_valkey(setting.folder / "operation") as (url, _):
        command = [sys.executable, "-P", str(_CLIENTS), "single", url]
        environ = clean(setting.folder)
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        answer: dict[str, dict[str, float]] = json.loads(done.stdout)
    ours, peer = answer["GET, boombap"], answer["GET, redis-py"]
    return Operation(*(round(side[name], 1) for side in (ours, peer) for name in ("p50_us", "p99_us")))
