"""The actions of `metrics`."""

from __future__ import annotations

from boombap.command.action import Action, Tool
from boombap.errors import EXIT_EXTERNAL, EXIT_OK
from boombap.metrics import options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.command.context import RunContext
    from boombap.config.section import Section


def _section() -> Section:
    from boombap.metrics.settings import SECTION

    return SECTION


def _others() -> tuple[Section, ...]:
    from boombap.deps.settings import SECTION as DEPS

    return (DEPS,)


def _serve(context: RunContext) -> int:
    from boombap.metrics.app import DEFAULT_PORT, application
    from boombap.metrics.page import Page
    from boombap.metrics.settings import MetricsSettings
    from boombap.metrics.sources import configured
    from boombap.server.serve import serve

    settings = context.config.of(MetricsSettings)
    sources = configured(context.config, context.interrupt, settings.sources)
    assert context.config.paths.state is not None, "config.load fills it in"
    page = Page(sources, context.config.paths.state / "metrics")
    asked = ", ".join(source.name for source in sources) or "nothing: no source is configured"
    serve(
        application(page, settings.timeout),
        context.interrupt,
        lambda server: context.terminal.note(f"metrics are served at {server.url}/metrics; asked at scrapes: {asked}"),
        host=context.args.host,
        port=DEFAULT_PORT if context.args.port is None else context.args.port,
    )
    return EXIT_OK


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
            examples="serve --port 9464",
            exits={EXIT_EXTERNAL: "the port is in use or may not be used"},
        ),
    ),
    notes="""\
Addresses come from the same settings as those of the other tools (`boombap config show`). The page is for a trusted
network: it listens on this machine only, unless --host says otherwise.

Exit codes: 0 after SIGTERM's drain, 2 usage, 3 the port cannot be used, 130 Ctrl-C, 143 SIGTERM.""",
)
