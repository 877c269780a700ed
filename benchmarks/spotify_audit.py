"""How many wrong matches an audit finds, and how many of those it calls wrong are, by shape and by signal.

    python benchmarks/spotify_audit.py [--data ../shared/data] [--show]

Data: the 500 rows of the team's sample, which hold what earlier programs stored, and the labels of
`tests/spotify/matching/audit_labels.csv`. An audit learns from all rows together, as it does in a database, and is
judged by half: bars are chosen on the development half; `audit_labels.md` says how far the other one is held out. Rows
with the label `unsure` count neither way. Goals: 85 % of the wrong rows found, and 97 % of what is found wrong.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from boombap.spotify.catalogue.legacy_json import LegacyTrack
from boombap.spotify.matching.audit import QUARANTINED, Audited, AuditRow, gather_statistics, judge_all, read_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LABELS = Path(__file__).parent.parent / "tests/spotify/matching/audit_labels.csv"


class Labelled(NamedTuple):
    """A verdict beside what a person said of the row."""

    audited: Audited
    shape: str
    label: str
    half: str

    @property
    def is_found(self) -> bool:
        """Tell whether the audit takes the row out."""
        return self.audited.verdict in QUARANTINED


def half_of(key: int) -> str:
    """Return the half that a row belongs to, by a hash of its id."""
    return "held-out" if hashlib.sha256(str(key).encode()).digest()[0] % 2 else "development"


def read_rows(path: Path) -> list[AuditRow]:
    """Return the stored rows of a sample."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            AuditRow(int(row["id"]), row["artist"], row["title"], row["spotify_data"]) for row in csv.DictReader(lines)
        ]


def judge(rows: Sequence[AuditRow]) -> list[Labelled]:
    """Return the verdict about every row that has a label."""
    with _LABELS.open(encoding="utf-8", newline="") as lines:
        labels = {int(row["id"]): row["verdict"] for row in csv.DictReader(lines)}
    return [
        Labelled(audited, _shape(audited.row), labels[audited.row.key], half_of(audited.row.key))
        for audited in judge_all(rows, gather_statistics(lambda: rows))
        if audited.row.key in labels
    ]


def _shape(row: AuditRow) -> str:
    legacy = read_answer(row)
    return legacy.shape.value if isinstance(legacy, LegacyTrack) else "unreadable"


def show_quality(name: str, judged: Sequence[Labelled]) -> None:
    """Print recall of the wrong rows, and precision of what is taken out."""
    counts = Counter((one.label, one.is_found) for one in judged)
    found, missed, mistaken = counts["wrong", True], counts["wrong", False], counts["right", True]
    recall, precision = _share(found, found + missed), _share(found, found + mistaken)
    print(f"  {name:<24} recall {recall} of {found + missed:>3} wrong, precision {precision} of {found + mistaken:>3}")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f} %" if whole else "    - %"


def show_signals(judged: Sequence[Labelled]) -> None:
    """Print what a person said of the rows with each verdict and first reason."""
    signals = Counter((one.audited.verdict.value, one.audited.reasons[0], one.label) for one in judged)
    print(f"\n  {'verdict':<11} {'because':<24} {'wrong':>5} {'right':>5} {'unsure':>6}")
    for verdict, reason in sorted({signal[:2] for signal in signals}):
        counts = [signals[verdict, reason, label] for label in ("wrong", "right", "unsure")]
        print(f"  {verdict:<11} {reason:<24} {counts[0]:>5} {counts[1]:>5} {counts[2]:>6}")


def show_rows(title: str, judged: Sequence[Labelled], is_wanted: Callable[[Labelled], bool]) -> None:
    """Print ids and reasons of rows of the development half."""
    print(f"\n{title}, development half")
    for one in judged:
        if one.half == "development" and is_wanted(one):
            print(f"  {one.audited.row.key} {one.shape} {one.audited.verdict.value}: {', '.join(one.audited.reasons)}")


def main() -> None:
    """Print quality by half, shape and signal."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", default=os.environ.get("BOOMBAP_DATA", "../shared/data"), metavar="FOLDER")
    parser.add_argument("--show", action="store_true", help="show what is missed, and what is right and called wrong")
    args = parser.parse_args()
    judged = judge(read_rows(Path(args.data) / "spotify" / "tracks_sample_500.csv"))
    print(f"{len(judged)} labelled rows: {dict(Counter(one.label for one in judged))}")
    for half in ("development", "held-out"):
        ours = [one for one in judged if one.half == half]
        print(f"\n{half} half, {len(ours)} rows")
        for shape in sorted({one.shape for one in ours}):
            show_quality(shape, [one for one in ours if one.shape == shape])
        show_quality("both shapes", ours)
    print("\nboth halves")
    show_quality("both shapes", judged)
    show_signals(judged)
    if args.show:
        show_rows("missed", judged, lambda one: one.label == "wrong" and not one.is_found)
        show_rows("right, and called wrong", judged, lambda one: one.label == "right" and one.is_found)


if __name__ == "__main__":
    main()
