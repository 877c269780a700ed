"""The findings of a project, by the engine that the flag `deps-engine` chooses for it.

Classic compares packages of PyPI only, so a project that names others, or nothing, is native's alone.
"""

from __future__ import annotations

import os
import time

from boombap.deps import environment
from boombap.flags.engine import run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.command.context import RunContext
    from boombap.deps.model import Audit, Reading

_FLAG = "deps-engine"
_CLASSIC_ECOSYSTEMS = {"PyPI"}


def audited(context: RunContext, reading: Reading, *, is_verdict: bool = False) -> Audit:
    """Return the findings of a reading, as the databases have them now.

    Args:
        context: of the run.
        reading: of what the action is about.
        is_verdict: whether a gate is to judge them: then classic does not take the place of native.

    Raises:
        NoVerdict: for a database of another version.
        ExternalError: for a damaged one, and for one that is missing where classic is to answer.
    """
    if {dependency.ecosystem for dependency in reading.dependencies} != _CLASSIC_ECOSYSTEMS:
        return environment.audited(context, reading)

    def classic() -> Audit:
        from boombap.deps.classic import audit

        return audit(reading, environment.folder(context), time.time())

    def native() -> Audit:
        return environment.audited(context, reading)

    return run(context, _FLAG, _key(context), native, classic, may_fall_back=not is_verdict, work="audit")


def _key(context: RunContext) -> str:
    """Return the real path of what is audited; several are joined as PATH joins folders."""
    args = context.args
    return os.pathsep.join(map(os.path.realpath, (*environment.paths(context), *args.installed, *args.root)))
