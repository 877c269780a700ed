"""Which entry without a version is answered by a pin: only one of the same resolution that satisfies the entry.

A resolution is what one tool installs at once: a lock file beside the manifest, a requirements file that was compiled
from it, or a requirements file with everything that its ``-r`` lines lead to. What another file happens to pin says
nothing about what will be installed.
"""

from __future__ import annotations

from boombap.deps.manifest.collector import NOT_PINNED
from boombap.deps.manifest.pypi import markers
from boombap.deps.model import Lint
from boombap.deps.versions.ranges import satisfies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from boombap.deps.manifest.collector import Bounds, ManifestCollector, UpdateOptions
    from boombap.deps.model import Dependency, Scope, Skipped

# What people add to the name of a requirements file when they call the compiled one something else.
_COMPILED = frozenset(("lock", "locked", "freeze", "frozen", "pinned", "compiled"))


def open_entries(collector: ManifestCollector, graph: Graph) -> tuple[list[Skipped], list[Lint]]:
    """Return what of a file stays without a version, and a lint for each entry that a lock does not satisfy."""
    if collector.is_check and not graph.is_locked(collector):
        return [], []
    verdicts = {at: graph.judge(collector, wish, collector.skipped[at].scope) for at, wish in collector.wanted.items()}
    answered = {
        collector.wanted[at].normal
        for at, (reason, _) in verdicts.items()
        if not reason and graph.is_answered_everywhere(collector, collector.wanted[at], collector.skipped[at].scope)
    }
    left: list[Skipped] = []
    lints: list[Lint] = []
    for at, skipped in enumerate(collector.skipped):
        reason, lock = verdicts.get(at, (skipped.reason, ""))
        wish = collector.wanted.get(at)
        # Of two ranges for two environments a lock may answer one, because the project excludes the other environment.
        if not reason or (wish and wish.bounds.is_conditional and wish.normal in answered):
            continue
        left.append(skipped.replace(reason=reason) if skipped.reason == NOT_PINNED else skipped)
        if lock:
            remedy = f"rewrite {lock}"
            lints.append(Lint("drift", f"{skipped.what} {reason}", skipped.file, skipped.line, remedy))
    return left, lints


class Graph:
    """Every file of a run, and which of them belong to one resolution."""

    def __init__(self, collectors: Sequence[ManifestCollector]) -> None:
        self._by_file = {collector.file: collector for collector in collectors}
        self._by_folder: dict[str, list[ManifestCollector]] = {}
        for collector in collectors:
            self._by_folder.setdefault(_folder(collector), []).append(collector)
        self._closures = {collector.file: self._closure(collector) for collector in collectors if collector.includes}
        self._pins = {collector.file: _pins(collector) for collector in collectors}
        self._pythons_of = {
            _folder(collector): collector.pythons for collector in collectors if collector.pythons is not None
        }
        self._answers_of: dict[str, list[ManifestCollector]] = {}
        self._together_of: dict[tuple[str, bool], list[list[ManifestCollector]]] = {}

    def is_locked(self, collector: ManifestCollector) -> bool:
        """Tell whether the file's locks were all read; a broken one is named by itself."""
        locks = [lock for lock in self._answers(collector) if lock.ecosystem]
        return bool(locks) and not any(one.is_failure for lock in locks for one in lock.skipped)

    def is_answered_everywhere(self, collector: ManifestCollector, wish: UpdateOptions, scope: Scope) -> bool:
        """Tell whether a wish that is answered would be so without its marker too."""
        anywhere = wish.replace(bounds=wish.bounds.replace(marker=""))
        return not wish.bounds.marker or not self.judge(collector, anywhere, scope)[0]

    def judge(self, collector: ManifestCollector, wish: UpdateOptions, scope: Scope) -> tuple[str, str]:
        """Return why no pin answers a wish, empty when one does; and the lock that should have."""
        wrong: list[tuple[str, str]] = []
        pythons = self._pythons(collector)
        for lock in self._answers(collector):
            pins = self._named(lock, wish)
            if not lock.is_lock and lock.scope == "dev" and scope == "runtime":
                continue
            takes_dev = lock.is_lock or lock.made_from is not None
            if wish.normal in lock.own or _is_answered(pins, wish, scope, pythons, takes_dev=takes_dev):
                return "", ""
            if pins:
                wrong.append((_mismatch(pins, wish), _name(lock)))
            # pip-compile leaves setuptools and pip out of what it writes.
            elif collector.is_check and lock.is_lock and _lacks(lock, wish):
                wrong.append((f"is not in {_name(lock)}", _name(lock)))
        if collector.is_check:
            return wrong[0] if wrong else ("", "")
        reason = self._left_open(collector, wish, scope)
        return wrong[0] if wrong and reason else (reason, "")

    def _left_open(self, collector: ManifestCollector, wish: UpdateOptions, scope: Scope) -> str:
        for together in self._together(collector, is_dev=scope == "dev"):
            pins = [pin for one in together for pin in self._named(one, wish)]
            if not _is_answered(pins, wish, scope, self._pythons(collector), takes_dev=True):
                is_conflict = pins and not any(_is_wished(pin, wish) and not pin.marker for pin in pins)
                return _mismatch(pins, wish) if is_conflict else NOT_PINNED
        return ""

    def _pythons(self, collector: ManifestCollector) -> Bounds | None:
        """Return the releases of Python that the project of a file supports; None when nothing says."""
        return self._pythons_of.get(_folder(collector))

    def _named(self, collector: ManifestCollector, wish: UpdateOptions) -> list[Dependency]:
        return self._pins[collector.file].get((wish.ecosystem, _plain(wish.ecosystem, wish.normal)), [])

    def _answers(self, collector: ManifestCollector) -> list[ManifestCollector]:
        if collector.file not in self._answers_of:
            beside = self._by_folder[_folder(collector)]
            compiled = [one for one in beside if one is not collector and _is_compiled(one, collector)]
            self._answers_of[collector.file] = [*self._locks(collector), *compiled]
        return self._answers_of[collector.file]

    def _locks(self, collector: ManifestCollector) -> list[ManifestCollector]:
        # An SBOM has packages of any ecosystem.
        return [
            one
            for one in self._by_folder[_folder(collector)]
            if one.is_lock and one.ecosystem in ("", collector.ecosystem)
        ]

    def _closure(self, collector: ManifestCollector) -> dict[str, ManifestCollector]:
        reached = {collector.file: collector}
        pending = list(collector.includes)
        while pending:
            file = pending.pop()
            if file in self._by_file and file not in reached:
                reached[file] = self._by_file[file]
                pending += reached[file].includes
        return reached

    def _together(self, collector: ManifestCollector, *, is_dev: bool) -> list[list[ManifestCollector]]:
        """Return the sets of files that are installed together and hold this file; for development or not."""
        key = (collector.file, is_dev)
        if key not in self._together_of:
            holding = {
                file: closure
                for file, closure in self._closures.items()
                if collector.file in closure
                and file != collector.file
                and (self._by_file[file].scope == "dev") == is_dev
            }
            inner = {inside for file, closure in holding.items() for inside in closure if inside != file}
            outermost = [list(closure.values()) for file, closure in holding.items() if file not in inner]
            own = self._closures.get(collector.file, {collector.file: collector})
            self._together_of[key] = outermost or [list(own.values())]
        return self._together_of[key]


def _lacks(lock: ManifestCollector, wish: UpdateOptions) -> bool:
    """Tell whether a lock knows nothing of a package, as far as its format tells."""
    if wish.bounds.is_conditional or not lock.ecosystem or _name(lock) == "pnpm-lock.yaml":
        return False
    return not any(skipped.what.split(" ")[0].lower() == wish.normal.lower() for skipped in lock.skipped)


def _pins(collector: ManifestCollector) -> dict[tuple[str, str], list[Dependency]]:
    pins: dict[tuple[str, str], list[Dependency]] = {}
    for one in collector.dependencies:
        pins.setdefault((one.ecosystem, _plain(one.ecosystem, one.normal)), []).append(one)
    return pins


def _plain(ecosystem: str, normal: str) -> str:
    # Cargo takes both spellings in a manifest; no two crates differ in that only.
    return normal.replace("-", "_") if ecosystem == "crates.io" else normal


def _folder(collector: ManifestCollector) -> str:
    return collector.file.rpartition("/")[0]


def _name(collector: ManifestCollector) -> str:
    return _file_name(collector.file)


def _file_name(file: str) -> str:
    return file.rpartition("/")[2]


def _is_compiled(candidate: ManifestCollector, manifest: ManifestCollector) -> bool:
    """Tell whether a requirements file is what a tool made of a manifest beside it."""
    name, source = _name(candidate), _name(manifest)
    if not name.endswith(".txt") or candidate.is_lock or candidate.ecosystem != manifest.ecosystem:
        return False
    made_from = candidate.made_from
    if made_from is not None and source in made_from:
        return True
    if source.endswith((".in", ".txt")):
        return _stem(name) == _stem(source)
    if source not in ("pyproject.toml", "setup.py", "setup.cfg"):
        return False
    # Without a word on its origin, a list of nothing but pins is taken for what the project's ranges came to.
    names_others = made_from is not None and any(one.endswith((".in", ".toml", ".cfg")) for one in made_from)
    return not names_others and not candidate.wanted


def _stem(name: str) -> str:
    words = name.rpartition(".")[0].replace(".", "-").replace("_", "-").lower().split("-")
    return "-".join(word for word in words if word not in _COMPILED)


def _is_answered(
    pins: Iterable[Dependency], wish: UpdateOptions, scope: Scope, pythons: Bounds | None, *, takes_dev: bool
) -> bool:
    found = [
        pin.marker
        for pin in _direct(pins)
        if pin.scope != "dev" or scope == "dev" or (scope == "optional" and takes_dev)
        if _is_wished(pin, wish)
    ]
    return markers.cover(found, wish.bounds.marker, pythons, is_extra=scope == "optional")


def _is_wished(pin: Dependency, wish: UpdateOptions) -> bool:
    return satisfies(wish.bounds.form, wish.bounds.text, pin.version)


def _direct(pins: Iterable[Dependency]) -> list[Dependency]:
    """Leave out versions that only other packages ask for, where a lock says which those are."""
    listed = list(pins)
    return [pin for pin in listed if pin.is_direct] or listed


def _mismatch(pins: Sequence[Dependency], wish: UpdateOptions) -> str:
    listed = _direct(pins)
    pin = next((one for one in listed if _is_wished(one, wish)), listed[0])
    if pin.marker and _is_wished(pin, wish):
        return f"is {pin.version} in {_file_name(pin.file)} {markers.only_where(pin.marker)}"
    why = "but for development only" if _is_wished(pin, wish) else "which does not satisfy it"
    return f"is {pin.version} in {_file_name(pin.file)}, {why}"
