"""The options of `metrics`."""

from __future__ import annotations

from pathlib import Path

from boombap.command.listener import add_listener
from boombap.command.options import add_output, add_quiet

_DEFAULT_PORT = 9464

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser


def add_serve(parser: ArgumentParser) -> None:
    """Declare the options of `serve`."""
    add_listener(parser, _DEFAULT_PORT)


def add_collect(parser: ArgumentParser) -> None:
    """Declare the options of `collect`."""
    parser.add_argument("--output", type=Path, metavar="FILE", help="a .prom file in the folder of node_exporter")
    parser.add_argument("--push", action="store_true", help="push to the Pushgateway of metrics.gateway")
    add_quiet(parser)


def add_status(parser: ArgumentParser) -> None:
    """Declare the options of `status`."""
    add_output(parser, "text", "json")


def add_rules(parser: ArgumentParser) -> None:
    """Declare the options of `rules`."""
    add_quiet(parser)


def add_dashboard(parser: ArgumentParser) -> None:
    """Declare the options of `dashboard`."""
    parser.add_argument("--output", type=Path, metavar="DIR", help="folder for a file each; made where it is missing")
    add_quiet(parser)


def add_verify(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `verify`."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="dashboards (JSON), rule files, ConfigMaps")
    parser.add_argument("--prometheus", required=True, metavar="URL", help="address of the server that is asked")
    add_output(parser, "text", "json")
