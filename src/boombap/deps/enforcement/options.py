"""The options of `deps gate`, and what goes together with each of its words."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from pathlib import Path

from boombap.command.options import add_output
from boombap.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

WORDS = ("policy", "pin")
MODES = ("warn", "deny")
NAMESPACE = "boombap"
LABEL = "boombap.dev/verdicts=enforce"
# Source: Kubernetes, "Object Names and IDs" (RFC 1123 label) and "Labels and Selectors".
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PREFIX = re.compile(r"(?=.{1,253}/)([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)*[a-z0-9]([-a-z0-9]*[a-z0-9])?/")
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def add_gate(parser: ArgumentParser) -> None:
    """Declare the arguments and the options of `gate`."""
    parser.add_argument("what", choices=WORDS, metavar="WORD", help=f"one of {', '.join(WORDS)}")
    parser.add_argument("files", nargs="*", metavar="FILE", help="of `pin`: a manifest or a Dockerfile; - for stdin")
    parser.add_argument("--environment", metavar="NAME", help="which verdicts count (default: those of none)")
    parser.add_argument("--mode", choices=MODES, help="warn about pods, or deny them (default: warn)")
    parser.add_argument(
        "--namespace", type=_namespace, metavar="NAME", help=f"namespace of the ConfigMaps (default: {NAMESPACE})"
    )
    parser.add_argument(
        "--label", type=_label, metavar="KEY=VALUE", help=f"label of the namespaces that are judged (default: {LABEL})"
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="write two files into this folder, not to stdout")
    add_output(parser, "table", "json")


def check_gate(args: Namespace) -> None:
    """Refuse options that the word does not take.

    Raises:
        UsageError: for those, and for `pin` without a file.
    """
    if args.what == "policy":
        if args.files:
            raise UsageError("gate policy takes no files", hint="`gate pin` does")
        if args.format == "json":
            raise UsageError("gate policy writes YAML", hint="leave --format out")
        return
    if not args.files:
        raise UsageError("gate pin needs a FILE", hint="name manifests, or - for what Helm has rendered")
    for name in ("environment", "mode", "namespace", "label", "output"):
        if getattr(args, name) is not None:
            raise UsageError(f"gate pin takes no --{name}", hint="`gate policy` does")


def parse_label(text: str) -> tuple[str, str]:
    """Return key and value of a label.

    >>> parse_label("boombap.dev/verdicts=enforce")
    ('boombap.dev/verdicts', 'enforce')

    Raises:
        ValueError: for what Kubernetes does not take as one.
    """
    key, _, value = text.partition("=")
    prefix = _PREFIX.match(key)
    name = key[prefix.end() :] if prefix else key
    if not _NAME.fullmatch(name) or not _NAME.fullmatch(value):
        raise ValueError(text)
    return key, value


def _label(text: str) -> tuple[str, str]:
    try:
        return parse_label(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not KEY=VALUE of a label, such as {LABEL}") from None


def _namespace(text: str) -> str:
    if not _NAMESPACE.fullmatch(text):
        raise ArgumentTypeError(f"{text!r} is not the name of a namespace")
    return text
