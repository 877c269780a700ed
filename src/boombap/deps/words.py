"""The words after `deps`: the arguments of each action, and which words do not go together."""

from __future__ import annotations

from boombap.errors import UsageError
from boombap.output import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

ACTIONS = ("audit", "check", "report", "sync", "explain", "policy", "serve", "update")
FORMS = ("table", "json", "sarif", "cyclonedx", "markdown", "html", "junit")
CATALOGUES = ("owasp", "nist")
FLOORS = ("low", "medium", "high", "critical")
_DESCRIPTION = "What a project depends on, held against advisories on the local disk."
_EXAMPLES = """\
actions:
  audit [PATH...]         every known vulnerability of what the files name; PATH is a file or folder (default: .)
  check [PATH...]         does the policy allow it? exit code 0, 1 or 4; --ci-mode writes workflow commands
  report [PATH...]        the same as a document; --compliance adds evidence for controls
  sync                    bring the databases up to date from an OSV export
  explain ID              one advisory and its aliases, as the database has them
  policy test             the policy and the waivers as they are understood
  serve                   the databases as an OSV-compatible service, for pip-audit, uv and the like
  update --auto-patch     the smallest change that removes findings; --apply writes it

examples:
  deps audit --severity high
  deps check --ci-mode --baseline before.json
  deps report --format sarif --output deps.sarif
  deps sync --from /mirror/osv --ecosystem PyPI

Exit codes: 0 fine, 1 vulnerable or refused, 2 usage, 3 the outside failed, 4 no verdict (nothing audited, no or too
old a database, unreadable files), 130 Ctrl-C."""


def parse(words: Sequence[str], prog: str) -> argparse.Namespace:
    """Give the words as options.

    Raises:
        SystemExit: from argparse, for --help and for words that it does not know.
        UsageError: for words that do not go together.
    """
    parser = _parser(prog)
    # Paths between and after options are left over, because the argument takes the first run of them only.
    args, more = parser.parse_known_args(words)
    if unknown := [word for word in more if word.startswith("-")]:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    args.paths += more
    if args.action == "explain" and len(args.paths) != 1:
        raise UsageError("explain needs one id", hint="for example: deps explain CVE-2024-24762")
    if args.action == "policy" and args.paths != ["test"]:
        raise UsageError("after policy comes test")
    if args.action in ("sync", "serve") and args.paths:
        raise UsageError(f"{args.action} takes no paths", hint="see --help")
    _refuse_misplaced(args)
    args.format = args.format or ("json" if args.action == "report" and not args.compliance else "table")
    return args


def _refuse_misplaced(args: argparse.Namespace) -> None:
    given = {
        "--severity": (args.severity, ("audit",)),
        "--ci-mode": (args.ci_mode, ("check",)),
        "--compliance": (args.compliance, ("report",)),
        "--from": (args.source, ("sync",)),
        "--ecosystem": (args.ecosystem, ("sync",)),
        "--rebuild": (args.rebuild, ("sync",)),
        "--if-stale": (args.if_stale, ("sync",)),
        "--accept-loss": (args.accept_loss, ("sync",)),
        "--host": (args.host, ("serve",)),
        "--port": (args.port is not None, ("serve",)),
        "--auto-patch": (args.auto_patch, ("update",)),
        "--apply": (args.apply, ("update",)),
        "--test": (args.test, ("update",)),
        "--environment": (args.environment, ("check", "report", "policy")),
        "--baseline": (args.baseline, ("audit", "check", "report")),
        "--since": (args.since, ("audit", "check", "report")),
    }
    for option, (value, actions) in given.items():
        if value and args.action not in actions:
            raise UsageError(f"{option} goes with {' and '.join(actions)}")
    if args.baseline and args.since:
        raise UsageError("--baseline and --since exclude each other")
    if args.compliance and args.format not in (None, "table", "json"):
        raise UsageError("--compliance comes as table or json")
    if args.action == "update" and args.format not in (None, "table", "json"):
        raise UsageError("update comes as table or json")
    if args.accept_loss and not args.rebuild:
        raise UsageError("--accept-loss goes with --rebuild")
    if args.test and not args.apply:
        raise UsageError("--test goes with --apply", hint="without it nothing is written that could be tested")


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = usage.parser(prog, _DESCRIPTION, _EXAMPLES)
    parser.add_argument("action", choices=ACTIONS, metavar="ACTION", help="see below")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders; explain: an id")
    _add_judgement(parser)
    _add_sync(parser)
    _add_serve(parser)
    _add_update(parser)
    _add_output(parser)
    return parser


def _add_judgement(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what counts")
    group.add_argument("--severity", choices=FLOORS, help="audit: only from this level on, and unknown ones")
    group.add_argument("--policy", metavar="FILE", help="policy in TOML (default: deps.policy)")
    group.add_argument("--environment", metavar="NAME", default="", help="the policy's table for an environment")
    group.add_argument("--waivers", metavar="FILE", help="accepted findings in TOML (default: deps.waivers)")
    group.add_argument("--baseline", metavar="FILE", help="a report in JSON; what it has is not new")
    group.add_argument("--since", metavar="REV", help="likewise, the files at a git revision")


def _add_sync(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("sync")
    group.add_argument("--from", dest="source", metavar="PLACE", help="folder or address of an OSV export")
    group.add_argument("--ecosystem", action="append", default=[], metavar="NAME", help="only this one; repeatable")
    group.add_argument("--rebuild", action="store_true", help="fetch and build everything anew")
    group.add_argument("--accept-loss", action="store_true", help="with --rebuild: even when many records are gone")
    group.add_argument("--if-stale", action="store_true", help="only what is older than deps.ttl")


def _add_serve(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("serve")
    group.add_argument("--host", metavar="HOST", help="address to listen on (default: 127.0.0.1)")
    group.add_argument("--port", type=int, metavar="PORT", help="port; 0 for any that is free (default: 8421)")


def _add_update(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("update")
    group.add_argument("--auto-patch", action="store_true", help="plan the smallest safe change and show it")
    group.add_argument("--apply", action="store_true", help="write it")
    group.add_argument("--test", metavar="COMMAND", help="run after writing; restores everything when it fails")


def _add_output(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument("--format", choices=FORMS, help="default: table; report: json")
    group.add_argument("--ci-mode", action="store_true", help="check: workflow commands, one line a violation")
    group.add_argument("--compliance", choices=CATALOGUES, help="report: evidence for the controls of a catalogue")
    group.add_argument("--output", metavar="FILE", help="write there instead of stdout")
    group.add_argument("-q", "--quiet", action="store_true", help="no notes on stderr")
