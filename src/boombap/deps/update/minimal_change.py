"""Questions to the solver about one file: first with every pin held, then with as few let go as it takes."""

from __future__ import annotations

import os
import re

from boombap.deps.update.solver import Question, Solution, Unsolvable, solve
from boombap.errors import BoombapError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from boombap.deps.update.requirements import Entry
    from boombap.deps.update.staging import Stage

_OPERATOR = re.compile(r"={2,3}[ \t]*[^\s;,)]+")
_EXTRAS = re.compile(r"(?<!\s)\s*+\[[^\[\]]*+\]")
_PRERELEASE = re.compile(r"\d\s*[._-]?(?:a|b|c|rc|alpha|beta|pre|preview|dev)[._-]?\d*", re.IGNORECASE)
# Every one costs a question; beyond that the solver's own answer is taken.
_MOST_HELD_AGAIN = 12


class Refused(BoombapError):
    """Nothing fits; the message is one phrase for a person."""


class Pins(Record):
    """What a file asks for.

    Attributes:
        entries: its own.
        places: lines that say where packages come from.
        included: of the files that it includes, the requirement by name; they are held.
    """

    entries: tuple[Entry, ...]
    places: tuple[str, ...] = ()
    included: Mapping[str, str] = {}

    @property
    def has_hashes(self) -> bool:
        """Tell whether the file lists hashes."""
        return any(one.has_hashes for one in self.entries)

    def versions(self, normal: str) -> int:
        """Count the versions to which a package is pinned."""
        return len({one.version for one in self.entries if one.normal == normal})


class MinimalChange:
    """Who asks.

    Attributes:
        versions: everything in the latest answer, by normal name.
        hashes: likewise.
    """

    def __init__(self, stage: Stage, program: str, pause: Callable[[float], None]) -> None:
        self.versions: Mapping[str, str] = {}
        self.hashes: Mapping[str, tuple[str, ...]] = {}
        self._stage = stage
        self._program = program
        self._pause = pause

    def solve(self, file: str, pins: Pins, bounds: Mapping[str, str]) -> dict[str, str]:
        """Return the versions of the pins that move.

        Args:
            file: whose pins they are.
            pins: what it asks for.
            bounds: by normal name, the lowest version for each target.

        Raises:
            Refused: when nothing fits.
        """
        freed: set[str] = set()
        try:
            solution = self._ask(file, pins, bounds, freed)
        except Unsolvable:
            solution, freed = self._with_others_freed(file, pins, bounds)
        chosen = _moved(pins, solution)
        self._check(file, pins, bounds, chosen)
        if pins.has_hashes:
            solution = self._ask(file, pins, bounds, freed, with_hashes=True)
            for name in chosen:
                if not solution.hashes.get(name):
                    raise Refused(f"the index gives no hashes for {name} {chosen[name]}")
        self.versions, self.hashes = solution.versions, solution.hashes
        return chosen

    def _with_others_freed(self, file: str, pins: Pins, bounds: Mapping[str, str]) -> tuple[Solution, set[str]]:
        everything = {one.normal for one in pins.entries if one.version} - set(bounds)
        try:
            solution = self._ask(file, pins, bounds, everything)
        except Unsolvable as error:
            raise Refused(f"no versions fit together: {error}") from None
        freed = set(_moved(pins, solution)) - set(bounds)
        for name in sorted(freed)[:_MOST_HELD_AGAIN]:
            try:
                solution = self._ask(file, pins, bounds, freed - {name})
            except Unsolvable:
                continue
            freed = set(_moved(pins, solution)) - set(bounds)
        try:
            return self._ask(file, pins, bounds, freed), freed
        except Unsolvable as error:
            raise Refused(f"no versions fit together: {error}") from None

    def _check(self, file: str, pins: Pins, bounds: Mapping[str, str], chosen: Mapping[str, str]) -> None:
        for name in bounds:
            if name not in chosen:
                raise Refused("the index offers no version that would take its place")
        already = {one.normal for one in pins.entries if _PRERELEASE.search(one.version)}
        for name, version in chosen.items():
            if _PRERELEASE.search(version) and name not in already:
                raise Refused(f"only a pre-release ({name} {version}) is free of the finding")
        loose = [one for one in pins.entries if one.normal and not one.version]
        if not loose:
            return
        # The ranges of the file were only bounds so far; do they, too, allow what was chosen?
        wanted = [
            _at(one, f"=={chosen[one.normal]}") if one.normal in chosen else one.text
            for one in pins.entries
            if one.normal
        ]
        try:
            self._solve(file, pins, Question(wanted=tuple(wanted), folder="", resolution="highest"))
        except Unsolvable as error:
            raise Refused(f"no versions fit together: {error}") from None

    def _ask(
        self, file: str, pins: Pins, bounds: Mapping[str, str], freed: Collection[str], *, with_hashes: bool = False
    ) -> Solution:
        wanted = list(pins.included.values())
        loose = []
        for one in pins.entries:
            if one.normal in bounds:
                # Without its marker, so that the answer speaks of it on every platform.
                wanted.append(_at(one, f">={bounds[one.normal]}").partition(";")[0])
            elif one.normal in freed:
                wanted.append(_at(one, f">={one.version}"))
            elif one.version:
                wanted.append(one.text)
            elif one.normal:
                loose.append(_EXTRAS.sub("", one.text))
        question = Question(wanted=tuple(wanted), folder="", bounds=tuple(loose), with_hashes=with_hashes)
        return self._solve(file, pins, question)

    def _solve(self, file: str, pins: Pins, question: Question) -> Solution:
        has_prereleases = any(_PRERELEASE.search(one.version) for one in pins.entries)
        # Beside the real file, where relative places (--find-links wheels) lead somewhere.
        folder = os.path.dirname(os.path.abspath(file))
        places = tuple(_anchored(place, folder) for place in pins.places)
        asked = question.replace(folder=folder, options=places, has_prereleases=has_prereleases)
        return solve(asked, self._program, self._pause)


def _anchored(place: str, folder: str) -> str:
    """Return a line that says where packages come from with its folder as seen from everywhere."""
    match = re.match(r"(-f|-i|--find-links|--index-url|--extra-index-url)\s*+=?+\s*+(\S+)$", place)
    if match is None or "://" in match[2]:
        return place
    return f"{match[1]} {os.path.join(folder, match[2])}"


def _at(entry: Entry, specifier: str) -> str:
    return _OPERATOR.sub(specifier, entry.text, count=1)


def _moved(pins: Pins, solution: Solution) -> dict[str, str]:
    return {
        one.normal: solution.versions[one.normal]
        for one in pins.entries
        if one.version and solution.versions.get(one.normal, one.version) != one.version
    }
