"""The options of each action of `deps`, and what does not go together within one."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path

from boombap.command.listener import add_listener
from boombap.command.options import add_output
from boombap.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

FORMS = ("table", "json", "sarif", "cyclonedx", "markdown", "html", "junit")
VEX_FORMS = ("openvex", "cyclonedx")
EVIDENCE_FORMS = ("table", "json", "markdown", "html")
CHANNELS = ("slack", "webhook")
CATALOGUES = ("owasp", "nist")
FLOORS = ("low", "medium", "high", "critical")
_DEFAULT_PORT = 8421
_MAX_LINK = 400


def add_audit(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `audit`."""
    _add_paths(parser)
    _add_installed(parser)
    parser.add_argument("--severity", choices=FLOORS, help="only findings from this level on, and of unknown severity")
    _add_policy(parser)
    _add_waivers(parser)
    _add_vex(parser)
    _add_known(parser)
    _add_usage(parser)
    _add_file(parser)
    add_output(parser, *FORMS)


def add_check(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `check`."""
    _add_paths(parser)
    _add_installed(parser)
    _add_policy(parser)
    _add_environment(parser)
    _add_waivers(parser)
    _add_vex(parser)
    _add_known(parser)
    parser.add_argument("--ci-mode", action="store_true", help="write workflow commands, one line per violation")
    parser.add_argument(
        "--projects",
        type=Path,
        metavar="FILE",
        help="check each project of a file: a path a line, or a name and a path",
    )
    _add_usage(parser)
    _add_file(parser)
    add_output(parser, *FORMS)


def add_report(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `report`."""
    _add_paths(parser)
    _add_installed(parser)
    _add_policy(parser)
    _add_environment(parser)
    _add_waivers(parser)
    _add_vex(parser)
    _add_known(parser)
    parser.add_argument("--compliance", choices=CATALOGUES, help="add evidence for the controls of this catalogue")
    _add_usage(parser)
    _add_file(parser)
    parser.add_argument("--format", choices=FORMS, help="default: json; with --compliance: table")
    _add_quiet(parser)


def add_vex(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `vex`."""
    _add_paths(parser)
    _add_installed(parser)
    _add_policy(parser)
    _add_waivers(parser)
    _add_vex(parser)
    parser.add_argument(
        "--author", default="", metavar="NAME", help="person or organization that states it (default: deps.vex_author)"
    )
    _add_file(parser)
    parser.add_argument("--format", choices=VEX_FORMS, default=VEX_FORMS[0], help=f"default: {VEX_FORMS[0]}")
    _add_quiet(parser)


def add_list(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `list`."""
    _add_paths(parser)
    _add_installed(parser)
    _add_policy(parser)
    add_output(parser, "table", "json")


def add_licences(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `licences`."""
    _add_paths(parser)
    _add_installed(parser)
    _add_policy(parser)
    _add_environment(parser)
    add_output(parser, "table", "json")


def add_sync(parser: ArgumentParser) -> None:
    """Declare the options of `sync`."""
    parser.add_argument(
        "--from",
        dest="source",
        metavar="PLACE",
        help="folder or address of an OSV export (default: deps.source, else OSV's own)",
    )
    parser.add_argument("--ecosystem", action="append", default=[], metavar="NAME", help="only this one; repeatable")
    parser.add_argument("--rebuild", action="store_true", help="fetch everything again and build new databases")
    parser.add_argument("--accept-loss", action="store_true", help="with --rebuild: even when many records are gone")
    parser.add_argument("--if-stale", action="store_true", help="only databases older than deps.ttl")
    _add_quiet(parser)


def add_explain(parser: ArgumentParser) -> None:
    """Declare the argument and the options of `explain`."""
    parser.add_argument("id", metavar="ID", help="of an advisory, or an alias of it")
    add_output(parser, "table", "json")


def add_policy(parser: ArgumentParser) -> None:
    """Declare the argument and the options of `policy`."""
    parser.add_argument("test", choices=("test",), metavar="test", help="what `policy` does; the word is required")
    _add_policy(parser)
    _add_environment(parser)
    _add_waivers(parser)
    _add_quiet(parser)


def add_serve(parser: ArgumentParser) -> None:
    """Declare the options of `serve`."""
    add_listener(parser, _DEFAULT_PORT)
    parser.add_argument(
        "--environment", default="", metavar="NAME", help="which verdicts count (default: those of none)"
    )


def add_update(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `update`."""
    _add_paths(parser)
    parser.add_argument("--auto-patch", action="store_true", help="plan the smallest safe change and show it")
    parser.add_argument("--apply", action="store_true", help="write the change")
    parser.add_argument(
        "--branch", metavar="NAME", help="a new git branch gets the change, one commit per group of advisories"
    )
    parser.add_argument("--commit", action="store_true", help="make the commits of --branch, as --apply does")
    parser.add_argument(
        "--test", default="", metavar="COMMAND", help="run this after writing; when it fails, all files are restored"
    )
    _add_policy(parser)
    add_output(parser, "table", "json")


def add_notify(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `notify`."""
    parser.add_argument("channel", choices=CHANNELS, metavar="CHANNEL", help=f"where to: {', '.join(CHANNELS)}")
    _add_paths(parser)
    _add_installed(parser)
    _add_policy(parser)
    _add_environment(parser)
    _add_waivers(parser)
    _add_vex(parser)
    _add_known(parser)
    parser.add_argument(
        "--project", default="", metavar="NAME", help="what messages call it (default: the working folder's name)"
    )
    parser.add_argument("--link", type=_link, default="", metavar="URL", help="address of the whole report")
    parser.add_argument("--all-clear", action="store_true", help="also send a message when nothing was found")
    parser.add_argument("--again", action="store_true", help="also send findings that were sent before")
    parser.add_argument("--dry-run", action="store_true", help="print the message as JSON, and send nothing")
    _add_quiet(parser)


def check_known(args: Namespace) -> None:
    """Refuse two sources of what is known already.

    Raises:
        UsageError: for --baseline with --since.
    """
    if args.baseline and args.since:
        raise UsageError("--baseline and --since exclude each other")


def check_projects(args: Namespace) -> None:
    """Refuse what does not go together in `check`.

    Raises:
        UsageError: for --baseline with --since, and for --projects with what is about one project.
    """
    check_known(args)
    if not args.projects:
        return
    one = {"PATH": args.paths, "--installed": args.installed, "--root": args.root, "--baseline": args.baseline}
    given = next(
        (name for name, value in {**one, "--since": args.since, "--ci-mode": args.ci_mode}.items() if value), ""
    )
    if given:
        raise UsageError(f"--projects names what is checked, and {given} is about one project")
    if args.format not in {"table", "json"}:
        raise UsageError(f"--projects has the forms table and json, not {args.format}")


def check_report(args: Namespace) -> None:
    """Refuse what does not go together in `report`.

    Raises:
        UsageError: for --baseline with --since, and for evidence in a form that has no place for it.
    """
    check_known(args)
    if args.compliance and args.format not in (None, *EVIDENCE_FORMS):
        raise UsageError(f"--compliance comes as {', '.join(EVIDENCE_FORMS[:-1])} or {EVIDENCE_FORMS[-1]}")


def check_sync(args: Namespace) -> None:
    """Refuse to accept losses where none can come about.

    Raises:
        UsageError: for --accept-loss without --rebuild.
    """
    if args.accept_loss and not args.rebuild:
        raise UsageError("--accept-loss goes with --rebuild")


def check_update(args: Namespace) -> None:
    """Refuse a test of nothing, and commits without a branch for them.

    Raises:
        UsageError: for --test without --apply, for --commit without --branch, and for a branch without a name.
    """
    if args.branch == "":
        raise UsageError("--branch needs a name")
    if args.commit and not args.branch:
        raise UsageError("--commit goes with --branch", hint="name the branch that gets the commits")
    if args.test and not (args.apply or args.commit):
        raise UsageError("--test goes with --apply", hint="without it nothing is written that could be tested")


def _add_paths(parser: ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="a file or folder (default: .)")


def _add_installed(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--installed", action="append", default=[], metavar="PATH", help="Python packages of an environment; repeatable"
    )
    parser.add_argument(
        "--root", action="append", default=[], metavar="DIR", help="what is installed in an unpacked image; repeatable"
    )


def _add_policy(parser: ArgumentParser) -> None:
    parser.add_argument("--policy", type=_file, metavar="FILE", help="policy in TOML (default: deps.policy)")


def _add_environment(parser: ArgumentParser) -> None:
    parser.add_argument("--environment", default="", metavar="NAME", help="the policy's table for an environment")


def _add_waivers(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--waivers", type=_file, metavar="FILE", help="accepted findings in TOML (default: deps.waivers)"
    )


def _add_vex(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--vex",
        type=_file,
        action="append",
        default=[],
        metavar="FILE",
        help="statements about findings, OpenVEX or CycloneDX in JSON (default: deps.vex); repeatable",
    )


def _add_usage(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--usage", action="store_true", help="show where the project's Python code imports the packages of findings"
    )


def _add_known(parser: ArgumentParser) -> None:
    parser.add_argument("--baseline", type=_file, metavar="FILE", help="a report in JSON; its findings do not block")
    parser.add_argument("--since", metavar="REV", help="likewise, with the findings at a git revision")


def _add_file(parser: ArgumentParser) -> None:
    parser.add_argument("--output", type=_file, metavar="FILE", help="write there instead of stdout")


def _add_quiet(parser: ArgumentParser) -> None:
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress and no notes on stderr")


def _link(text: str) -> str:
    # A script passes an empty text for a variable that is not set.
    is_plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= _MAX_LINK
    if text and not (is_plain and text.startswith(("http://", "https://"))):
        raise ArgumentTypeError(f"not an address of at most {_MAX_LINK} characters that begins with https://")
    return text


def _file(text: str) -> Path | None:
    # A script passes an empty text for a variable that is not set.
    return Path(text) if text else None
