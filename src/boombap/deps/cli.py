"""The command `deps`: options and configuration to a reading, an audit, a verdict, and their report."""

from __future__ import annotations

import os
import time

from boombap import __version__
from boombap.config.load import load
from boombap.deps import words as options
from boombap.errors import (
    EXIT_FINE,
    EXIT_NO,
    EXIT_NO_VERDICT,
    BoombapError,
    ConfigError,
    NotThere,
    NoVerdict,
    worst_exit,
)
from boombap.output.terminal import Terminal
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from boombap.clients.http.multi import Client
    from boombap.config.model import Config
    from boombap.deps.model import Audit, Reading
    from boombap.deps.origin import Origin
    from boombap.deps.policy import Policy
    from boombap.deps.sync import Outcome
    from boombap.deps.verdict import Known
    from boombap.health.waivers import Waiver
    from boombap.interrupt import Interrupt

_ANY_NUMBER = 2**31


class _Desk(Record):
    """What every action of one run works with."""

    args: Namespace
    config: Config
    terminal: Terminal
    interrupt: Interrupt

    @property
    def folder(self) -> str:
        """Give the folder of the databases."""
        assert self.config.paths.data is not None, "config.load fills it in"
        return str(self.config.deps.database or self.config.paths.data / "deps")


def main(words: Sequence[str], *, prog: str, interrupt: Interrupt) -> int:
    """Run `deps` and give its exit code."""
    args = options.parse(words, prog)
    config = load()
    desk = _Desk(args, config, Terminal(quiet=args.quiet), interrupt)
    actions: dict[str, Callable[[_Desk], int]] = {
        "audit": _audit,
        "check": _check,
        "report": _report,
        "sync": _sync,
        "explain": _explain,
        "policy": _policy_test,
        "serve": _serve,
        "update": _update,
    }
    return actions[args.action](desk)


def _audit(desk: _Desk) -> int:
    from boombap.deps.policy import Policy

    floor = desk.args.severity or "low"
    policy = _policy(desk)
    # Everything counts from the floor on, whatever a policy would let pass; what names no version is listed.
    asked = Policy(
        severity=floor,
        scope=("runtime", "optional", "dev"),
        max_db_age_s=policy.max_db_age_s,
        max_unaudited=_ANY_NUMBER,
    )
    return _judged(desk, asked)


def _check(desk: _Desk) -> int:
    return _judged(desk, _policy(desk))


def _report(desk: _Desk) -> int:
    code = _judged(desk, _policy(desk))
    # A report is made to be read; only where nothing could be judged does it fail.
    return EXIT_FINE if code == EXIT_NO else code


def _judged(desk: _Desk, policy: Policy) -> int:
    from boombap.deps import show
    from boombap.deps.audit import audit
    from boombap.deps.model import Report
    from boombap.deps.verdict import exit_code, judge

    args = desk.args
    reading = _read(desk, args.paths or ["."])
    found = audit(reading, desk.folder, now_s=time.time())
    waivers = _waivers(desk)
    from datetime import date

    verdict = judge(found, policy, waivers=waivers, known=_known(desk), today=date.today() if waivers else None)
    if args.severity:
        # Named on the command line: what lies below is not shown at all, only counted.
        verdict, below = verdict.but(shown=()), len(verdict.shown)
        kept = {id(one.finding) for one in verdict.violations} | {id(one) for one in (*verdict.waived, *verdict.known)}
        found = found.but(findings=tuple(one for one in found.findings if id(one) in kept))
        if below:
            desk.terminal.note(f"{below:,} findings below {args.severity} are not shown")
    report = Report(found, verdict, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), __version__)
    form = "annotations" if args.ci_mode and args.format == "table" else args.format
    if args.compliance:
        texts = show.compliance_lines(report, args.compliance, form)
    else:
        texts = show.lines(report, form, desk.terminal)
    show.write(texts, desk.terminal, _path(args.output))
    _refresh(desk, [source.age_s for source in found.coverage.sources])
    return exit_code(verdict)


def _read(desk: _Desk, paths: Sequence[str]) -> Reading:
    from boombap.deps.manifest.read import read

    return read(paths, check=desk.interrupt.check)


def _policy(desk: _Desk) -> Policy:
    from boombap.deps import policy

    file = _path(desk.args.policy) or desk.config.deps.policy
    if file:
        return policy.load(file, desk.args.environment)
    if desk.args.environment:
        raise ConfigError("--environment needs a policy", hint="name one with --policy or in deps.policy")
    return policy.Policy(max_db_age_s=desk.config.deps.max_age)


def _waivers(desk: _Desk) -> tuple[Waiver, ...]:
    file = _path(desk.args.waivers) or desk.config.deps.waivers
    if not file:
        return ()
    from boombap.health.waivers import load as load_waivers

    return load_waivers(file)


def _known(desk: _Desk) -> Known:
    args = desk.args
    if not args.baseline and not args.since:
        return ()
    from pathlib import Path

    from boombap.deps import baseline
    from boombap.deps.audit import audit

    if args.baseline:
        return baseline.load(Path(args.baseline))
    paths = [os.path.relpath(path) for path in args.paths or ["."]]
    with baseline.checkout(Path(), args.since) as tree:
        then = [str(tree / path) for path in paths if (tree / path).exists()]
        reading = _read(desk, then) if then else None
        return baseline.of_findings(audit(reading, desk.folder, now_s=time.time()).findings) if reading else ()


def _path(text: str | None) -> Path | None:
    if not text:
        return None
    from pathlib import Path

    return Path(text)


def _refresh(desk: _Desk, ages_s: Sequence[float]) -> None:
    """Start a sync that nobody waits for, when a database is older than its time to live."""
    deps = desk.config.deps
    if not ages_s or max(ages_s) <= deps.ttl or not deps.source or not deps.refresh:
        return
    import subprocess
    import sys

    desk.terminal.note("the advisories are older than deps.ttl; a sync runs in the background")
    null = subprocess.DEVNULL
    command = [sys.executable, "-m", "boombap", "deps", "sync", "--if-stale", "--quiet"]
    child = subprocess.Popen(command, stdin=null, stdout=null, stderr=null, start_new_session=True)
    child.returncode = 0  # it outlives this run on purpose; Popen would warn that nobody waited for it


def _sync(desk: _Desk) -> int:
    from boombap.deps.origin import open_origin

    deps, args = desk.config.deps, desk.args
    place = args.source or (deps.source.reveal() if deps.source else "")
    if not place:
        raise ConfigError(
            "no source of advisories is named",
            hint="set deps.source, or give --from, to a folder or address that holds PyPI/all.zip as OSV exports it",
        )
    origin = open_origin(place, lambda: _client(desk))
    wanted = args.ecosystem or deps.ecosystems
    codes: list[int] = []
    absent = 0
    for ecosystem in wanted:
        try:
            codes.append(_sync_one(desk, ecosystem, origin))
        except NotThere as error:
            desk.terminal.note(f"{ecosystem}: {error}")
            absent += 1
            # Of the ecosystems that are asked for by default, a small mirror may have some only.
            codes.append(error.exit_code if desk.args.ecosystem else EXIT_FINE)
        except BoombapError as error:
            if error.exit_code > EXIT_NO_VERDICT and error.exit_code != 75:  # noqa: PLR2004 - Ctrl-C and bugs end the run
                raise
            desk.terminal.note(f"{ecosystem}: {error}")
            codes.append(error.exit_code)
    if absent == len(wanted):
        raise NotThere(f"nothing was taken in: {origin.label} has no archive of {', '.join(wanted)}")
    return worst_exit(codes)


def _sync_one(desk: _Desk, ecosystem: str, origin: Origin) -> int:
    from pathlib import Path

    from boombap.deps.database import open_database
    from boombap.deps.sync import Wanted, sync

    deps, folder = desk.config.deps, Path(desk.folder)
    if desk.args.if_stale and (old := open_database(desk.folder, ecosystem)):
        age_s = old.source(time.time()).age_s
        old.close()
        if age_s <= deps.ttl:
            return EXIT_FINE

    def watch(step: str, done: int) -> None:
        desk.interrupt.check()
        desk.terminal.progress(f"{ecosystem}: {step} {done or ''}")

    wanted = Wanted(folder, deps.kev, deps.epss, is_rebuilt=desk.args.rebuild, accepts_loss=desk.args.accept_loss)
    try:
        outcome = sync(ecosystem, origin, wanted, clock=time.time, pause=desk.interrupt.sleep, watch=watch)
    finally:
        desk.terminal.progress("")
    desk.terminal.note(_sentence(ecosystem, outcome))
    return EXIT_FINE


def _sentence(ecosystem: str, outcome: Outcome) -> str:
    source = outcome.source
    said = {"built": "built", "updated": f"{outcome.changed:,} records updated", "current": "is current"}[outcome.state]
    broken = f", {source.unreadable} unreadable and left out" if source.unreadable else ""
    return f"{ecosystem}: {said}, {source.records:,} records{broken}, newest {source.newest[:10]}"


def _client(desk: _Desk) -> Client:
    from boombap.clients.http.multi import Client

    return Client(desk.interrupt, ca_file=desk.config.http.ca_file)


def _explain(desk: _Desk) -> int:
    from boombap.deps.database import open_database, present
    from boombap.deps.explain import explain_lines

    id_ = desk.args.paths[0]
    names = present(desk.folder)
    if not names:
        raise NoVerdict(f"there are no databases in {desk.folder}", hint="run `boombap deps sync`")
    found = False
    for ecosystem in names:
        database = open_database(desk.folder, ecosystem)
        if database is None:
            continue
        for name, document in database.documents(id_):
            found = True
            if desk.args.format == "json":
                desk.terminal.write(document.decode())
            else:
                desk.terminal.write("\n".join(explain_lines(name, document, database.source(time.time()))))
        database.close()
    if not found:
        desk.terminal.note(f"no database knows {id_!r}")
    return EXIT_FINE if found else EXIT_NO


def _policy_test(desk: _Desk) -> int:
    from datetime import date

    from boombap.deps.policy import NEVER
    from boombap.output.encode import plain
    from boombap.output.terminal import printable

    policy = _policy(desk)
    for name, value in plain(policy).items():
        desk.terminal.write(printable(f"{name} = {value}"))
    expired = 0
    for waiver in _waivers(desk):
        left = (waiver.expires - date.today()).days
        state = "expired" if left < 0 else f"{left} days left"
        expired += left < 0
        desk.terminal.write(
            printable(f"waiver {waiver.id} on {waiver.subject}: {state}, {waiver.owner}: {waiver.reason}")
        )
    if policy.severity == NEVER:
        desk.terminal.note("severity is never: only kev, epss and malware block")
    return EXIT_NO if expired else EXIT_FINE


def _serve(desk: _Desk) -> int:
    from boombap.deps.audit import sources
    from boombap.deps.mirror import DEFAULT_PORT, application
    from boombap.server.serve import serve

    if not sources(desk.folder, time.time()):
        raise NoVerdict(f"there are no databases in {desk.folder}", hint="run `boombap deps sync`")
    port = DEFAULT_PORT if desk.args.port is None else desk.args.port
    serve(
        application(desk.folder),
        desk.interrupt,
        lambda server: desk.terminal.note(f"advisories are served at {server.url}"),
        host=desk.args.host or "127.0.0.1",
        port=port,
    )
    return EXIT_FINE


def _update(desk: _Desk) -> int:
    from boombap.deps.audit import audit
    from boombap.deps.update.command import Wish, update

    args, state = desk.args, desk.config.paths.state
    assert state is not None, "config.load fills it in"
    wish = Wish(tuple(args.paths), is_applied=args.apply, test=args.test or "", form=args.format)

    def judge(reading: Reading) -> Audit:
        return audit(reading, desk.folder, now_s=time.time())

    return update(wish, judge, state, desk.terminal, desk.interrupt)
