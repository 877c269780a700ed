"""From an audit to the same audit with evidence of use; it changes no verdict."""

from __future__ import annotations

from boombap.deps.evidence import Usage
from boombap.deps.usage.import_names import from_installations, guess
from boombap.deps.usage.imports import find_imports
from boombap.deps.usage.source_files import find_sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from boombap.deps.model import Audit
    from boombap.deps.usage.imports import Imports

_SHOWN_PLACES = 5
_SHOWN_UNREAD = 5


def with_usage(audit: Audit, paths: Iterable[str], environments: Iterable[str], check: Callable[[], None]) -> Audit:
    """Return an audit whose findings about PyPI's packages say where they are imported.

    Args:
        audit: what was found.
        paths: of the project.
        environments: where packages are installed, beside virtual environments below the paths.
        check: ends the run when it was interrupted.
    """
    packages = {finding.dependency.normal for finding in audit.findings if finding.dependency.ecosystem == "PyPI"}
    if not packages:
        return audit
    sources = find_sources(paths, check)
    known = from_installations((*environments, *sources.environments))
    names = {package: known.get(package) or guess(package) for package in packages}
    found = find_imports(sources.files, {module for modules in names.values() for module in modules}, check)
    found = found.replace(unread=(*sources.unread, *found.unread))
    usages = {
        name: _usage(modules, "installed" if name in known else "guess", found) for name, modules in names.items()
    }
    return audit.replace(
        findings=tuple(
            finding.replace(usage=usages[finding.dependency.normal])
            if finding.dependency.ecosystem == "PyPI"
            else finding
            for finding in audit.findings
        )
    )


def _usage(modules: tuple[str, ...], basis: str, found: Imports) -> Usage:
    wanted = [module.lower() for module in modules]
    places = [
        f"{each.file}:{each.line}"
        for each in found.imports
        if any(each.module == module or each.module.startswith(f"{module}.") for module in wanted)
    ]
    places = list(dict.fromkeys(places))
    return Usage(
        modules,
        basis,
        tuple(places[:_SHOWN_PLACES]),
        len(places),
        found.files,
        found.unread[:_SHOWN_UNREAD],
        len(found.unread),
    )
