"""Names with at most one `*`, as tsconfig.json and package.json map them to paths."""

from __future__ import annotations

from boombap.ctx.imports import jsonc
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MAX_PATTERNS = 500
_MAX_TARGETS = 20


class Pattern(Record):
    """A name that is mapped.

    Attributes:
        before: what is before the ``*``; the whole name without one.
        after: what is after it.
        is_exact: whether the name has no ``*``.
        targets: the paths it is mapped to, the first preferred; the text that ``*`` took replaces theirs.
    """

    before: str
    after: str
    is_exact: bool
    targets: tuple[str, ...]


def patterns(value: Mapping[str, object]) -> tuple[Pattern, ...]:
    """Return the patterns of an object, in the order in which they are tried: exact names, then long beginnings."""
    parsed = []
    for name, targets in list(value.items())[:_MAX_PATTERNS]:
        before, star, after = name.partition("*")
        parsed.append(Pattern(before, after, not star, tuple(jsonc.strings(targets, _MAX_TARGETS))))
    return tuple(sorted(parsed, key=lambda pattern: (not pattern.is_exact, -len(pattern.before))))


def mapped(tried: tuple[Pattern, ...], name: str) -> Iterator[str]:
    """Yield the paths that the first pattern for a name maps it to.

    >>> list(mapped(patterns({"@/*": ["src/*", "lib/*"]}), "@/pool/index"))
    ['src/pool/index', 'lib/pool/index']
    """
    for pattern in tried:
        if pattern.is_exact:
            if name == pattern.before:
                yield from pattern.targets
                return
        elif len(name) >= len(pattern.before) + len(pattern.after) and (
            name.startswith(pattern.before) and name.endswith(pattern.after)
        ):
            taken = name[len(pattern.before) : len(name) - len(pattern.after)]
            yield from (target.replace("*", taken, 1) for target in pattern.targets)
            return
