"""The action `gate`: writes what an API server enforces by itself, and finds images that it would refuse."""

from __future__ import annotations

import time

from boombap.deps.enforcement import allowed, objects
from boombap.deps.enforcement.options import LABEL, NAMESPACE, parse_label
from boombap.deps.enforcement.yaml_output import to_yaml
from boombap.deps.verdicts.commands import place
from boombap.deps.verdicts.report import moment
from boombap.deps.verdicts.store import open_store
from boombap.errors import EXIT_OK, ExternalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from boombap.command.context import RunContext
    from boombap.deps.enforcement.allowed import AllowedDigests

VERDICTS_FILE, POLICY_FILE = "10-verdicts.yaml", "20-policy.yaml"
"""In the order in which they are applied: a policy without its ConfigMaps refuses every pod."""
_MODE = 0o644


def run(context: RunContext) -> int:
    """Run one word of `gate` and return the exit code."""
    words: Mapping[str, Callable[[RunContext], int]] = {"policy": _policy, "pin": _pin}
    return words[context.args.what](context)


def _policy(context: RunContext) -> int:
    args, path, now_s = context.args, place(context), time.time()
    environment = args.environment or ""
    store = open_store(path)
    if store:
        context.stack.callback(store.close)
    found = allowed.allowed_digests(store.decisions(environment) if store else (), now_s)
    allowed.require_some(found, environment, path)
    label = args.label or parse_label(LABEL)
    target = objects.Target(environment, args.mode or "warn", args.namespace or NAMESPACE, label)
    shards = allowed.sharded(found.expiries)
    files = {
        VERDICTS_FILE: to_yaml(objects.config_maps(target, shards)),
        POLICY_FILE: to_yaml(objects.policies(target, shards)),
    }
    _write(context, files, args.output)
    context.terminal.note(_summary(found))
    return EXIT_OK


def _pin(context: RunContext) -> int:
    from boombap.command.emit import answer
    from boombap.deps.enforcement import pins

    found = pins.read_pins(context.args.files)
    answer(context, lambda: pins.lines(found), lambda: pins.to_object(found))
    return found.exit_code


def _write(context: RunContext, files: Mapping[str, str], folder: Path | None) -> None:
    """Write the documents to stdout, or each file into a folder, where it has its name when it is whole."""
    from boombap.output.destination import binary_destination

    if folder is None:
        for text in files.values():
            context.terminal.write(text.rstrip("\n"))
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExternalError(f"cannot create {folder}: {error.strerror}", hint="check --output") from None
    for name, text in files.items():
        with binary_destination(folder / name, _MODE) as out:
            out.write(text.encode())


def _summary(found: AllowedDigests) -> str:
    counts = {"refused": found.failed, "without an answer": found.unknown, "expired": found.expired}
    left_out = [f"{count:,} {word}" for word, count in counts.items() if count]
    first = moment(min(found.expiries.values()))
    number = len(found.expiries)
    head = f"{number:,} digest{'s' if number != 1 else ''} may run"
    tail = f"; not in it: {', '.join(left_out)}" if left_out else ""
    return f"{head}{tail}; the first expires at {first}: refresh, write and apply again before"
