"""The dependency manager in the guided run: a small project against made-up advisories, before and after a policy."""

from __future__ import annotations

import tempfile
from pathlib import Path

from boombap.deps.sample.load import sample_database, sample_project
from boombap.errors import EXIT_NO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.demo.stage import Stage


def show(stage: Stage) -> None:
    """Audit the project, and have the gate of a pipeline judge it; both say no, because advisories are planted."""
    with tempfile.TemporaryDirectory(prefix="boombap-demo-") as place:
        folder = Path(place)
        sample_database(folder / "advisories")
        project = str(sample_project(folder))
        deps = stage.but(settings=(*stage.settings, ("BOOMBAP_DEPS_DATABASE", str(folder / "advisories"))))
        took_s = deps.run("deps", "audit", project, answers=(EXIT_NO,))
        stage.say(f"audited in {1000 * took_s:.0f} ms, start of Python included; 1 is the answer no")
        deps.run("deps", "check", "--ci-mode", project, answers=(EXIT_NO,))
