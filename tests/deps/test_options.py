"""The options of `deps`: what each action takes, and what does not go together."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.command.parse import action_parser, parse, tool_help
from boombap.deps.cli import TOOL
from boombap.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

PROG = "boombap deps"


def parsed(*argv: str) -> Namespace:
    return parse(TOOL, argv, PROG)[1]


def refusal(*argv: str) -> str:
    with pytest.raises(UsageError) as caught:
        parsed(*argv)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("action", ["audit", "check", "report", "update"])
def test_options_may_split_the_paths(action: str):
    args = parsed(action, "a", "--format", "json", "b", "-q", "c")
    assert (args.paths, args.format, args.quiet) == (["a", "b", "c"], "json", True)
    assert parsed(action).paths == []


@pytest.mark.parametrize(
    "line",
    [
        "explain --format json CVE-2024-24762",
        "explain CVE-2024-24762 --format json",
        "policy --environment staging test -q",
        "policy test --waivers w.toml",
        "update --auto-patch",
        "update . --auto-patch --apply --test true",
        "update --auto-patch --branch fixes --commit --test true",
        "update --auto-patch --apply --branch fixes",
        "sync --rebuild --accept-loss",
        "sync --ecosystem PyPI --ecosystem npm",
        "serve --host 0.0.0.0 --port 0",
        "serve --cert a.pem --key b.pem",
        "audit --root image --root other",
        "report --compliance owasp --format json",
        "report --compliance nist --format html",
        "check --ci-mode --since HEAD",
    ],
)
def test_what_goes_together(line: str):
    parsed(*line.split())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sync --accept-loss", "--accept-loss goes with --rebuild"),
        ("update --test true", "--test goes with --apply"),
        ("update --test true --branch fixes", "--test goes with --apply"),
        ("update --commit", "--commit goes with --branch"),
        ("update --branch=", "--branch needs a name"),
        ("audit --baseline a --since b", "--baseline and --since exclude each other"),
        ("check --baseline a --since b", "--baseline and --since exclude each other"),
        ("report --baseline a --since b", "--baseline and --since exclude each other"),
        ("report --compliance nist --format sarif", "--compliance comes as table, json, markdown or html"),
        ("check --rebuild --accept-loss", "check has no option --rebuild; it is an option of sync"),
        ("check --severity high", "check has no option --severity; it is an option of audit"),
        ("audit --ci-mode", "audit has no option --ci-mode; it is an option of check"),
        ("check --compliance nist", "check has no option --compliance; it is an option of report"),
        ("audit --environment x", "audit has no option --environment; it is an option of check, report, policy"),
        ("sync --baseline a", "sync has no option --baseline; it is an option of audit, check, report"),
        ("serve --since a", "serve has no option --since; it is an option of audit, check, report"),
        ("serve --cert a.pem", "--cert and --key go together"),
        ("serve --key a.pem", "--cert and --key go together"),
        ("audit --port 1", "audit has no option --port; it is an option of serve"),
        ("audit --apply", "audit has no option --apply; it is an option of update"),
        ("update --waivers w", "update has no option --waivers; it is an option of audit, check, report, policy"),
        ("update --from=x", "update has no option --from; it is an option of sync"),
        ("explain --output f A", "explain has no option --output; it is an option of audit, check, report"),
        ("audit --sevrity high", "audit has no option --sevrity; did you mean --severity"),
        ("audit --xyzzy", "audit has no option --xyzzy; see `boombap deps audit --help`"),
        ("sync x", "unexpected argument: 'x'; see `boombap deps sync --help`"),
        ("serve x", "unexpected argument: 'x'; see `boombap deps serve --help`"),
        ("explain", "missing argument: ID; see `boombap deps explain --help`"),
        ("explain A --format json B", "unexpected argument: 'B'; see `boombap deps explain --help`"),
        ("policy", "missing argument: test; see `boombap deps policy --help`"),
        ("policy run", "test: invalid choice: 'run' (one of test); see `boombap deps policy --help`"),
        ("policy test test", "unexpected argument: 'test'; see `boombap deps policy --help`"),
        ("chek", "unknown action 'chek'; did you mean `boombap deps check`"),
        ("frobnicate", "unknown action 'frobnicate'; one of audit, check, report, list, sync"),
        ("audit --format pdf", "--format: invalid choice: 'pdf' (one of table, json, sarif"),
        ("update --format sarif", "--format: invalid choice: 'sarif' (one of table, json); see"),
        ("serve --port 65536", "--port: '65536' is not a whole number from 0 to 65535; see"),
        ("audit --severity", "--severity: expected one argument; see `boombap deps audit --help`"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(line: str, message: str):
    assert refusal(*line.split()).startswith(message)


@pytest.mark.parametrize("option", ["--policy", "--waivers", "--baseline", "--output"])
def test_an_empty_file_name_is_the_default(option: str):
    """A script passes an empty text for a variable that is not set; it must not become the working folder."""
    name = option.removeprefix("--")
    assert getattr(parsed("check", option, ""), name) is None
    assert getattr(parsed("check", option, "f"), name) == Path("f")


def test_every_example_of_the_help_fits():
    for action in TOOL.actions:
        assert action.examples
        for line in action.examples.splitlines():
            assert parse(TOOL, shlex.split(line), PROG)[0] is action


def test_the_help_names_no_command_of_its_own():
    """Installed under three names, the help shows the one that was typed."""
    for text in (tool_help(TOOL, "x"), *(action_parser(action, "x").format_help() for action in TOOL.actions)):
        assert text.startswith("usage: x ")
        assert "boombap deps" not in text
