"""The command `completion`: a script that completes commands, actions and options in bash, zsh or fish."""

from __future__ import annotations

from boombap.cli.commands import COMMANDS
from boombap.command.action import Action, Tool
from boombap.command.options import add_quiet
from boombap.command.parse import action_parser
from boombap.errors import EXIT_OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from boombap.command.context import RunContext

SHELLS = ("bash", "zsh", "fish")
# The console scripts beside `boombap`, with the tool that each one is.
PROGRAMS = {
    "boombap": "",
    "database-diagnostics": "db",
    "spotify-processor": "spotify",
    "ctx": "ctx",
    "ai-context-manager": "ctx",
    "deps": "deps",
    "dependency-manager": "deps",
    "redis-manager": "redis",
    "prometheus-collector": "metrics",
}
_NOTES = """\
examples:
  source <(boombap completion bash)
  boombap completion zsh > ~/.zfunc/_boombap
  boombap completion fish > ~/.config/fish/completions/boombap.fish"""

_BASH = """\
# Completion of boombap; written by `boombap completion bash`.
_boombap_words() {{
    case "$1" in
{cases}
    esac
}}

_boombap_tool() {{
    case "$1" in
{programs}
    esac
}}

_boombap() {{
    local path word
    path=$(_boombap_tool "${{COMP_WORDS[0]##*/}}")
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        [[ $word != -* && -n $(_boombap_words "${{path:+$path }}$word") ]] && path="${{path:+$path }}$word"
    done
    COMPREPLY=($(compgen -W "$(_boombap_words "$path")" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}

complete -o default -F _boombap {names}
"""
_ZSH = """\
#compdef {names}
autoload -U +X bashcompinit && bashcompinit
"""


def script(shell: str) -> str:
    """Return the script of a shell."""
    table = _table()
    if shell == "fish":
        return "\n".join(["# Completion of boombap; written by `boombap completion fish`.", *_fish(table)])
    names = " ".join(PROGRAMS)
    cases = "\n".join(f'        "{path}") echo "{" ".join(completions)}" ;;' for path, completions in table.items())
    programs = "\n".join(f'        {name}) echo "{tool}" ;;' for name, tool in PROGRAMS.items())
    bash = _BASH.format(cases=cases, programs=programs, names=names)
    return _ZSH.format(names=names) + bash if shell == "zsh" else bash


def _table() -> dict[str, list[str]]:
    """Return the possible next words, by the words before: ``""``, ``"redis"``, ``"redis keys"``."""
    table = {"": [*COMMANDS, "completion", "help", "--help", "--version"], "completion": [*SHELLS, "--help"]}
    for word, (load, _) in COMMANDS.items():
        tool = load().TOOL
        table[word] = [*(action.name for action in tool.actions), "help", "--help"]
        for action in tool.actions:
            table[f"{word} {action.name}"] = _options(action_parser(action, ""))
    return table


def _options(parser: ArgumentParser) -> list[str]:
    return [name for name in parser._option_string_actions if name.startswith("--")]  # noqa: SLF001 - listed nowhere else


def _fish(table: dict[str, list[str]]) -> list[str]:
    lines = []
    for program, tool in PROGRAMS.items():
        for path, completions in table.items():
            if not f"{path} ".startswith(f"{tool} ") and tool:
                continue
            seen = path.removeprefix(tool).split()
            lines += [_fish_line(program, seen, word) for word in completions]
    return lines


def _fish_line(program: str, seen: Sequence[str], word: str) -> str:
    needs = "; and ".join(f"__fish_seen_subcommand_from {name}" for name in seen) or "__fish_use_subcommand"
    what = f"-l {word[2:]}" if word.startswith("--") else f"-f -a {word}"
    return f"complete -c {program} -n '{needs}' {what}"


def _write(shell: str) -> Action:
    def run(context: RunContext) -> int:
        context.terminal.write(script(shell).rstrip())
        return EXIT_OK

    return Action(shell, f"the script of {shell}", run, add_quiet)


TOOL = Tool(
    description="A script that completes commands, actions and options.",
    actions=tuple(_write(shell) for shell in SHELLS),
    notes=_NOTES,
    needs_config=False,
)
