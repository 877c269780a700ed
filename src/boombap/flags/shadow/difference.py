"""What two answers of one type differ in."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeVar

    Answer = TypeVar("Answer")

    Differ = Callable[[Answer, Answer], Sequence[str]]
    """Takes the answers of classic and of native; returns what differs, for a person, nothing where they agree."""

MAX_NAMED = 50
"""The most differences that are named."""

_SHOWN = 60


def fields_but(*ignored: str) -> Differ[object]:
    """Return what names the fields in which two records differ, as ``tracks.total: 5, native 6``.

    Args:
        ignored: names of fields, at any depth, that always differ: times, the name of the engine.
    """
    names = frozenset(ignored)

    def differ(classic: object, native: object) -> Sequence[str]:
        import json

        from boombap.output.encode import to_json

        plain_classic, plain_native = (json.loads(to_json(answer)) for answer in (classic, native))
        named = list(_walk("", plain_classic, plain_native, ignored=names))
        return named if len(named) <= MAX_NAMED else [*named[:MAX_NAMED], f"and {len(named) - MAX_NAMED:,} more"]

    return differ


def _walk(place: str, classic: object, native: object, *, ignored: frozenset[str]) -> Iterator[str]:
    if isinstance(classic, dict) and isinstance(native, dict):
        yield from _in_objects(place, classic, native, ignored)
    elif isinstance(classic, list) and isinstance(native, list):
        if len(classic) != len(native):
            yield f"{place or 'answer'}: {len(classic):,} entries, native {len(native):,}"
        for number, pair in enumerate(zip(classic, native, strict=False)):
            yield from _walk(f"{place}[{number}]", *pair, ignored=ignored)
    elif classic != native or isinstance(classic, bool) is not isinstance(native, bool):
        yield f"{place or 'answer'}: {_shown(classic)}, native {_shown(native)}"


def _in_objects(
    place: str, classic: Mapping[str, object], native: Mapping[str, object], ignored: frozenset[str]
) -> Iterator[str]:
    for name in {**classic, **native}:
        if name in ignored:
            continue
        inner = f"{place}.{name}" if place else name
        if name not in classic or name not in native:
            yield f"{inner}: only {'classic' if name in classic else 'native'} has it"
        else:
            yield from _walk(inner, classic[name], native[name], ignored=ignored)


def _shown(value: object) -> str:
    import json

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
