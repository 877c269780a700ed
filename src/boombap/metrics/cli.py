"""The actions of `metrics`."""

from __future__ import annotations

import time

from boombap.command.action import Action, Tool
from boombap.command.listener import certificate, check_listener
from boombap.errors import EXIT_EXTERNAL, EXIT_FINDINGS, EXIT_NO_VERDICT, EXIT_OK, ConfigError, ExternalError
from boombap.metrics import options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.command.context import RunContext
    from boombap.config.secret import Secret
    from boombap.config.section import Section
    from boombap.metrics.page import Page
    from boombap.metrics.verify import Fault


def _section() -> Section:
    from boombap.metrics.settings import SECTION

    return SECTION


def _others() -> tuple[Section, ...]:
    from boombap.deps.settings import SECTION as DEPS

    return (DEPS,)


def _page(context: RunContext) -> Page:
    from boombap.metrics.engines import encoder
    from boombap.metrics.page import Page
    from boombap.metrics.settings import MetricsSettings
    from boombap.metrics.sources import configured

    sources = configured(context.config, context.interrupt, context.config.of(MetricsSettings).sources)
    assert context.config.paths.state is not None, "config.load fills it in"
    folder = context.config.paths.state / "metrics"
    return Page(sources, folder, encoder(context, folder))


def _serve(context: RunContext) -> int:
    from boombap.metrics.app import application
    from boombap.metrics.engines import require
    from boombap.metrics.settings import MetricsSettings
    from boombap.server.bearer import protected
    from boombap.server.serve import serve

    require(context)
    settings, page = context.config.of(MetricsSettings), _page(context)
    asked = ", ".join(source.name for source in page.sources) or "nothing: no source is configured"
    app = application(page, settings.timeout)
    serve(
        protected(app, settings.token.reveal(), "metrics.token") if settings.token else app,
        context.interrupt,
        lambda server: context.terminal.note(f"metrics are served at {server.url}/metrics; asked at scrapes: {asked}"),
        host=context.args.host,
        port=context.args.port,
        certificate=certificate(context.args),
    )
    return EXIT_OK


def _collect(context: RunContext) -> int:
    from boombap.metrics import hand_over
    from boombap.metrics.settings import MetricsSettings

    args, settings, page = context.args, context.config.of(MetricsSettings), _page(context)
    if args.push and not settings.gateway:
        raise ConfigError("no Pushgateway is configured", hint="set metrics.gateway")
    body, _ = page.render("", settings.timeout)
    if args.output:
        hand_over.write(body, args.output)
    if args.push and settings.gateway:
        _push(context, body, settings.gateway)
    if not args.output and not args.push:
        context.terminal.write(body.decode())
    down = [(source.name, source.last) for source in page.sources if not (source.last and source.last.is_up)]
    for name, last in down:
        context.terminal.note(f"{name} did not answer{': ' + last.error if last else ''}")
    return EXIT_EXTERNAL if down else EXIT_OK


def _push(context: RunContext, body: bytes, gateway: Secret) -> None:
    from boombap.clients.http.multi import Client
    from boombap.metrics import hand_over

    with Client(context.interrupt, ca_file=context.config.http.ca_file) as client:
        hand_over.push(body, gateway.reveal(), client, time.time())


def _status(context: RunContext) -> int:
    from boombap.command.emit import answer
    from boombap.metrics import status
    from boombap.metrics.settings import MetricsSettings

    page = _page(context)
    try:
        state = status.read(page.sources, page.folder, context.config.of(MetricsSettings).timeout)
    except OSError as error:
        raise ExternalError(f"cannot read {page.folder}: {error.strerror}") from None
    answer(
        context,
        lambda: status.lines(state, time.time()),
        lambda: {
            "schema": "boombap.metrics.status/1",
            "sources": state.sources,
            "actions": state.actions,
            "unread": state.unread,
        },
    )
    if state.unread or any(source.error for source in state.sources):
        return EXIT_EXTERNAL
    return EXIT_OK if state.sources or state.actions else EXIT_NO_VERDICT


def _rules(context: RunContext) -> int:
    from boombap.metrics.rules import lines

    context.terminal.write("\n".join(lines()))
    return EXIT_OK


def _dashboard(context: RunContext) -> int:
    from boombap.metrics.dashboard import boards
    from boombap.output.encode import to_json

    folder = context.args.output
    if folder is None:
        context.terminal.write(to_json(list(boards().values())))
        return EXIT_OK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, board in boards().items():
            (folder / f"boombap-{name}.json").write_text(to_json(board) + "\n", encoding="utf-8")
    except OSError as error:
        raise ExternalError(f"cannot write to {folder}: {error.strerror}") from None
    context.terminal.note(f"wrote {len(boards())} dashboards to {folder}")
    return EXIT_OK


def _verify(context: RunContext) -> int:
    from boombap.clients.http.multi import Client
    from boombap.command.emit import answer
    from boombap.metrics.expressions import read
    from boombap.metrics.verify import Prometheus, verify

    args = context.args
    queries = [query for file in args.files for query in read(file)]
    with Client(context.interrupt, ca_file=context.config.http.ca_file) as client:
        faults = list(verify(queries, Prometheus(args.prometheus, client)))
    answer(
        context,
        lambda: _fault_lines(faults, len(queries)),
        lambda: {"schema": "boombap.metrics.verify/1", "queries": len(queries), "faults": faults},
    )
    return EXIT_FINDINGS if faults else EXIT_OK


def _fault_lines(faults: Sequence[Fault], queries: int) -> Iterator[str]:
    from boombap.output import table

    if faults:
        rows = [(fault.kind, fault.place, fault.detail) for fault in faults]
        yield from table.lines(("fault", "place", "what is wrong"), rows, indent="")
        yield ""
    many = f"{len(faults)} fault{'s' * (len(faults) != 1)}" if faults else "no faults"
    yield f"{many} in {queries:,} quer{'ies' if queries != 1 else 'y'}"


TOOL = Tool(
    description="One page with everything that the tools know, for Prometheus.",
    section=_section,
    others=_others,
    actions=(
        Action(
            "serve",
            "serve the page until interrupted: what runs left, and what the sources say at each scrape",
            _serve,
            options.add_serve,
            check_listener,
            examples="serve --port 9464\nserve --host 0.0.0.0 --cert server.pem --key server.key",
            exits={EXIT_EXTERNAL: "the port is in use or may not be used"},
        ),
        Action(
            "collect",
            "ask the sources once and print the page, write it for node_exporter, or push it",
            _collect,
            options.add_collect,
            examples="collect --output /var/lib/node_exporter/boombap.prom\ncollect --push",
            exits={
                EXIT_EXTERNAL: "a source did not answer (the page says so too), or the page could not be handed over"
            },
        ),
        Action(
            "status",
            "what each source answers now, and when each command last succeeded",
            _status,
            options.add_status,
            examples="status --format json",
            exits={
                EXIT_EXTERNAL: "a source did not answer, or a file of runs cannot be read",
                EXIT_NO_VERDICT: "no source is configured, and no command has left metrics",
            },
        ),
        Action(
            "rules",
            "print recording and alerting rules for Prometheus",
            _rules,
            options.add_rules,
            examples="rules > /etc/prometheus/rules/boombap.yml",
        ),
        Action(
            "dashboard",
            "print the dashboards for Grafana as a JSON array, or write a file for each",
            _dashboard,
            options.add_dashboard,
            examples="dashboard --output /var/lib/grafana/dashboards",
            exits={EXIT_EXTERNAL: "the folder cannot be written"},
        ),
        Action(
            "verify",
            "ask Prometheus every query of dashboards and rules: errors, empty answers, names that nobody exports",
            _verify,
            options.add_verify,
            examples="verify --prometheus http://prometheus.example.org:9090 dashboards/*.json rules.yml",
            exits={EXIT_FINDINGS: "a query or a scrape job is faulty", EXIT_EXTERNAL: "Prometheus does not answer"},
        ),
    ),
    notes="""\
Addresses come from the same settings as those of the other tools (`boombap config show`). The page
listens on this machine only, unless --host says otherwise: then set metrics.token, and --cert and --key.

Exit codes: 0 fine, 1 a faulty query, 2 usage, 3 the port, a source, a folder or Prometheus failed,
4 nothing to report on, 130 Ctrl-C, 143 SIGTERM.""",
)
