"""The action `sync`: which ecosystems, from where, and what is known about exploitation; then one after the other."""

from __future__ import annotations

import time
from pathlib import Path

from boombap.config.home import expand_user
from boombap.deps import environment
from boombap.deps.advisories.export_source import PUBLIC_EXPORT, PUBLIC_KEV_EPSS
from boombap.errors import (
    EXIT_EXTERNAL,
    EXIT_NO_VERDICT,
    EXIT_OK,
    EXIT_RETRY_LATER,
    BoombapError,
    ExternalError,
    NotFound,
    Unreachable,
    worst_exit,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boombap.batch.progress import Progress
    from boombap.command.context import RunContext
    from boombap.deps.advisories.export_source import ExportSource, Watch
    from boombap.deps.advisories.sync import Outcome, Wanted

# Where no project says which ones are needed: those that most services are made of.
_USUAL = ("PyPI", "npm", "Go", "crates.io")


def sync(context: RunContext) -> int:
    """Bring the databases up to date, and return the exit code.

    Raises:
        NotFound: when the export has none of the ecosystems.
    """
    origin = environment.origin(context)
    ecosystems, reason = _ecosystems(context)
    if context.args.if_stale:
        ecosystems = [name for name in ecosystems if not _is_fresh(context, name)]
        if not ecosystems:
            return EXIT_OK
    if environment.is_public(context):
        context.terminal.note(f"taking OSV's public export, {PUBLIC_EXPORT}: {', '.join(ecosystems)} ({reason})")
    wanted, codes = _wanted(context)
    absent = 0
    for number, ecosystem in enumerate(ecosystems):
        code, error = _attempt(context, ecosystem, origin, wanted)
        codes.append(code)
        absent += isinstance(error, NotFound)
        if isinstance(error, Unreachable) and ecosystems[number + 1 :]:
            context.terminal.note(f"not tried: {', '.join(ecosystems[number + 1 :])}")
            break
    if absent == len(ecosystems):
        raise NotFound(f"nothing was taken in: {origin.label} has no archive of {', '.join(ecosystems)}")
    return worst_exit(codes)


def _ecosystems(context: RunContext) -> tuple[Sequence[str], str]:
    """Return which ecosystems are synced, and why those."""
    from boombap.deps.advisories.database import present
    from boombap.deps.model import ECOSYSTEMS

    asked = context.args.ecosystem or environment.settings(context).ecosystems
    if asked:
        return asked, "as asked"
    reading = environment.read(context, environment.HERE)
    named = {one.ecosystem for one in reading.dependencies} | set(present(environment.folder(context)))
    known = [name for name in ECOSYSTEMS if name in named]
    return (known, "of the project here and of the databases in place") if known else (_USUAL, "the usual ones")


def _wanted(context: RunContext) -> tuple[Wanted, list[int]]:
    """Return what a sync is to do; KEV and EPSS are fetched where they are addresses."""
    from boombap.deps.advisories import kev_epss
    from boombap.deps.advisories.sync import Wanted

    args, deps = context.args, environment.settings(context)
    places = (deps.kev, deps.epss)
    if environment.is_public(context):
        places = (deps.kev or PUBLIC_KEV_EPSS[0], deps.epss or PUBLIC_KEV_EPSS[1])
    codes: list[int] = []
    folder = Path(environment.folder(context))
    files: list[Path | None] = []
    names = {"kev.json": kev_epss.kev, "epss.csv.gz": lambda file: next(kev_epss.epss(file), None)}
    for place, (name, check) in zip(places, names.items(), strict=True):
        if not place.startswith(("http://", "https://")):
            files.append(expand_user(place) if place else None)
            continue
        copy = folder / name
        try:
            _fetch(context, place, copy, check)
        except ExternalError as error:
            codes.append(error.exit_code)
            stays = "; the copy of the last sync is used" if copy.exists() else "; the databases will have none"
            context.terminal.note(f"{name}: {error}{stays}")
        files.append(copy if copy.exists() else None)
    kev, epss = files
    return Wanted(folder, kev, epss, is_rebuilt=args.rebuild, accepts_loss=args.accept_loss), codes


def _fetch(context: RunContext, url: str, target: Path, check: Callable[[Path], object]) -> None:
    from boombap.batch.progress import Progress
    from boombap.deps.advisories.export_source import download
    from boombap.private import make_folder

    make_folder(target.parent)
    part = target.with_name(target.name + ".part")
    try:
        with Progress(target.name, None, context.terminal) as progress:
            download(environment.client(context), url, part, _watch(context, target.name, progress))
        # What a proxy sends in its place would cost the copy that is good.
        check(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _attempt(
    context: RunContext, ecosystem: str, origin: ExportSource, wanted: Wanted
) -> tuple[int, BoombapError | None]:
    """Sync one ecosystem, and return its exit code with what went wrong; Ctrl-C and bugs end the run."""
    try:
        _sync_one(context, ecosystem, origin, wanted)
    except BoombapError as error:
        if error.exit_code not in (EXIT_EXTERNAL, EXIT_NO_VERDICT, EXIT_RETRY_LATER):
            raise
        context.terminal.note(f"{ecosystem}: {error}")
        # Of the ecosystems that nobody named, a small mirror may have some only.
        is_fine = isinstance(error, NotFound) and not context.args.ecosystem
        return (EXIT_OK if is_fine else error.exit_code), error
    return EXIT_OK, None


def _sync_one(context: RunContext, ecosystem: str, origin: ExportSource, wanted: Wanted) -> None:
    from boombap.batch.progress import Progress
    from boombap.deps.advisories.sync import sync as take_in

    with Progress(ecosystem, None, context.terminal) as progress:
        watch = _watch(context, ecosystem, progress)
        outcome = take_in(ecosystem, origin, wanted, clock=time.time, pause=context.interrupt.sleep, watch=watch)
    context.terminal.note(_sentence(ecosystem, outcome))


def _watch(context: RunContext, subject: str, progress: Progress) -> Watch:
    def watch(step: str, done: int) -> None:
        context.interrupt.check()
        what = f"{subject}: {step}"
        if what != progress.what:
            progress.begin(what)
        progress.reach(done)

    return watch


def _is_fresh(context: RunContext, ecosystem: str) -> bool:
    from boombap.deps.advisories.database import open_database

    try:
        old = open_database(environment.folder(context), ecosystem)
    except BoombapError:
        return False  # damaged, or of another version: the sync rebuilds it
    if old is None:
        return False
    age_s = old.source(time.time()).age_s
    old.close()
    return age_s <= environment.settings(context).ttl


def _sentence(ecosystem: str, outcome: Outcome) -> str:
    source = outcome.source
    state = {"built": "built", "updated": f"{outcome.changed:,} records updated", "current": "is current"}[
        outcome.state
    ]
    broken = f", {source.unreadable} unreadable and left out" if source.unreadable else ""
    return f"{ecosystem}: {state}, {source.records:,} records{broken}, newest {source.newest[:10]}{source.exploits}"
