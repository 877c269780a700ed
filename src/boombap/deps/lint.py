"""What makes the audit or the installation of a project less certain, though it is not a vulnerability.

Plain functions over texts and dependencies; the readers of files call them.
"""

from __future__ import annotations

import re

from boombap.deps.model import Lint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from boombap.deps.model import Dependency, Skipped

_HASH = re.compile(r"--hash[=\s]")
_ALL_HASHES = "list the hashes of every wheel and the sdist"
# Tools that write requirements leave these out or put them in, whatever the lock says.
_INSTALLERS = frozenset(("pip", "setuptools", "wheel", "distribute"))
_MOST_NAMED = 5
_ONLY_HASHES = re.compile(r"\s*+(?:--hash[=\s]\S++\s*+)++\\?+\s*+(?:#.*)?$")
_PIN = re.compile(r"\s*+([A-Za-z0-9][\w.-]*+)\s*+(?:\[[^\]]*+\])?+\s*+={2,3}\s*+[^\s\\;]", re.ASCII)


class Hashes:
    """The ``--hash`` options of a requirements file: those that belong to no package, and packages with one only.

    Attributes:
        file: its name as people see it.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self._orphans: list[int] = []
        self._counts: list[tuple[str, int, int]] = []

    def examine(self, text: str) -> None:
        """Look at the text of the file; without any hash in it that costs one search."""
        if "--hash" not in text:
            return
        is_continued = False
        for number, line in enumerate(text.splitlines(), start=1):
            found = len(_HASH.findall(line))
            match = None if is_continued else _PIN.match(line)
            if match:
                self._counts.append((match[1], number, found))
            elif found and is_continued and self._counts:
                name, at, before = self._counts[-1]
                self._counts[-1] = (name, at, before + found)
            elif found and _ONLY_HASHES.match(line):
                self._orphans.append(number)
            is_continued = line.endswith("\\")

    def lints(self) -> Iterator[Lint]:
        """Yield what was found."""
        for line in self._orphans:
            summary = "this --hash belongs to no package, because the line above does not end with a backslash"
            yield Lint("orphan_hash", summary, self.file, line, "end the line above with a backslash, or delete this")
        for name, line, count in self._counts:
            if count == 0 and any(found for _, _, found in self._counts):
                summary = f"{name} has no hash while others have: pip refuses the whole file"
                yield Lint("missing_hash", summary, self.file, line, "rewrite the file with the tool that made it")
        yield from self._single()

    def _single(self) -> Iterator[Lint]:
        # One package with one hash may have one file only; when all of them do, they were written on one machine.
        hashed = [(name, line) for name, line, count in self._counts if count]
        single = [(name, line) for name, line, count in self._counts if count == 1]
        if hashed and len(single) == len(hashed):
            name, line = single[0]
            summary = f"every package has one hash ({name} first): the file fits one platform only"
            yield Lint("single_platform_hash", summary, self.file, line, _ALL_HASHES)
            return
        for name, line in single:
            summary = f"{name} has one hash where others have more: it fits one platform, unless it has a single file"
            yield Lint("single_platform_hash", summary, self.file, line, _ALL_HASHES)

    def has_any(self) -> bool:
        """Tell whether a package has a hash; pip then wants the file to be complete."""
        return any(count for _, _, count in self._counts)


def unpinned(skipped: Iterable[Skipped], reason: str) -> Iterator[Lint]:
    """Yield a lint for every entry that names a package but no version."""
    for one in skipped:
        if one.reason == reason:
            yield Lint("unpinned", f"{one.what} is not pinned to a version", one.file, one.line, one.pin)


def drift(loose: Sequence[Dependency], locked: Sequence[Dependency]) -> Iterator[Lint]:
    """Yield a lint for every package that two files of one folder pin to different versions.

    Args:
        loose: what the hand-written file says.
        locked: what the lock file says; it may hold several versions of a package.
    """
    versions: dict[tuple[str, str], list[Dependency]] = {}
    for one in locked:
        versions.setdefault((one.ecosystem, one.normal), []).append(one)
    for one in loose:
        there = versions.get((one.ecosystem, one.normal), [])
        if there and all(plain_version(other.version) != plain_version(one.version) for other in there):
            summary = f"{one.name} is {one.version} here and {there[0].version} in {there[0].file}"
            yield Lint("drift", summary, one.file, one.line, "rewrite the lock file, or follow it")


def extra_pins(loose: Sequence[Dependency], locked: Sequence[Dependency]) -> Iterator[Lint]:
    """Yield a lint for every package that a list of pins has and the lock file beside it lacks.

    Args:
        loose: the pins of one file; one with less than half of them in the lock is about something else.
        locked: what the lock file says.
    """
    there = {(one.ecosystem, one.normal) for one in locked}
    extra = [one for one in loose if (one.ecosystem, one.normal) not in there]
    if not there or 2 * len(extra) > len(loose):
        return
    for one in extra:
        if one.normal not in _INSTALLERS:
            summary = f"{one.name} {one.version} is here and not in {locked[0].file}"
            yield Lint("drift", summary, one.file, one.line, "rewrite the lock file, or follow it")


def missing_pins(hashed: Sequence[Dependency], locked: Sequence[Dependency]) -> Iterator[Lint]:
    """Yield a lint when a list of pins with hashes, which pip wants complete, lacks packages of the lock file.

    Args:
        hashed: the pins of every such file of one folder.
        locked: what the lock file says; packages for development, extras and some environments do not count.
    """
    here = {(one.ecosystem, one.normal) for one in hashed}
    runtime = [one for one in locked if one.scope == "runtime" and not one.marker and one.normal not in _INSTALLERS]
    if not here.intersection((one.ecosystem, one.normal) for one in runtime):
        return
    names = sorted({one.name for one in runtime if (one.ecosystem, one.normal) not in here})
    if names:
        shown = ", ".join(names[:_MOST_NAMED]) + (f" and {len(names) - _MOST_NAMED} more" * (len(names) > _MOST_NAMED))
        summary = f"{shown} of {locked[0].file} {'is' if len(names) == 1 else 'are'} not here"
        remedy = "export the requirements from the lock file again, unless they are for development only"
        yield Lint("drift", summary, hashed[0].file, 0, remedy)


def plain_version(version: str) -> str:
    """Return a version without what spelling adds: a leading ``v``, trailing zeros of the release.

    >>> plain_version("v1.0.0"), plain_version("2.10")
    ('1', '2.10')
    """
    plain = version.strip().lower().removeprefix("v")
    end = len(plain)
    while plain.endswith(".0", 0, end):
        end -= 2
    return plain[:end]


_FROM = re.compile(r"\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_COPY_FROM = re.compile(r"\s*(?:COPY|ADD)\s+(?:--\S+\s+)*?--from=(\S+)", re.IGNORECASE)
_ARG = re.compile(r"\s*ARG\s+(\w+)=(\S+)", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}$]*+))?\}|(\w+))")
_IMAGE_KEY = re.compile(r"\s*(?:-\s+)?image:\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s#]+))", re.MULTILINE)
_NUMBERED = re.compile(r"\d+\.\d+|\d{6,}|[0-9a-f]{12,}")


def dockerfile_images(text: str, file: str) -> Iterator[Lint]:
    """Yield a lint for every base image of a Dockerfile whose tag moves."""
    arguments: dict[str, str] = {}
    stages: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _ARG.match(line):
            arguments[match[1]] = match[2].strip("\"'")
        elif match := _FROM.match(line):
            yield from _floating(_filled(match[1], arguments), file, number, stages)
            stages.add((match[2] or "").lower())
        elif match := _COPY_FROM.match(line):
            yield from _floating(_filled(match[1], arguments), file, number, stages)


def manifest_images(text: str, file: str) -> Iterator[Lint]:
    """Yield a lint for every ``image:`` of a compose or Kubernetes file whose tag moves."""
    if "image:" not in text:
        return
    for number, line in enumerate(text.splitlines(), start=1):
        match = _IMAGE_KEY.match(line)
        if match:
            image = match[1] or match[2] or match[3] or ""
            yield from _floating(_filled(image, {}), file, number, set())


def _filled(image: str, arguments: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1] or match[3]
        return arguments.get(name, match[2] if match[2] is not None else match[0])

    return _VARIABLE.sub(value, image)


def _floating(image: str, file: str, line: int, stages: set[str]) -> Iterator[Lint]:
    if not image or image == "scratch" or image.isdigit() or image.lower() in stages:
        return
    # A name that is computed elsewhere cannot be judged here.
    if "$" in image or "{" in image or "@sha256:" in image:
        return
    tag = image.rpartition("/")[2].partition(":")[2]
    if _NUMBERED.search(tag):
        return
    shown = f"the image {image} has the tag {tag!r}, which moves" if tag else f"the image {image} has no tag"
    remedy = f"name a version, better a digest: {image.removesuffix(f':{tag}')}@sha256:…"
    yield Lint("floating_image", shown, file, line, remedy)
