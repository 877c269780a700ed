"""What the files of a project say, all of them together: the one function that the rest of `deps` calls."""

from __future__ import annotations

import os

from boombap.deps import lint
from boombap.deps.manifest import lock_form, safe_text
from boombap.deps.manifest.collector import NOT_PINNED, ManifestCollector
from boombap.deps.manifest.file_types import DOCKERFILE, GO_MOD, GO_SUM, IMAGES, REQUIREMENTS, SCRIPT
from boombap.deps.manifest.find import find
from boombap.deps.manifest.inventory import inventory
from boombap.deps.manifest.resolution import Graph, open_entries
from boombap.deps.manifest.unpacked import find_installed
from boombap.deps.model import Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from boombap.deps.manifest.find import Found
    from boombap.deps.model import Dependency, Skipped

_LARGEST_IMAGES_BYTES = 1_000_000


def read(
    paths: Iterable[str],
    *,
    may_leave: bool = False,
    excluded: Mapping[str, str] | None = None,
    environments: Iterable[str] = (),
    roots: Iterable[str] = (),
    check: Callable[[], None] = lambda: None,
) -> Reading:
    """Return what the manifests among and below some paths say.

    A range counts as pinned where a pin of the same resolution satisfies it; see `deps.manifest.resolution`.

    Args:
        paths: folders and files; names in the answer begin with them as they are given.
        may_leave: whether ``-r`` and ``-c`` lines may lead out of the folder.
        excluded: by pattern of names, the reason why such files are not read; `*` also matches a slash.
        environments: folders in which Python packages are installed.
        roots: folders of unpacked images.
        check: called before each file; may raise to end the run.

    Raises:
        NotFound: when a path does not exist.
        UsageError: when a named file is of no kind that is read.
    """
    search = find(paths, excluded, environments)
    for root in roots:
        find_installed(root, search, check)
    found = list(search.found.values())
    collectors: dict[str, ManifestCollector] = {}
    go_mods = _full_go_mods(found)
    for one in sorted(found, key=_included_last):
        check()
        real = os.path.realpath(one.path)
        if one.file_type == GO_SUM and os.path.dirname(real) in go_mods:
            search.supersede(one.shown, f"{one.shown.removesuffix('go.sum')}go.mod")
            continue
        if _is_read(one, collectors.get(real)):
            continue
        for path, collector in _collectors(one, may_leave=may_leave):
            # A file that another takes for constraints may be a manifest as well, which says more.
            if path not in collectors or (collectors[path].is_constraint and not collector.is_constraint):
                collectors[path] = collector
    ordered = sorted(collectors.values(), key=lambda collector: collector.file)
    joined = _joined(ordered, search.skipped)
    return joined.replace(inventory=inventory(joined, search.noted))


def _is_read(one: Found, collector: ManifestCollector | None) -> bool:
    is_constraints = os.path.basename(one.path).startswith("constraints")
    return collector is not None and (is_constraints or not collector.is_constraint)


def _included_last(one: Found) -> tuple[bool, str]:
    # constraints.txt and base.txt are read where another file leads to them, with the meaning they have there.
    return os.path.basename(one.path).startswith(("constraints", "base", "common")), one.shown


def _full_go_mods(found: Iterable[Found]) -> set[str]:
    from boombap.deps.manifest.languages.go import lists_everything

    folders = set()
    for one in found:
        if one.file_type == GO_MOD:
            try:
                if lists_everything(safe_text.text(one.path)):
                    folders.add(os.path.dirname(os.path.realpath(one.path)))
            except safe_text.Malformed:
                continue
    return folders


def _collectors(one: Found, *, may_leave: bool) -> list[tuple[str, ManifestCollector]]:
    """Read a file and what it leads to; whatever is wrong with it is in its collector."""
    real = os.path.realpath(one.path)
    collector = ManifestCollector(one.shown, one.file_type.ecosystem, is_lock=one.file_type.is_lock)
    try:
        if one.file_type == REQUIREMENTS:
            read = _requirements(one, may_leave=may_leave)
            return [(path, _as_check(collector)) for path, collector in read[:1]] if one.is_check else read
        if one.file_type == IMAGES:
            _look_for_images(one, collector)
        elif one.file_type.read is not None:
            document = one.path if one.file_type.takes_path else safe_text.text(one.path)
            lock_form.refuse_later(one.file_type, document)
            one.file_type.read(document, collector)
            _refuse_emptied(one, document, collector)
            if one.file_type == SCRIPT and not os.path.exists(f"{one.path}.lock"):
                collector.wanted.clear()  # it gets an environment of its own, whatever other locks say
            elif one.file_type == DOCKERFILE:
                collector.lints += lint.dockerfile_images(document, one.shown)
    except safe_text.Malformed as error:
        if not one.is_check:
            collector.fail(error.reason, error.line)
    if one.is_check:
        collector.files = []  # its lock says everything that it says
    return [(real, collector)]


def _as_check(collector: ManifestCollector) -> ManifestCollector:
    """Return a collector with its open entries only: what it was compiled to says everything else."""
    kept = ManifestCollector(collector.file, collector.ecosystem, scope=collector.scope)
    kept.is_check, kept.files = True, []
    kept.skipped = [collector.skipped[at] for at in collector.wanted]
    kept.wanted = dict(enumerate(collector.wanted.values()))
    return kept


def _refuse_emptied(one: Found, document: str, collector: ManifestCollector) -> None:
    # A line with the release of Go says nothing of what the module requires.
    no_package = "stdlib" if one.file_type == GO_MOD else ""
    is_full = any(dependency.name != no_package for dependency in collector.dependencies)
    is_full = is_full or any(skipped.what != no_package for skipped in collector.skipped)
    if is_full or one.is_check or not one.file_type.is_lock or one.file_type.takes_path:
        return
    from boombap.deps.manifest import emptiness

    if not emptiness.is_meant(one.file_type, document, collector, one.path):
        raise safe_text.Malformed(emptiness.REASON)


def _requirements(one: Found, *, may_leave: bool) -> list[tuple[str, ManifestCollector]]:
    from boombap.deps.manifest.pypi import requirements
    from boombap.deps.manifest.pypi.include_boundary import IncludeBoundary

    visit = requirements.read(one.path, one.shown, IncludeBoundary(one.root, is_open=may_leave))
    return [(os.path.realpath(os.path.join(os.path.dirname(one.path), _beside(collector.file, one.shown))), collector)
            for collector in visit]  # fmt: skip


def _beside(file: str, shown: str) -> str:
    return os.path.relpath(file, os.path.dirname(shown) or ".")


def _look_for_images(one: Found, collector: ManifestCollector) -> None:
    collector.files = []
    try:
        text = safe_text.decode(safe_text.content(one.path, _LARGEST_IMAGES_BYTES))
    except safe_text.Malformed:
        return  # no dependencies are lost with it
    if "compose" in os.path.basename(one.path) or "apiVersion:" in text:
        collector.lints += lint.manifest_images(text, one.shown)


def _joined(collectors: Sequence[ManifestCollector], skipped: Sequence[Skipped]) -> Reading:
    dependencies: list[Dependency] = []
    left: list[Skipped] = list(skipped)
    lints = []
    graph = Graph(collectors)
    for inside in _by_folder(collectors).values():
        locked = [one for collector in inside if collector.is_lock for one in collector.dependencies]
        for collector in inside:
            dependencies += collector.dependencies
            open_, drifts = open_entries(collector, graph)
            left += open_
            lints += [*collector.lints, *drifts, *lint.unpinned(open_, NOT_PINNED)]
            if not collector.is_lock:
                lints += lint.drift(collector.dependencies, locked)
            if collector.file.endswith(".txt") and not collector.is_constraint:
                lints += lint.extra_pins(collector.dependencies, locked)
        hashed = [one for collector in inside if collector.has_hashes for one in collector.dependencies]
        lints += lint.missing_pins(hashed, locked)
    files = tuple(file for collector in collectors for file in collector.files)
    return Reading(tuple(dependencies), tuple(left), tuple(lints), files)


def _by_folder(collectors: Sequence[ManifestCollector]) -> dict[str, list[ManifestCollector]]:
    folders: dict[str, list[ManifestCollector]] = {}
    for collector in collectors:
        folders.setdefault(collector.file.rpartition("/")[0], []).append(collector)
    return folders
