"""The command line of `spotify`: each action has its own options, and what does not fit is told in one line."""

from __future__ import annotations

import sys
from subprocess import run
from typing import TYPE_CHECKING, Any

import pytest

from boombap.command.parse import action_parser, parse
from boombap.spotify.cli import TOOL

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    Run = Callable[..., CompletedProcess[str]]

PROG = "boombap spotify"
LISTING = """
import sys
before = set(sys.modules)
from boombap.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(*set(sys.modules) - before, file=sys.stderr)
"""


def parsed(*argv: str) -> Namespace:
    return parse(TOOL, argv, PROG)[1]


def printed(boombap: Run, *argv: str) -> str:
    done = boombap("spotify", *argv)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        # An option of another action.
        (["plan", "--dry-run"], "plan has no option --dry-run; it is an option of batch"),
        (["status", "--tracks", "5"], "status has no option --tracks; it is an option of batch, plan, warm, audit, "),
        (["refresh", "--from", "x", "--older-than", "3d"], "refresh has no option --from; it is an option of batch"),
        (["batch", "--port", "80"], "batch has no option --port; it is an option of emulate"),
        (["emulate", "--format", "json"], "emulate has no option --format; it is an option of batch"),
        # An option that no action has.
        (["batch", "--dry-rum"], "batch has no option --dry-rum; did you mean --dry-run"),
        (["batch", "--dry"], "batch has no option --dry; did you mean --dry-run"),
        (["audit", "--xyzzy=1"], "audit has no option --xyzzy; see `boombap spotify audit --help`"),
        # An action that does not exist, and none at all.
        (["bacth"], "unknown action 'bacth'; did you mean `boombap spotify batch`"),
        (["xyzzy"], "unknown action 'xyzzy'; one of batch, plan, warm, status, audit, explain, refresh, choose"),
        (["--tracks", "5"], "an action must come before --tracks; one of batch"),
        # Arguments that are missing or too many, and values that do not fit.
        (["explain", "Nas"], "missing argument: TITLE; see `boombap spotify explain --help`"),
        (["explain"], "missing argument: ARTIST, TITLE; see"),
        (["explain", "Nas", "Halftime", "Illmatic"], "unexpected argument: 'Illmatic'; see"),
        (["plan", "tracks.csv"], "unexpected argument: 'tracks.csv'; see `boombap spotify plan --help`"),
        (["refresh"], "missing argument: --older-than; see"),
        (["plan", "--from"], "--from: expected one argument; see"),
        (["plan", "--tracks", "0"], "--tracks: '0' is not a whole number from 1 to 1000000000; see"),
        (["batch", "--workers", "901"], "--workers: '901' is not a whole number from 1 to 900; see"),
        (["refresh", "--older-than", "30"], "--older-than: "),
        (["plan", "--format", "csv"], "--format: invalid choice: 'csv' (one of text, json); see"),
        (["emulate", "--mode", "x"], "--mode: 'x' is neither extended nor development; see"),
        (["emulate", "--window-s", "nan"], "--window-s: 'nan' is not a number of seconds up to 86400; see"),
        (["emulate", "--port", "65536"], "--port: '65536' is not a whole number from 0 to 65535; see"),
        (["emulate", "--catalogue", "a", "--from-db"], "--from-db: not allowed with argument --catalogue; see"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_in_one_line(boombap: Run, argv: list[str], message: str):
    done = boombap("spotify", *argv)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"boombap spotify: {message}")
    assert done.stderr.count("\n") == 1


def test_without_an_action_the_actions_are_listed(boombap: Run):
    text = printed(boombap)
    assert text == printed(boombap, "--help") == printed(boombap, "help")
    for line in ("  batch     match tracks that have no result yet and store the result\n", "Exit codes: 0 done"):
        assert line in text


@pytest.mark.parametrize("action", TOOL.actions, ids=lambda action: action.name)
def test_help_of_an_action_has_examples_that_parse(action: Any):
    text = action_parser(action, PROG).format_help()
    assert f"usage: {PROG} {action.name} " in text
    assert f"\nexamples:\n  {PROG} {action.name}" in text
    assert "--quiet" in text


def test_help_of_the_emulator_says_how_to_use_it(boombap: Run):
    text = printed(boombap, "emulate", "--help")
    assert text == printed(boombap, "help", "emulate")
    for line in ("  boombap spotify emulate --port 8099", "BOOMBAP_SPOTIFY_BASE_URL=", "POST /_faults"):
        assert line in text


def test_options_may_stand_around_arguments():
    args = parsed("explain", "--isrc", "USSM19400101", "Nas", "--duration", "4m20s", "Halftime", "-q")
    assert (args.artist, args.title, args.duration, args.quiet) == ("Nas", "Halftime", 260.0, True)


def test_a_name_that_begins_with_a_hyphen_stands_behind_two():
    args = parsed("explain", "--format", "json", "--", "-M-", "--La La La")
    assert (args.artist, args.title, args.format) == ("-M-", "--La La La", "json")


def test_stdin_is_a_hyphen():
    assert parsed("batch", "--from", "-").source == "-"
    assert parsed("plan").source == "db"


@pytest.mark.parametrize("argv", [["--help"], ["batch", "--help"]])
def test_help_loads_no_work(argv: list[str]):
    """Protects the start-up time: what an action works with is imported when it runs."""
    done = run(
        [sys.executable, "-c", LISTING, "spotify", *argv], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stderr.split())
    assert {name for name in loaded if name.startswith("boombap.spotify.")} == {
        "boombap.spotify.cli",
        "boombap.spotify.corrections",
        "boombap.spotify.options",
    }
    assert loaded & {"csv", "dataclasses", "json", "logging", "pycurl", "psycopg2", "socket", "typing"} == set()


def test_an_action_loads_neither_the_emulator_nor_its_options(isolated: Path):
    (isolated / "tracks.csv").write_text("artist,title\nNas,Halftime\n")
    words = ["spotify", "plan", "--from", "tracks.csv"]
    done = run([sys.executable, "-c", LISTING, *words], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.startswith("1 tracks: ")
    assert not [name for name in done.stderr.split() if name.startswith("boombap.spotify.emulate")]
