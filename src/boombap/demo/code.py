"""Code search in the tour: one question to the code of boombap itself, with and without typing errors."""

from __future__ import annotations

from pathlib import Path

import boombap
from boombap.demo.rollout import beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.demo.stage import Stage

_QUESTION = "find duplicate indexes"
# Made from the question: this file is searched too, and a word that it holds is not corrected.
_MISSPELT = _QUESTION.replace("cate", "acte").replace("dexes", "edxes")


def show(stage: Stage) -> None:
    """Index the code, ask, ask again with typing errors, and by the plain engine."""
    root = str(Path(boombap.__file__).parent)
    stage.run("ctx", "index", "--root", root)
    for question in (_QUESTION, _MISSPELT):
        took_s = stage.run("ctx", "search", question, "-n", "2", "--root", root)
        stage.say(f"answered in {1000 * took_s:.0f} ms, start of Python included")
    beside(stage, "ctx", "ctx", "search", _QUESTION, "-n", "2", "--root", root)
