"""The words of a command line: one action's parser, one line for what does not fit, help wherever it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.command.action import Action, Tool
from boombap.command.options import add_limit, add_output, duration_s, whole_number
from boombap.command.parse import parse, tool_help
from boombap.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from boombap.command.context import RunContext

PROG = "boombap cellar"


def _nothing(_: RunContext) -> int:
    return 0


def _add_list(parser: ArgumentParser) -> None:
    add_limit(parser, 10, 100)
    parser.add_argument("--by", choices=("age", "name"))
    add_output(parser, "text", "json")


def _add_open(parser: ArgumentParser) -> None:
    parser.add_argument("crates", nargs="+", metavar="CRATE")
    parser.add_argument("--lamp", action="store_true")
    parser.add_argument("--for", dest="lasting", type=duration_s)
    add_output(parser, "text")


def _add_label(parser: ArgumentParser) -> None:
    parser.add_argument("crate", metavar="CRATE")
    add_output(parser, "text")


def _check_open(args: Namespace) -> None:
    if args.lamp and args.quiet:
        raise UsageError("a lamp is not quiet")


TOOL = Tool(
    description="What the cellar holds.",
    actions=(
        Action("list", "every crate", _nothing, _add_list, examples="list -n 5\nlist --by age"),
        Action("open", "open crates", _nothing, _add_open, _check_open),
        Action("label", "label a crate", _nothing, _add_label),
    ),
    default="list",
    notes="Exit codes: 0.",
)


def refusal(*argv: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse(TOOL, argv, PROG)
    return str(caught.value)


def printed(capsys: pytest.CaptureFixture[str], *argv: str, tool: Tool = TOOL) -> str:
    with pytest.raises(SystemExit) as caught:
        parse(tool, argv, PROG)
    assert caught.value.code == 0
    return capsys.readouterr().out


def test_an_action_has_its_options_and_no_others():
    action, args = parse(TOOL, ["list", "-n", "5", "--by", "age"], PROG)
    assert (action.name, args.n, args.by, args.format, args.quiet) == ("list", 5, "age", "text", False)
    assert not hasattr(args, "lamp")


def test_without_an_action_the_default_is_taken():
    assert parse(TOOL, [], PROG)[0].name == "list"
    assert parse(TOOL, ["-n", "3"], PROG)[1].n == 3


def test_arguments_may_stand_between_options():
    assert parse(TOOL, ["open", "a", "--lamp", "b", "--for", "2m", "c"], PROG)[1].crates == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("argv", "crates"),
    [
        (["--", "--lamp", "-x"], ["--lamp", "-x"]), (["a", "--", "-x"], ["a", "-x"]),
        (["a", "-q", "--", "-x", "b"], ["a", "-x", "b"]), (["a", "--"], ["a"]), (["--", "-x", "a"], ["-x", "a"]),
    ],
)  # fmt: skip
def test_after_two_dashes_everything_is_an_argument(argv: list[str], crates: list[str]):
    """A file may be named like an option: what follows ``--`` is never read as one."""
    args = parse(TOOL, ["open", *argv], PROG)[1]
    assert (args.crates, args.lamp) == (crates, False)


def test_two_dashes_before_a_single_argument():
    assert parse(TOOL, ["label", "--", "--lamp"], PROG)[1].crate == "--lamp"
    assert refusal("label", "a", "--", "-b").startswith("unexpected argument: '-b'")
    assert refusal("open", "a", "--for", "--", "2m").startswith("--for: expected one argument")
    assert refusal("list", "--", "-n").startswith("unexpected argument: '-n'")


@pytest.mark.parametrize("argv", [["--by", "age"], ["-q", "open"], ["--", "open"]])
def test_options_before_the_action_of_a_tool_without_a_default(argv: list[str]):
    with pytest.raises(UsageError, match=f"^an action must come before {argv[0]}; one of list, open, label$"):
        parse(TOOL.replace(default=""), argv, PROG)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["opn"], "unknown action 'opn'; did you mean `boombap cellar open`"),
        (["xyzzy"], "unknown action 'xyzzy'; one of list, open, label"),
        (["open"], "missing argument: CRATE; see `boombap cellar open --help`"),
        (["list", "x"], "unexpected argument: 'x'; see `boombap cellar list --help`"),
        (["list", "--lamp"], "list has no option --lamp; it is an option of open"),
        (["list", "--bi=age"], "list has no option --bi; did you mean --by"),
        (["list", "--xyzzy"], "list has no option --xyzzy; see `boombap cellar list --help`"),
        (["list", "--by", "size"], "--by: invalid choice: 'size' (one of age, name); see"),
        (["list", "-n", "101"], "-n: '101' is not a whole number from 1 to 100; see"),
        (["open", "a", "--for", "long"], "--for: "),
        (["open", "a", "--lamp", "-q"], "a lamp is not quiet"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(argv: list[str], message: str):
    assert refusal(*argv).startswith(message)
    assert "\n" not in refusal(*argv)


@pytest.mark.parametrize(
    "line", ["list {}", "{}", "list -n {}", "list --by {}", "list --by={}", "list --xyzzy={}", "open a --for {}"]
)
def test_a_password_that_stands_in_the_wrong_place_is_not_shown(line: str):
    """Whoever forgets an option's name must not find the password of the address in the log of the build."""
    message = refusal(*line.format("redis://:s3cret@cache.example.org/0").split())
    assert "s3cret" not in message
    assert "xyzzy" in message or "redis://:***@cache.example.org/0" in message


def test_help_lists_the_actions(capsys: pytest.CaptureFixture[str]):
    text = printed(capsys, "--help")
    assert text == printed(capsys, "help") == tool_help(TOOL, PROG) + "\n"
    for line in ("usage: boombap cellar ACTION", "  list   every crate\n", "without one: list", "Exit codes: 0."):
        assert line in text


def test_a_tool_without_a_default_lists_its_actions(capsys: pytest.CaptureFixture[str]):
    assert "  open   open crates\n" in printed(capsys, tool=TOOL.replace(default=""))


def test_options_without_an_action_need_a_default():
    with pytest.raises(UsageError) as caught:
        parse(TOOL.replace(default=""), ["--by", "age"], PROG)
    assert str(caught.value) == "an action must come before --by; one of list, open, label"


def test_help_of_an_action_has_its_options_only(capsys: pytest.CaptureFixture[str]):
    text = printed(capsys, "open", "--help")
    assert text == printed(capsys, "help", "open")
    assert "--lamp" in text
    assert "--by" not in text
    assert "  boombap cellar list --by age\n" in printed(capsys, "list", "-h")


@pytest.mark.parametrize("text", ["", "-1", "٣", "1" * 5000, "8"])
def test_a_whole_number_is_within_its_bounds(text: str):
    with pytest.raises(Exception, match="is not a whole number from 0 to 7"):
        whole_number(0, 7)(text)
