"""The dependency manager in the tour: a small project against made-up advisories, and the gate of a pipeline."""

from __future__ import annotations

import tempfile
from pathlib import Path

from boombap.demo.rollout import beside
from boombap.deps.sample.load import sample_database, sample_project
from boombap.errors import EXIT_NO_VERDICT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.demo.stage import Stage


def show(stage: Stage) -> None:
    """Audit the project, and run the gate of a pipeline on it: findings, and a line that cannot be audited."""
    with tempfile.TemporaryDirectory(prefix="boombap-demo-") as place:
        folder = Path(place)
        sample_database(folder / "advisories")
        project = str(sample_project(folder))
        deps = stage.replace(settings=(*stage.settings, ("BOOMBAP_DEPS_DATABASE", str(folder / "advisories"))))
        took_s = deps.run("deps", "audit", project, answers=(EXIT_NO_VERDICT,))
        stage.say(f"audited in {1000 * took_s:.0f} ms, start of Python included")
        beside(deps, "deps", "deps", "audit", project, answers=(EXIT_NO_VERDICT,))
        deps.run("deps", "check", "--ci-mode", project, answers=(EXIT_NO_VERDICT,))
        stage.say("exit code 4: no verdict, because not everything could be audited")
