"""The guided tour: real servers, a sample with planted faults, and each tool at work on it."""

from __future__ import annotations

from contextlib import contextmanager
from time import monotonic

from boombap.clients.postgres.target import from_text
from boombap.demo import cache, code, database, dependencies, monitoring, rollout, spotify
from boombap.demo.stage import Stage
from boombap.errors import EXIT_OK
from boombap.local import postgres
from boombap.local.address import servers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.command.context import RunContext
    from boombap.local.process import Running


def tour(context: RunContext, *, tracks: int, is_kept: bool) -> int:
    """Show every tool on a sample of `tracks` tracks; a server that the tour started stops at the end unless kept.

    Returns:
        The exit code: 0 when everything worked.
    """
    started_s = monotonic()
    stage = Stage(context.terminal, context.interrupt)
    with _server(context, is_kept=is_kept) as server:
        stage.say(f"PostgreSQL {server.version} runs; only you can reach it, at {server.host}")
        target = from_text(server.url, name="sample database", origin="the local server")
        database.show(stage, target, tracks)
        spotify.show(stage, target)
        cache.show(stage)
        code.show(stage)
        dependencies.show(stage)
        rollout.show(stage)
        monitoring.show(stage, target)
        _say_what_next(stage, server.url, is_running=is_kept)
    state = "is stopped" if postgres.status(servers(context.config)) is None else "keeps running"
    stage.say(f"the tour took {monotonic() - started_s:.0f} s; the server {state}")
    return EXIT_OK


@contextmanager
def _server(context: RunContext, *, is_kept: bool) -> Iterator[Running]:
    base = servers(context.config)
    was_running = postgres.status(base) is not None
    try:
        yield postgres.start(base, sleep=context.interrupt.sleep)
    finally:
        if not was_running and not is_kept:
            postgres.stop(base)


def _say_what_next(stage: Stage, url: str, *, is_running: bool) -> None:
    stage.say("next, on the sample:" if is_running else "next, on the sample (boombap is in .venv/bin):")
    steps = (
        ("boombap local start postgres", "start the server again"),
        ("boombap db --quick", "tracks, analyzers, connections"),
        ("boombap db --unanalyzed -n 5", "what no analyzer has seen"),
        ("boombap db slow", "where the time goes"),
        ("boombap ctx related --file src/boombap/db/collect.py", "which files belong to this one"),
        ("boombap deps sync && boombap deps audit", "your own project against real advisories"),
        ("boombap local stop", "when you are done"),
    )
    width = max(len(command) for command, _ in steps)
    for command, purpose in steps[is_running:]:
        stage.terminal.write(f"  {command:<{width}}  {purpose}")
    stage.say("Spotify's metadata for the sample, without an account, while the server runs:")
    for line in spotify.lines_for_a_shell(url):
        stage.terminal.write(f"  {line}")
    stage.say("on your own database: set DATABASE_URL, then run `boombap doctor` and `boombap db`")
