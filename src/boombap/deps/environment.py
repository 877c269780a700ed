"""What an action of `deps` works with, from its context: databases, policy, waivers, what is known, the source."""

from __future__ import annotations

import time

from boombap.errors import ConfigError, NoVerdict, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from boombap.clients.http.multi import Client
    from boombap.command.context import RunContext
    from boombap.deps.advisories.export_source import ExportSource
    from boombap.deps.gate.baseline import Keys
    from boombap.deps.gate.policy import Policy
    from boombap.deps.model import Audit, Reading, Source
    from boombap.deps.settings import DepsSettings
    from boombap.deps.vex.model import VexStatements
    from boombap.health.waivers import Waiver

HERE = (".",)
"""What an action is about when nobody names a path."""
_STALL_S = 30.0
_LEAST_BYTES_S = 1000


def settings(context: RunContext) -> DepsSettings:
    """Return what is configured of the tool."""
    from boombap.deps.settings import DepsSettings

    return context.config.of(DepsSettings)


def folder(context: RunContext) -> str:
    """Return the folder of the databases."""
    config = context.config
    assert config.paths.data is not None, "config.load fills it in"
    return str(settings(context).database or config.paths.data / "deps")


def no_databases(folder: str) -> NoVerdict:
    """Return the error that a folder holds no database, with what to do."""
    return NoVerdict(f"there are no databases in {folder}", hint="run `boombap deps sync`")


def state(context: RunContext) -> Path:
    """Return the folder of what is kept between runs."""
    assert context.config.paths.state is not None, "config.load fills it in"
    return context.config.paths.state


def paths(context: RunContext) -> Sequence[str]:
    """Return the files and folders that the action is about: the working folder, unless others are named."""
    is_other = context.args.installed or context.args.root
    return context.args.paths or ([] if is_other else HERE)


def read(context: RunContext, places: Sequence[str]) -> Reading:
    """Return what files and folders name, without any rule that leaves some out."""
    from boombap.deps.manifest.read import read

    return read(places, check=context.interrupt.check)


def read_asked(context: RunContext, exclude: Iterable[tuple[str, str]]) -> Reading:
    """Return what the paths, environments and unpacked images of the action name.

    Args:
        exclude: pattern and reason of each rule that leaves files out.
    """
    from boombap.deps.manifest.read import read

    args = context.args
    return read(
        paths(context),
        excluded=dict(exclude),
        environments=args.installed,
        roots=args.root,
        check=context.interrupt.check,
    )


def audited(context: RunContext, reading: Reading) -> Audit:
    """Return the findings of a reading, as the databases have them now."""
    from boombap.deps.audit import audit

    return audit(reading, folder(context), now_s=time.time())


def with_usage(context: RunContext, found: Audit, policy: Policy) -> Audit:
    """Return an audit with the evidence of use that --usage or the policy asks for."""
    if not (policy.usage_evidence or getattr(context.args, "usage", False)):
        return found
    from boombap.deps.usage.search import with_usage

    return with_usage(found, paths(context), context.args.installed, context.interrupt.check)


def policy(context: RunContext, name: str = "") -> Policy:
    """Return the policy that --policy or the configuration names, or the default one.

    Args:
        name: of the environment whose table is taken; empty for none.

    Raises:
        ConfigError: for an environment without a policy, and for a policy that is malformed.
    """
    from boombap.deps.gate.policy import Policy, load

    file = context.args.policy or settings(context).policy
    if file:
        return load(file, name)
    if name:
        raise ConfigError("--environment needs a policy", hint="name one with --policy or in deps.policy")
    return Policy(max_db_age_s=settings(context).max_age)


def waivers(context: RunContext) -> tuple[Waiver, ...]:
    """Return the waivers that --waivers or the configuration names."""
    file = context.args.waivers or settings(context).waivers
    if not file:
        return ()
    from boombap.deps.acceptance import JUSTIFICATIONS
    from boombap.health.waivers import load

    return load(file, JUSTIFICATIONS)


def vex(context: RunContext) -> VexStatements | None:
    """Return what the VEX documents of --vex or the configuration state; None when none is named."""
    from pathlib import Path

    named = [file for file in context.args.vex if file] or list(map(Path, settings(context).vex))
    if not named:
        return None
    from boombap.deps.vex.read import load

    return load(named)


def author(context: RunContext) -> str:
    """Return who makes the statements of a VEX document.

    Raises:
        UsageError: when neither --author nor the configuration names anybody.
    """
    named: str = (context.args.author or settings(context).vex_author).strip()
    if not named:
        raise UsageError("a VEX document needs an author", hint="name one with --author or in deps.vex_author")
    return named


def known(context: RunContext) -> Keys:
    """Return what --baseline or --since says is known already."""
    if context.args.baseline:
        from boombap.deps.gate import baseline

        return baseline.load(context.args.baseline)
    return _known_since(context, context.args.since) if context.args.since else frozenset()


def _known_since(context: RunContext, revision: str) -> Keys:
    from os.path import relpath
    from pathlib import Path

    from boombap.deps.gate import baseline

    with baseline.checkout(Path(), revision) as tree:
        then = [tree / relpath(path) for path in paths(context)]
        there = [str(path) for path in then if path.exists()]
        found = audited(context, read(context, there)).findings if there else ()
        return baseline.of_findings(found, str(tree))


def origin(context: RunContext) -> ExportSource:
    """Return the export of advisories that --from or the configuration names, else OSV's public one."""
    from boombap.deps.advisories.export_source import PUBLIC_EXPORT, open_origin

    return open_origin(_named_source(context) or PUBLIC_EXPORT, lambda: client(context))


def is_public(context: RunContext) -> bool:
    """Tell whether nobody named a source, so that the public ones are asked."""
    return not _named_source(context)


def _named_source(context: RunContext) -> str:
    source = settings(context).source
    return context.args.source or (source.reveal() if source else "")


def client(context: RunContext) -> Client:
    """Return a client for large files: one that brings less than 1 kB/s for 30 s is given up."""
    from boombap.clients.http.multi import Client

    return Client(
        context.interrupt, ca_file=context.config.http.ca_file, stall_s=_STALL_S, least_bytes_s=_LEAST_BYTES_S
    )


def refresh(context: RunContext, sources: Iterable[Source]) -> None:
    """Start a sync that nobody waits for, when a database is older than its time to live.

    Args:
        sources: the databases that were used. Without a configured source only those of the public export are
            refreshed: somebody asked for it once.
    """
    from boombap.deps.advisories.export_source import PUBLIC_EXPORT

    deps = settings(context)
    old = [source for source in sources if source.age_s > deps.ttl and (deps.source or source.origin == PUBLIC_EXPORT)]
    if not old or not deps.refresh:
        return
    import subprocess
    import sys

    context.terminal.note("the advisories are older than deps.ttl; a sync runs in the background")
    null = subprocess.DEVNULL
    # -P: no module is taken from the working folder, which may be a project that nobody has read yet.
    command = [sys.executable, "-P", "-m", "boombap", "deps", "sync", "--if-stale", "--quiet"]
    child = subprocess.Popen(command, stdin=null, stdout=null, stderr=null, start_new_session=True)
    child.returncode = 0  # it outlives this run on purpose; Popen would warn that nobody waited for it
