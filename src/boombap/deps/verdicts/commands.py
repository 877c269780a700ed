"""The action `verdict`: records what CI has judged, judges it again after a sync, and shows it."""

from __future__ import annotations

import time

from boombap.deps import environment
from boombap.deps.verdicts import report
from boombap.deps.verdicts.encoding import policy_from
from boombap.deps.verdicts.image import ImageReference, parse_digest, parse_image
from boombap.deps.verdicts.judgement import Rules, judge_image
from boombap.deps.verdicts.store import create_store, open_store
from boombap.errors import (
    EXIT_FINDINGS,
    EXIT_NO_VERDICT,
    EXIT_OK,
    EXIT_USAGE,
    BoombapError,
    ExternalError,
    NoVerdict,
    RetryLater,
    worst_exit,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from boombap.command.context import RunContext
    from boombap.deps.verdicts.model import ImageVerdict
    from boombap.deps.verdicts.store import VerdictStore
    from boombap.health.waivers import Waiver


def run(context: RunContext) -> int:
    """Run one word of `verdict` and return the exit code."""
    words: Mapping[str, Callable[[RunContext], int]] = {
        "record": _record,
        "refresh": _refresh,
        "list": _list,
        "show": _show,
        "export": _export,
    }
    return words[context.args.what](context)


def place(context: RunContext) -> Path:
    """Return the file of the verdicts."""
    config = context.config
    assert config.paths.data is not None, "config.load fills it in"
    return environment.settings(context).verdicts or config.paths.data / "verdicts.db"


def _record(context: RunContext) -> int:
    image = parse_image(context.args.image)
    name = context.args.environment
    policy = environment.policy(context, name)
    reading = environment.read_asked(context, policy.exclude)
    rules = Rules(policy, name, environment.waivers(context), environment.folder(context))
    verdict = judge_image(image, reading, rules, time.time())
    store = create_store(place(context))
    context.stack.callback(store.close)
    store.put(verdict)
    _write(context, lambda: report.page_lines(verdict, time.time()), lambda: report.to_object([verdict], time.time()))
    return verdict.exit_code


def _refresh(context: RunContext) -> int:
    from boombap.batch.progress import Progress

    keys = existing.keys() if (existing := _opened(context)) else []
    if not keys:
        raise NoVerdict(f"no verdict is recorded in {place(context)}", hint="`verdict record` does that in CI")
    store = create_store(place(context))
    context.stack.callback(store.close)
    waivers = environment.waivers(context)
    outcome = report.Refresh(total=len(keys))
    with Progress("verdicts", len(keys), context.terminal) as progress:
        for number, key in enumerate(keys, start=1):
            context.interrupt.check()
            outcome = _judged_again(context, store, key, waivers, outcome)
            progress.reach(number)
    _write(context, lambda: report.refresh_lines(outcome), lambda: report.to_object([], time.time(), outcome))
    # What is refused stays refused without a word; without an answer nobody knows.
    codes = [change.verdict.exit_code for change in outcome.changes] + [EXIT_NO_VERDICT] * bool(outcome.unknown)
    return worst_exit(codes + [failure.exit_code for failure in outcome.failures])


def _judged_again(
    context: RunContext, store: VerdictStore, key: tuple[str, str], waivers: tuple[Waiver, ...], outcome: report.Refresh
) -> report.Refresh:
    """Judge one row; what goes wrong about it does not keep the others from being judged."""
    try:
        before = store.verdict(*key)
        after = before and _again(context, before, waivers)
    except RetryLater:
        raise
    except BoombapError as error:
        # A policy without the environment of the row is a matter of this row only.
        code = EXIT_NO_VERDICT if error.exit_code == EXIT_USAGE else error.exit_code
        return outcome.replace(failures=(*outcome.failures, report.Failure(*key, str(error), code)))
    # A row that CI has recorded meanwhile is newer than this judgement.
    if not before or not after or not store.replace(after):
        return outcome
    outcome = outcome.replace(judged=outcome.judged + 1)
    if changes := tuple(_changes(before, after)):
        return outcome.replace(changes=(*outcome.changes, *changes))
    return outcome.replace(unknown=(*outcome.unknown, after)) if after.decision.word == "unknown" else outcome


def _again(context: RunContext, before: ImageVerdict, waivers: tuple[Waiver, ...]) -> ImageVerdict:
    """Judge the kept packages by the policy of the configuration; without one, by that of the record."""
    has_policy = context.args.policy or environment.settings(context).policy
    try:
        policy = environment.policy(context, before.environment) if has_policy else policy_from(before.policy)
    except ValueError as error:
        raise ExternalError(f"{before.decision.image}: {error}", hint="record the image again") from None
    rules = Rules(policy, before.environment, waivers, environment.folder(context))
    image = ImageReference(before.decision.image, before.digest)
    return judge_image(image, before.reading, rules, time.time()).replace(revision=before.revision)


def _changes(before: ImageVerdict, after: ImageVerdict) -> Iterator[report.Change]:
    was, now = before.decision, after.decision
    if (was.word, was.is_enforced, was.reasons) != (now.word, now.is_enforced, now.reasons):
        yield report.Change(after, was.word, before.policy_sha256 != after.policy_sha256)


def _list(context: RunContext) -> int:
    verdicts = list(_verdicts(_opened(context)))
    _write(context, lambda: report.list_lines(verdicts, time.time()), lambda: report.to_object(verdicts, time.time()))
    return EXIT_OK


def _show(context: RunContext) -> int:
    digest = parse_digest(context.args.image.rpartition("@")[2])
    store = _opened(context)
    found = store.verdict(digest, context.args.environment) if store else None
    if found is None:
        context.terminal.note(f"no verdict on {digest} is recorded{_where(context.args.environment)}")
        return EXIT_FINDINGS
    _write(context, lambda: report.page_lines(found, time.time()), lambda: report.to_object([found], time.time()))
    return EXIT_OK


def _where(name: str) -> str:
    return f" for the environment {name!r}" if name else ""


def _export(context: RunContext) -> int:
    from boombap.output.encode import to_json

    verdicts = list(_verdicts(_opened(context)))
    context.terminal.write(to_json(report.to_object(verdicts, time.time(), has_packages=True)))
    return EXIT_OK


def _opened(context: RunContext) -> VerdictStore | None:
    store = open_store(place(context))
    if store:
        context.stack.callback(store.close)
    return store


def _verdicts(store: VerdictStore | None) -> Iterator[ImageVerdict]:
    for digest, name in store.keys() if store else ():
        if found := store.verdict(digest, name) if store else None:
            yield found


def _write(context: RunContext, lines: Callable[[], Iterator[str]], document: Callable[[], object]) -> None:
    from boombap.command.emit import answer

    answer(context, lines, document)
