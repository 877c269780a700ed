"""OSV records as rows: what one JSON text says about the packages of one ecosystem."""

from __future__ import annotations

from boombap.deps.advisories import affected_ranges, severity
from boombap.deps.model import KINDS
from boombap.deps.package_names import normalise
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from boombap.deps.model import Kind, Severity

_SUMMARY_CHARACTERS = 200
_MOST_ID_CHARACTERS = 128


class AdvisoryRow(Record):
    """One advisory, ready to be stored.

    Attributes:
        id: OSV's.
        aliases: ids of the same thing.
        severity: of its own data.
        summary: one line.
        published: as written.
        modified: as written.
        kind: one of `deps.model.KINDS`.
        is_withdrawn: then it matches nothing.
        affected: package name to its runs, as stored, and the gap.
        document: the record without what the runs say.
    """

    id: str
    aliases: tuple[str, ...]
    severity: Severity
    summary: str
    published: str
    modified: str
    kind: Kind
    is_withdrawn: bool
    affected: Mapping[str, tuple[str, str]]
    document: bytes


def parse(text: bytes, ecosystem: str) -> AdvisoryRow:
    """Return the row of a record.

    Raises:
        ValueError: for what is not an OSV record.
    """
    import orjson

    record = orjson.loads(text)
    id_ = record.get("id") if isinstance(record, dict) else None
    if not isinstance(id_, str) or not _is_id(id_):
        raise ValueError("no OSV record")
    affected, kept = _affected(record, ecosystem)
    return AdvisoryRow(
        id=id_,
        aliases=_aliases(record, id_),
        severity=severity.of_record(record),
        summary=_summary(record),
        published=_text(record, "published"),
        modified=_text(record, "modified"),
        kind=_kind(record, id_),
        is_withdrawn=bool(record.get("withdrawn")),
        affected=affected,
        document=orjson.dumps({**record, "affected": kept}),
    )


def _aliases(record: Mapping[str, object], id_: str) -> tuple[str, ...]:
    return tuple(one for one in _list(record.get("aliases")) if isinstance(one, str) and _is_id(one) and one != id_)


def _is_id(text: str) -> bool:
    return 0 < len(text) <= _MOST_ID_CHARACTERS and text.isprintable() and " " not in text


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(record: Mapping[str, object], name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""


def _affected(record: Mapping[str, object], ecosystem: str) -> tuple[dict[str, tuple[str, str]], list[object]]:
    """Return the runs by package, and the entries with only those versions that no range says."""
    found: dict[str, tuple[str, str]] = {}
    kept: list[object] = []
    for entry in _list(record.get("affected")):
        name = _package(entry, ecosystem)
        if not name or not isinstance(entry, dict):
            kept.append(entry)
            continue
        runs, extra, gap = affected_ranges.of_affected(entry, ecosystem)
        rest = {key: value for key, value in entry.items() if key != "versions"}
        kept.append({**rest, "versions": extra} if extra else rest)
        before, gap_before = found.get(name, ("", ""))
        text = "\n".join(filter(None, (before, affected_ranges.to_text(runs))))
        found[name] = (text, gap or gap_before)
    return found, kept


def _kind(record: Mapping[str, object], id_: str) -> Kind:
    """Return what RustSec says in ``categories`` and ``informational``, and what OSV says in the id."""
    own = [entry.get("database_specific") for entry in _list(record.get("affected")) if isinstance(entry, dict)]
    marks = [part for part in own if isinstance(part, dict)]
    if id_.startswith("MAL-") or any("malicious" in _list(part.get("categories")) for part in marks):
        return "malicious"
    said = [part.get("informational") for part in marks]
    return next((kind for kind in KINDS[2:] if kind in said), KINDS[0])


def _package(entry: object, ecosystem: str) -> str:
    package = entry.get("package") if isinstance(entry, dict) else None
    if not isinstance(package, dict):
        return ""
    name, theirs = package.get("name"), package.get("ecosystem")
    # "Packagist:https://..." is another repository of the same ecosystem: the part before the colon counts.
    if not isinstance(name, str) or not isinstance(theirs, str) or theirs.partition(":")[0] != ecosystem:
        return ""
    return normalise(ecosystem, name)


def _summary(record: Mapping[str, object]) -> str:
    text = " ".join((_text(record, "summary") or _text(record, "details")[: 4 * _SUMMARY_CHARACTERS]).split())
    if len(text) <= _SUMMARY_CHARACTERS:
        return text
    return text[:_SUMMARY_CHARACTERS].rpartition(" ")[0] + "…"
