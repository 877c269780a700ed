"""What the files of a project say, all of them together: the one function that the rest of `deps` calls."""

from __future__ import annotations

import os
from importlib import import_module

from boombap.deps import lint
from boombap.deps.manifest import source
from boombap.deps.manifest.families import CHECK, DOCKERFILE, GO_MOD, IMAGES, INSTALLED, REQUIREMENTS
from boombap.deps.manifest.find import find
from boombap.deps.manifest.resolution import Graph, open_entries
from boombap.deps.manifest.sheet import NOT_PINNED, Sheet
from boombap.deps.model import Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from boombap.deps.manifest.find import Found
    from boombap.deps.model import Dependency, Skipped

_LARGEST_IMAGES_BYTES = 1_000_000
_FAR_GO_SUM = "go.sum"


def read(paths: Iterable[str], *, may_leave: bool = False, check: Callable[[], None] = lambda: None) -> Reading:
    """Return what the manifests among and below some paths say.

    A range counts as pinned where a pin of the same resolution satisfies it; see `deps.manifest.resolution`.

    Args:
        paths: folders and files; names in the answer begin with them as they are given.
        may_leave: whether ``-r`` and ``-c`` lines may lead out of the folder.
        check: called before each file; may raise to end the run.

    Raises:
        NotFound: when a path does not exist.
        UsageError: when a named file is of no kind that is read.
    """
    found, skipped = find(paths)
    sheets: dict[str, Sheet] = {}
    go_mods = _full_go_mods(found)
    for one in sorted(found, key=_included_last):
        check()
        real = os.path.realpath(one.path)
        if _is_read(one, sheets.get(real)) or (one.family.name == _FAR_GO_SUM and os.path.dirname(real) in go_mods):
            continue
        for path, sheet in _sheets(one, may_leave=may_leave):
            # A file that another takes for constraints may be a manifest as well, which says more.
            if path not in sheets or (sheets[path].is_constraint and not sheet.is_constraint):
                sheets[path] = sheet
    ordered = sorted(sheets.values(), key=lambda sheet: sheet.file)
    return _joined(ordered, skipped)


def _is_read(one: Found, sheet: Sheet | None) -> bool:
    is_constraints = os.path.basename(one.path).startswith("constraints")
    return sheet is not None and (is_constraints or not sheet.is_constraint)


def _included_last(one: Found) -> tuple[bool, str]:
    # constraints.txt and base.txt are read where another file leads to them, with the meaning they have there.
    return os.path.basename(one.path).startswith(("constraints", "base", "common")), one.shown


def _full_go_mods(found: Iterable[Found]) -> set[str]:
    from boombap.deps.manifest.go import lists_everything

    folders = set()
    for one in found:
        if one.family == GO_MOD:
            try:
                if lists_everything(source.text(one.path)):
                    folders.add(os.path.dirname(os.path.realpath(one.path)))
            except source.Malformed:
                continue
    return folders


def _sheets(one: Found, *, may_leave: bool) -> list[tuple[str, Sheet]]:
    """Read a file and what it leads to; whatever is wrong with it is in its sheet."""
    real = os.path.realpath(one.path)
    sheet = Sheet(one.shown, one.family.ecosystem, is_lock=one.family.is_lock)
    try:
        if one.family == REQUIREMENTS:
            read = _requirements(one, may_leave=may_leave)
            return [(path, _as_check(sheet)) for path, sheet in read[:1]] if one.is_check else read
        if one.family in (DOCKERFILE, IMAGES):
            _look_for_images(one, sheet)
        else:
            function = CHECK if one.is_check else one.family.function
            reader = getattr(import_module(f"boombap.deps.manifest.{one.family.module}"), function)
            # An environment is a folder; the others are given their text.
            document = one.path if one.family == INSTALLED else source.text(one.path)
            reader(document, sheet)
            _refuse_emptied(one, document, sheet)
    except source.Malformed as error:
        if not one.is_check:
            sheet.fail(error.reason, error.line)
    if one.is_check:
        sheet.files = []  # its lock says everything that it says
    return [(real, sheet)]


def _as_check(sheet: Sheet) -> Sheet:
    """Return a sheet with its open entries only: what it was compiled to says everything else."""
    kept = Sheet(sheet.file, sheet.ecosystem, scope=sheet.scope)
    kept.is_check, kept.files = True, []
    kept.skipped = [sheet.skipped[at] for at in sheet.wanted]
    kept.wanted = dict(enumerate(sheet.wanted.values()))
    return kept


def _refuse_emptied(one: Found, document: str, sheet: Sheet) -> None:
    # A line with the release of Go says nothing of what the module requires.
    no_package = "stdlib" if one.family == GO_MOD else ""
    is_full = any(dependency.name != no_package for dependency in sheet.dependencies)
    is_full = is_full or any(skipped.what != no_package for skipped in sheet.skipped)
    if is_full or one.is_check or not one.family.is_lock or one.family == INSTALLED:
        return
    from boombap.deps.manifest import emptiness

    if not emptiness.is_meant(one.family.module, document, sheet, one.path):
        raise source.Malformed(emptiness.REASON)


def _requirements(one: Found, *, may_leave: bool) -> list[tuple[str, Sheet]]:
    from boombap.deps.manifest import requirements

    visit = requirements.read(one.path, one.shown, requirements.Fence(one.root, is_open=may_leave))
    return [(os.path.realpath(os.path.join(os.path.dirname(one.path), _beside(sheet.file, one.shown))), sheet)
            for sheet in visit]  # fmt: skip


def _beside(file: str, shown: str) -> str:
    return os.path.relpath(file, os.path.dirname(shown) or ".")


def _look_for_images(one: Found, sheet: Sheet) -> None:
    sheet.files = []
    try:
        text = source.decode(source.content(one.path, _LARGEST_IMAGES_BYTES))
    except source.Malformed:
        return  # no dependencies are lost with it
    if one.family == DOCKERFILE:
        sheet.lints += lint.dockerfile_images(text, one.shown)
    elif "compose" in os.path.basename(one.path) or "apiVersion:" in text:
        sheet.lints += lint.manifest_images(text, one.shown)


def _joined(sheets: Sequence[Sheet], skipped: Sequence[Skipped]) -> Reading:
    dependencies: list[Dependency] = []
    left: list[Skipped] = list(skipped)
    lints = []
    graph = Graph(sheets)
    for inside in _by_folder(sheets).values():
        locked = [one for sheet in inside if sheet.is_lock for one in sheet.dependencies]
        for sheet in inside:
            dependencies += sheet.dependencies
            open_, drifts = open_entries(sheet, graph)
            left += open_
            lints += [*sheet.lints, *drifts, *lint.unpinned(open_, NOT_PINNED)]
            if not sheet.is_lock:
                lints += lint.drift(sheet.dependencies, locked)
    files = tuple(file for sheet in sheets for file in sheet.files)
    return Reading(tuple(dependencies), tuple(left), tuple(lints), files)


def _by_folder(sheets: Sequence[Sheet]) -> dict[str, list[Sheet]]:
    folders: dict[str, list[Sheet]] = {}
    for sheet in sheets:
        folders.setdefault(sheet.file.rpartition("/")[0], []).append(sheet)
    return folders
