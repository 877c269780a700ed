"""Answers as a person reads them. Keys come from strangers: what could steer a terminal is shown as an escape."""

from __future__ import annotations

import time

from boombap.health.finding import Severity
from boombap.health.report import lines as finding_lines
from boombap.health.report import skipped_lines, tally
from boombap.output import table
from boombap.output.encode import to_json
from boombap.output.terminal import printable
from boombap.units import format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from boombap.health.finding import Skipped
    from boombap.output.terminal import Style, Terminal
    from boombap.redis.acl_rules import User
    from boombap.redis.model import Branch, Done, Entry, Health, KeyspaceStats, NodeInfo, Plan, Value

_LABEL_COLUMNS = 12
_CHILDREN = 5
_KEY_COLUMNS = 60
_UNKNOWN = "  unknown"
_ACTIONS = {"purge": "deleted", "expire": "given a TTL", "backup": "saved", "restore": "restored", "copy": "copied"}


def shown(key: bytes, columns: int = _KEY_COLUMNS) -> str:
    r"""Return a key fit for a terminal: bytes that are not text, and control characters, as escapes.

    >>> shown(b"a\xff\x1b\n")
    'a\\xff\\x1b\\n'
    """
    return table.shorten(printable(key.decode("utf-8", "backslashreplace")), columns)


def info_lines(
    nodes: Sequence[NodeInfo], health: Health, label: str, terminal: Terminal, elapsed_ms: float
) -> Iterator[str]:
    """Yield the verdicts on all nodes, then one row a node."""
    first = nodes[0]
    keys, used = sum(one.keys for one in nodes), sum(one.number("used_memory") for one in nodes)
    facts = [f"{first.product} {first.version}", f"{keys:,} keys", format_size(used)]
    if len(nodes) > 1:
        facts.insert(1, f"{len(nodes)} masters")
    facts.append(f"up {format_duration(min(one.number('uptime_in_seconds') for one in nodes))}")
    yield f"{terminal.style(printable(label), 'bold')}  {printable(' · '.join(facts))}"
    yield from health_lines(health, terminal)
    yield from node_lines(nodes)
    yield terminal.style(f"answered in {elapsed_ms:.0f} ms", "dim")


def health_lines(health: Health, terminal: Terminal) -> Iterator[str]:
    """Yield the findings with their remedies, and what was not judged."""
    findings = health.findings
    is_clean = not findings and not health.skipped
    style: Style = (
        "red" if any(one.severity is Severity.CRITICAL for one in findings) else "green" if is_clean else "yellow"
    )
    found = tally(findings) if findings or is_clean else "no findings in what could be judged"
    waived = f", {len(health.waived)} waived" if health.waived else ""
    title = terminal.style(f"{'health':<{_LABEL_COLUMNS}}", "bold")
    yield f"{title}{terminal.style(found, style)}{waived}"
    yield from (f"  {line}" for line in finding_lines(findings, terminal))
    yield from (f"  waiver expired: {printable(one)}" for one in health.expired)
    yield from skipped_lines(health.skipped)


def node_lines(nodes: Sequence[NodeInfo]) -> Iterator[str]:
    """Yield one row a node."""
    head = ("node", "keys", "memory", "of", "hit %", "ops/s", "clients", "evicted", "expired")
    rows = [
        (
            one.address,
            one.keys,
            format_size(one.number("used_memory")),
            format_size(one.number("maxmemory")) if one.number("maxmemory") else "no limit",
            one.hit_pct,
            int(one.number("instantaneous_ops_per_sec")),
            int(one.number("connected_clients")),
            int(one.number("evicted_keys")),
            int(one.number("expired_keys")),
        )
        for one in nodes
    ]
    yield from table.lines(head, rows)


def keys_lines(stats: KeyspaceStats, health: Health, label: str, terminal: Terminal, most: int) -> Iterator[str]:
    """Yield what the walk found: findings first, then memory by prefix, types, TTLs and the biggest keys."""
    mark = f" (estimated from {stats.measured:,})" if stats.is_estimate else ""
    size = "sizes unknown" if stats.size_bytes is None else format_size(stats.size_bytes)
    if stats.unreadable and stats.size_bytes is not None:
        size += f" without the {stats.unreadable:,} that this user may not read"
    databases = f" in {len(stats.databases)} databases" if len(stats.databases) > 1 else ""
    facts = f"{stats.keys:,} keys{databases}, {size}{mark}"
    yield f"{terminal.style(printable(label), 'bold')}  {facts}"
    if not stats.is_complete:
        yield terminal.style("slots moved while it was scanned: the numbers may be incomplete", "yellow")
    if stats.began_s is not None:
        clock = time.strftime("%H:%M:%S", time.localtime(stats.began_s))
        yield terminal.style(f"the first part was counted at {clock}, by a run that was interrupted", "yellow")
    yield from health_lines(health, terminal)
    if not stats.keys:
        return
    yield terminal.style("prefixes", "bold")
    yield from branch_lines(stats.branches[:most], stats.size_bytes)
    if len(stats.branches) > most:
        yield f"  and {len(stats.branches) - most:,} more"
    yield terminal.style("types", "bold")
    rows = [(kind, keys, _size(size)) for kind, (keys, size) in stats.types.items()]
    yield from table.lines(("type", "keys", "memory"), rows)
    yield terminal.style("time to live", "bold")
    yield from _ttl_lines(stats)
    yield terminal.style("biggest", "bold")
    head = ("key", "type", "memory", "TTL", "db")
    yield from table.lines(head, map(_entry_row, stats.biggest[:most])) if stats.knows_sizes else (_UNKNOWN,)
    yield terminal.style(f"walked in {stats.elapsed_ms / 1000:.1f} s", "dim")


def branch_lines(branches: Sequence[Branch], size_bytes: int | None) -> Iterator[str]:
    """Yield one row a prefix, its largest children below it."""
    rows: list[tuple[str | int | float | None, ...]] = []
    for branch in branches:
        rows.append(_branch_row(branch, size_bytes, ""))
        rows += [_branch_row(child, size_bytes, "  ") for child in branch.children[:_CHILDREN]]
    yield from table.lines(("prefix", "keys", "memory", "%", "no TTL", "pickles"), rows)


def _branch_row(branch: Branch, size_bytes: int | None, indent: str) -> tuple[str | int | float | None, ...]:
    size = branch.size_bytes
    share = None if size is None else 100 * size / size_bytes if size_bytes else 0.0
    name = shown(branch.prefix) or "(no prefix)"
    return (indent + name, branch.keys, _size(size), share, branch.without_ttl, branch.pickles)


def _ttl_lines(stats: KeyspaceStats) -> Iterator[str]:
    known = {name: keys for name, keys in stats.ttls.items() if keys is not None}
    if not known:
        yield _UNKNOWN
        return
    total = sum(known.values()) or 1
    yield from table.lines(("left", "keys", "%"), [(name, n, 100 * n / total) for name, n in known.items() if n])


def _entry_row(entry: Entry) -> tuple[str, str, str, str, int]:
    ttl = _ttl(entry.ttl_ms, is_known=entry.has_ttl is not None)
    return (shown(entry.key), entry.type, format_size(entry.size_bytes), ttl, entry.db)


def _ttl(ttl_ms: int | None, *, is_known: bool = True) -> str:
    if not is_known:
        return "unknown"
    return "none" if ttl_ms is None else format_duration(ttl_ms / 1000)


def _size(size_bytes: int | None) -> str | None:
    return None if size_bytes is None else format_size(size_bytes)


def value_lines(value: Value, terminal: Terminal) -> Iterator[str]:
    """Yield one key: what it is, then its value."""
    unit = "bytes" if value.type == "string" else "elements"
    length = "length unknown" if value.length is None else f"{value.length:,} {unit}"
    ttl = _ttl(value.ttl_ms, is_known=value.has_ttl is not None)
    facts = [value.kind if value.type == "string" else value.type, length]
    facts += [_size(value.size_bytes) or "size unknown", f"TTL {ttl}"] + ([value.encoding] if value.encoding else [])
    yield f"{terminal.style(shown(value.key, 200), 'bold')}  {printable(' · '.join(facts))}"
    for command, why in value.denied.items():
        yield terminal.style(f"skipped: {command} ({why})", "yellow")
    if value.note:
        yield terminal.style(printable(value.note), "yellow")
    if isinstance(value.shown, str):
        yield from map(printable, value.shown.splitlines())
    elif value.shown is not None:
        yield from map(printable, to_json(value.shown).splitlines())


def plan_lines(plan: Plan, label: str, terminal: Terminal) -> Iterator[str]:
    """Yield what a change would touch."""
    pattern = shown(plan.pattern)
    what = {"purge": "delete", "expire": f"give a TTL of {_ttl(plan.ttl_ms)} or less to"}[plan.action]
    size = "sizes unknown" if plan.size_bytes is None else format_size(plan.size_bytes)
    count = f"{plan.keys:,} keys ({size})"
    yield f"{terminal.style('plan', 'bold')}  {what} {count} that match {pattern} at {printable(label)}"
    if len(plan.databases) > 1:
        yield "  " + " · ".join(f"database {db}: {keys:,}" for db, keys in plan.databases.items())
    if not plan.is_complete:
        yield terminal.style("  slots moved while it was scanned: there may be more", "yellow")
    yield from (f"  {shown(key)}" for key in plan.examples)
    if plan.keys > len(plan.examples):
        yield f"  and {plan.keys - len(plan.examples):,} more"


def done_lines(done: Done, terminal: Terminal, place: str = "") -> Iterator[str]:
    """Yield what was done, and where."""
    facts = [f"{done.changed:,} {_ACTIONS[done.action]}" + (f" {printable(place)}" if place else "")]
    if done.skipped:
        why = {"purge": "were gone", "backup": "were gone", "expire": "expire sooner"}
        facts.append(f"{done.skipped:,} {why.get(done.action, 'were there already')}")
    if done.fell_back:
        facts.append(f"{done.fell_back:,} in the portable form, because the server refused the DUMP form")
    if done.resumed:
        facts.append("resumed an interrupted run")
    yield f"{terminal.style('done', 'bold')}  {' · '.join(facts)} in {done.elapsed_ms / 1000:.1f} s"
    yield from (terminal.style(line, "yellow") for line in _rest_lines(done))
    yield from (f"  {terminal.style('loss', 'yellow')} {line}" for line in _loss_lines(done))
    for damage in done.damages:
        yield f"  {terminal.style('damaged', 'red')} {printable(damage)}"
    if done.damage_count > len(done.damages):
        yield f"  and {done.damage_count - len(done.damages):,} more"
    for key, reason in done.failed:
        yield f"  {terminal.style('failed', 'red')} {shown(key)}: {printable(reason)}"
    if done.failed_count > len(done.failed):
        yield f"  and {done.failed_count - len(done.failed):,} more that failed"


def _rest_lines(done: Done) -> Iterator[str]:
    """Yield what a purge or an expire has not reached."""
    if done.left:
        yield f"  {done.left:,} keys match again: they were written meanwhile"
    if done.orphans:
        yield f"  {done.orphans:,} keys are on nodes without their slot; see redis keys"
    if not done.is_complete:
        yield "  slots moved all the while: run it again when the Cluster is at rest"


def _loss_lines(done: Done) -> Iterator[str]:
    """Yield what was lost, as in "2 hashes lost the TTL of their fields"."""
    from boombap.redis.transfer.export_format import LOSSES

    for kind, keys in sorted(done.losses.items()):
        name, what = LOSSES[kind]
        plural = name + ("es" if name == "hash" else "s")
        yield f"{keys:,} {name if keys == 1 else plural} lost {what if keys == 1 else what.replace('its', 'their')}"


def acl_lines(users: Mapping[str, Sequence[User] | None], health: Health, terminal: Terminal) -> Iterator[str]:
    """Yield the findings about users, then one row a user; None are those of a node that does not list them."""
    yield from health_lines(health, terminal)
    for address, found in users.items():
        yield terminal.style(printable(address), "bold")
        if found is None:
            yield terminal.style("  users unknown: allow +acl|list to this user, or connect as another one", "yellow")
            continue
        rows = [
            (
                user.name,
                "on" if user.is_on else "off",
                "password" if user.has_password else "no password",
                "all" if user.all_keys else "some",
                "all" if user.all_commands else ", ".join(user.dangerous) or "none dangerous",
            )
            for user in found
        ]
        yield from table.lines(("user", "state", "enters with", "keys", "commands"), rows)


def stats_lines(
    nodes: Sequence[NodeInfo], stats: KeyspaceStats | None, skipped: Sequence[Skipped], label: str, terminal: Terminal
) -> Iterator[str]:
    """Yield hit ratio, evictions and memory of each node, then of our own prefixes, and what is not known of them."""
    yield terminal.style(printable(label), "bold")
    yield from node_lines(nodes)
    if stats is not None:
        prefixes = [branch for branch in stats.below if branch.keys]
        yield terminal.style("our caches", "bold")
        yield from skipped_lines(skipped)
        yield from branch_lines(prefixes, sum(branch.size_bytes or 0 for branch in prefixes))
