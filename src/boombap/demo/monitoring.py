"""The collector in the tour: what the runs before left, and some figures of the page that Prometheus scrapes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import urlencode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.clients.postgres.target import Target
    from boombap.demo.stage import Stage

_SHOWN = (
    'boombap_source_up{source="db"}',
    "boombap_db_tracks ",
    "boombap_db_size_bytes",
    "boombap_deps_unaudited",
    'boombap_command_runs_total{action="batch",command="spotify",exit_code="0"}',
)


def show(stage: Stage, target: Target) -> None:
    """Write the page once and show some of its lines."""
    settings = (
        ("DATABASE_URL", f"postgresql:///?{urlencode(target.parameters)}"),
        ("BOOMBAP_METRICS_SOURCES", "db,ctx"),
    )
    own = stage.replace(settings=(*stage.settings, *settings))
    with tempfile.TemporaryDirectory(prefix="boombap-demo-") as folder:
        page = Path(folder) / "boombap.prom"
        own.run("metrics", "collect", "--output", str(page))
        lines = page.read_text(encoding="utf-8").splitlines()
    figures = [line for line in lines if not line.startswith("#")]
    stage.say(f"the page has {len(figures):,} figures, what the runs above left among them; some of them:")
    for line in key_figures(figures):
        stage.terminal.write(f"  {line}")
    stage.say(
        "`boombap metrics serve` shows the page to Prometheus, `metrics dashboard` and `metrics rules` go with it"
    )


def key_figures(lines: list[str]) -> Iterator[str]:
    """Yield the lines that the tour shows, in its order."""
    for beginning in _SHOWN:
        yield from (line for line in lines if line.startswith(beginning))
