"""What two answers of one type differ in."""

from __future__ import annotations

from collections.abc import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
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
        parts = (as_json(answer, opaque=_itself) for answer in (classic, native))
        named = list(_walk("", *parts, ignored=names))
        return named if len(named) <= MAX_NAMED else [*named[:MAX_NAMED], f"and {len(named) - MAX_NAMED:,} more"]

    return differ


def _type_name(value: object) -> str:
    return f"<{type(value).__name__}>"


def _itself(value: object) -> object:
    return value


def as_json(value: object, *, opaque: Callable[[object], object] = _type_name) -> object:
    """Return a value in the types of JSON; one that has no such form, a secret for example, as the name of its type.

    Args:
        value: an answer, or a part of one.
        opaque: returns what stands for a value without such a form; names alone would hide that two differ.

    >>> as_json({1: b"cafe", "all": (True, None)})
    {'1': 'cafe', 'all': [True, None]}
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, Mapping):
        return {str(as_json(name)): as_json(inner, opaque=opaque) for name, inner in value.items()}
    names = getattr(type(value), "__match_args__", None) or getattr(type(value), "_fields", ())
    if names:
        return {name: as_json(getattr(value, name), opaque=opaque) for name in names}
    if isinstance(value, list | tuple):
        return [as_json(inner, opaque=opaque) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted((as_json(inner, opaque=opaque) for inner in value), key=str)
    return str(value) if hasattr(value, "isoformat") or hasattr(value, "__fspath__") else opaque(value)


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

    text = json.dumps(value, ensure_ascii=False, default=_type_name)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
