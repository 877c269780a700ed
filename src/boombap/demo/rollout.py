"""Two engines in the tour: a rollout from 25 % to 100 %, a native engine that breaks, and old beside new."""

from __future__ import annotations

import tempfile
from pathlib import Path

import boombap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.demo.stage import Stage

_FLAG = "ctx-engine"
_KEYS = ("beats", "charts", "lyrics", "samples", "studio", "vinyl")
_QUESTION = "open a circuit breaker"
_BREAK = (("BOOMBAP_TEST", "1"), ("BOOMBAP_TEST_ENGINE_FAULT", "ctx:error"))


def show(stage: Stage) -> None:
    """Roll the native engine of code search out, break it, and see the other one answer; nobody's flags are changed."""
    stage.say("each tool has a second, plain engine; a flag decides which of the two works on a repository:")
    with tempfile.TemporaryDirectory(prefix="boombap-demo-") as state:
        own = stage.replace(settings=(*stage.settings, ("BOOMBAP_PATHS_STATE", str(Path(state) / "state"))))
        own.run("flags", "set", _FLAG, "--percent", "25")
        own.run("flags", "evaluate", _FLAG, *_KEYS)
        own.run("flags", "set", _FLAG, "--percent", "100")
        stage.say("now native is broken on purpose; the search must answer all the same:")
        broken = own.replace(settings=(*own.settings, *_BREAK))
        broken.run("ctx", "search", _QUESTION, "-n", "1", "--root", str(Path(boombap.__file__).parent))
        own.run("flags", "status")


def beside(stage: Stage, tool: str, *argv: str, answers: Sequence[int] = (0,)) -> None:
    """Run a command of a tool by both engines, and say how long each took; what they print is not shown.

    Args:
        tool: whose engines they are.
        argv: the words after `boombap`.
        answers: the expected exit codes, of both.
    """
    took_s = {
        engine: stage.replace(settings=(*stage.settings, (f"BOOMBAP_FLAG_{tool.upper()}_ENGINE", engine))).time(
            *argv, answers=answers
        )
        for engine in ("classic", "native")
    }
    old_ms, new_ms = (f"{1000 * took_s[engine]:,.0f} ms" for engine in ("classic", "native"))
    factor = took_s["classic"] / took_s["native"]
    stage.say(f"the plain way takes {old_ms} for the same, ours {new_ms}: {factor:.1f} times as fast")
