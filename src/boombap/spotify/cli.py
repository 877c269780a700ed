"""The command `spotify`: its words and the configuration to a desk, the work of one command, its answer to stdout."""

from __future__ import annotations

from boombap import log
from boombap.config.load import load
from boombap.errors import EXIT_FINE, EXIT_NO
from boombap.output.encode import to_json
from boombap.output.terminal import Terminal
from boombap.spotify import words as options
from boombap.spotify.desk import Desk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from boombap.interrupt import Interrupt
    from boombap.spotify.source import Selection


def main(words: Sequence[str], *, prog: str, interrupt: Interrupt) -> int:
    """Run `spotify` and give its exit code."""
    args = options.parse(words, prog)
    if args.command == options.EMULATE:
        from boombap.spotify.emulate import command

        return command.run(args.words, prog=prog, interrupt=interrupt)
    config = load()
    log.configure(config.log.level, config.log.format)
    return _ACTIONS[args.command](Desk(args, config, Terminal(quiet=args.quiet), interrupt))


def _batch(desk: Desk) -> int:
    from boombap.spotify.source import Selection

    selection = Selection(most=desk.args.tracks, miss_s=desk.config.spotify.missing_ttl)
    return _work(desk, selection, desk.args.source, is_dry=desk.args.dry_run)


def _refresh(desk: Desk) -> int:
    from boombap.spotify.source import Phase, Selection

    selection = Selection(most=desk.args.tracks, phases=(Phase.REFRESH,), refresh_s=desk.args.older_than)
    return _work(desk, selection, options.DATABASE, is_dry=False)


def _work(desk: Desk, selection: Selection, source: str, *, is_dry: bool) -> int:
    from boombap.spotify import encode, report
    from boombap.spotify.batch import Order, work

    in_flight = desk.args.workers or desk.config.spotify.in_flight
    done = work(desk, Order(selection, source, is_dry, in_flight))
    _say(desk, report.batch_lines(done), lambda: encode.batch(done))
    if done.error:
        raise done.error
    return EXIT_FINE


def _plan(desk: Desk) -> int:
    from boombap.spotify import encode, report
    from boombap.spotify.forecast import plan
    from boombap.spotify.source import Selection

    found = plan(desk, Selection(most=desk.args.tracks, miss_s=desk.config.spotify.missing_ttl), desk.args.source)
    _say(desk, report.plan_lines(found), lambda: encode.plan(found))
    return EXIT_FINE


def _status(desk: Desk) -> int:
    from boombap.spotify import encode, report
    from boombap.spotify.status import status
    from boombap.spotify.warm import counts

    found, cache = status(desk), counts(desk)
    _say(desk, report.status_lines(found, cache), lambda: encode.status(found, cache._asdict() if cache else None))
    return EXIT_FINE


def _warm(desk: Desk) -> int:
    from boombap.spotify import encode
    from boombap.spotify.warm import warm
    from boombap.units import format_duration

    taken, seconds = warm(desk)
    lines = [f"{taken:,} tracks are in the cache, taken in {format_duration(seconds)}"]
    _say(desk, lines, lambda: encode.warm(taken, seconds))
    return EXIT_FINE


def _audit(desk: Desk) -> int:
    from boombap.spotify import encode, report
    from boombap.spotify.quarantine import review

    found = review(desk, apply=desk.args.apply, most=desk.args.n)
    _say(desk, report.audit_lines(found), lambda: encode.audit(found))
    # "Is every stored match right now?"
    return EXIT_NO if found.bad > found.quarantined else EXIT_FINE


def _explain(desk: Desk) -> int:
    from boombap.output.terminal import printable
    from boombap.spotify import encode
    from boombap.spotify.candidates import find
    from boombap.spotify.explain import explain
    from boombap.spotify.match import match, weigh
    from boombap.spotify.model import Priority, Wanted

    args = desk.args
    duration_ms = round(1000 * args.duration) if args.duration else None
    wanted = Wanted(0, args.artist, args.title, None, args.isrc, duration_ms, None, Priority.ASKED)
    found = find(desk, wanted)
    lines = (printable(line) for line in explain(wanted, found))
    _say(desk, lines, lambda: encode.explanation(match(wanted, found), [weigh(wanted, one) for one in found]))
    return EXIT_FINE


def _say(desk: Desk, lines: Iterable[str], form: Callable[[], Mapping[str, object]]) -> None:
    if desk.is_json:
        desk.terminal.write(to_json(form()))
        return
    for line in lines:
        desk.terminal.write(line)


_ACTIONS: dict[str, Callable[[Desk], int]] = {
    "batch": _batch,
    "refresh": _refresh,
    "plan": _plan,
    "warm": _warm,
    "status": _status,
    "audit": _audit,
    "explain": _explain,
}
