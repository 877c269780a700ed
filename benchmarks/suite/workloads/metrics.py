"""`metrics`: one page of what runs have left, as node_exporter or a scrape gets it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..environment import BOOMBAP, clean, of_engines
from ..model import Case
from ..series import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Setting

_METRIC = "boombap_deps_advisories"


@contextmanager
def cases(setting: Setting) -> Iterator[list[Case]]:
    """Yield the page of a number of series."""
    series = setting.size(5_000, 500)
    environ = {**clean(setting.folder), "BOOMBAP_METRICS_SOURCES": ""}
    fill(setting.folder / "state" / "metrics", series)
    collect = (BOOMBAP, "metrics", "collect")
    environs = of_engines("metrics", environ)
    yield [
        Case(
            "metrics",
            "metrics collect",
            f"{series:,} series",
            dict.fromkeys(environs, collect),
            environs,
            samples,
            differences,
            note="no source is asked: the engine only writes the page",
        )
    ]


def samples(page: str) -> dict[str, float]:
    """Return the samples that were there before; times of the runs themselves differ from page to page."""
    pairs = (line.rpartition(" ")[::2] for line in page.splitlines() if line.startswith(f"{_METRIC}{{"))
    return {name: float(value) for name, value in pairs}


def differences(classic: dict[str, float], native: dict[str, float]) -> list[str]:
    """Return the samples that only one page has, or has with another value; an empty page is one too."""
    if not classic or not native:
        return [f"a page has none of the samples of {_METRIC}"]
    names = [name for name in {**classic, **native} if classic.get(name) != native.get(name)]
    return [f"{name}: {classic.get(name)}, native {native.get(name)}" for name in names]
