"""Which kind of file a name says, and what a lock file makes superfluous. It imports nothing that reads."""

from __future__ import annotations

import re

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection


class Family(Record):
    """One kind of file.

    Attributes:
        name: what people call it.
        module: below `boombap.deps.manifest`, reads it; empty for files that are only looked at for images.
        function: in that module.
        ecosystem: of its packages; empty when each says its own.
        is_lock: whether it pins everything, the transitive packages included.
        instead: names of files beside it that say the same in more detail, so that it is not read with one of them.
    """

    name: str
    module: str
    ecosystem: str
    function: str = "read"
    is_lock: bool = True
    instead: tuple[str, ...] = ()


REQUIREMENTS = Family("requirements", "requirements", "PyPI", is_lock=False)
DOCKERFILE = Family("Dockerfile", "", "", is_lock=False)
IMAGES = Family("compose or Kubernetes file", "", "", is_lock=False)
SBOM = Family("CycloneDX or SPDX", "sbom", "")
INSTALLED = Family("installed packages", "installed", "PyPI")
GO_MOD = Family("go.mod", "go", "Go")
_NPM_LOCKS = ("npm-shrinkwrap.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock")
_NPM_LOCK = Family("package-lock.json", "npm", "npm")

_BY_NAME: dict[str, Family] = {
    "pyproject.toml": Family("pyproject.toml", "pyproject", "PyPI", is_lock=False),
    "poetry.lock": Family("poetry.lock", "poetry", "PyPI"),
    "uv.lock": Family("uv.lock", "uv", "PyPI"),
    "pdm.lock": Family("pdm.lock", "pdm", "PyPI"),
    "pylock.toml": Family("pylock.toml", "pylock", "PyPI"),
    "Pipfile.lock": Family("Pipfile.lock", "pipfile", "PyPI"),
    "npm-shrinkwrap.json": _NPM_LOCK,
    "package-lock.json": _NPM_LOCK.replace(instead=("npm-shrinkwrap.json",)),
    "package.json": Family("package.json", "npm", "npm", "read_wishes", is_lock=False, instead=_NPM_LOCKS),
    "yarn.lock": Family("yarn.lock", "yarn", "npm"),
    "pnpm-lock.yaml": Family("pnpm-lock.yaml", "pnpm", "npm"),
    "Cargo.lock": Family("Cargo.lock", "cargo", "crates.io"),
    "go.mod": GO_MOD,
    "go.sum": Family("go.sum", "go", "Go", "read_sums"),
    "Gemfile.lock": Family("Gemfile.lock", "gemfile", "RubyGems"),
    "gems.locked": Family("Gemfile.lock", "gemfile", "RubyGems"),
    "composer.lock": Family("composer.lock", "composer", "Packagist"),
    "pom.xml": Family("pom.xml", "maven", "Maven", is_lock=False),
}
# Files that name packages without versions; alone they are a gap in the audit that somebody must hear of.
UNLOCKED: dict[str, tuple[tuple[str, ...], str]] = {
    "Cargo.toml": (("Cargo.lock",), "`cargo generate-lockfile`"),
    "Gemfile": (("Gemfile.lock", "gems.locked"), "`bundle lock`"),
    "composer.json": (("composer.lock",), "`composer update --no-install`"),
    "Pipfile": (("Pipfile.lock",), "`pipenv lock`"),
    "build.gradle": (("gradle.lockfile",), "a CycloneDX file from its Gradle plugin"),
    "build.gradle.kts": (("gradle.lockfile",), "a CycloneDX file from its Gradle plugin"),
}
CHECK = "check_wishes"
"""The function that reads a manifest only to see that the lock beside it answers it."""
CHECKED: dict[str, tuple[Family, tuple[str, ...]]] = {
    "package.json": (_BY_NAME["package.json"], _NPM_LOCKS),
    "Cargo.toml": (_BY_NAME["Cargo.lock"].replace(is_lock=False), ("Cargo.lock",)),
    "Pipfile": (_BY_NAME["Pipfile.lock"].replace(is_lock=False), ("Pipfile.lock",)),
}
"""Manifests that say nothing more than their lock, unless that is stale: by name, with the locks."""
UNREAD = frozenset(("bun.lock", "bun.lockb", "gradle.lockfile", "conda-lock.yml", "mix.lock", "Package.resolved"))
"""Lock files that nothing here reads yet; they are named as skipped."""

_REQUIREMENTS = re.compile(r"(?:.*[-_.])?requirements(?:[-_.].*)?\.txt$", re.IGNORECASE)
_PYLOCK = re.compile(r"pylock\.[^.]+\.toml$")
_DOCKERFILE = re.compile(r"(?:Dockerfile|Containerfile)(?:\..+)?$|.+\.[Dd]ockerfile$")
_COMPOSE = re.compile(r"(?:docker-)?compose(?:[-_.].*)?\.ya?ml$", re.IGNORECASE)
_SBOM = re.compile(r".*(?:\.cdx|\.spdx|[-_.]?s?bom)\.json$|bom\.json$", re.IGNORECASE)


def family_of(name: str, folder: str = "") -> Family | None:
    """Return the kind of a file by its name; None for a file that is not a manifest.

    Args:
        name: without folders.
        folder: the name of its folder.
    """
    found = _BY_NAME.get(name)
    if found:
        return found
    if name.endswith(".txt"):
        return REQUIREMENTS if folder == "requirements" or _REQUIREMENTS.match(name) else None
    if name.endswith(".json"):
        return SBOM if _SBOM.match(name) else None
    if name.endswith((".yml", ".yaml")):
        return IMAGES
    if _PYLOCK.match(name):
        return _BY_NAME["pylock.toml"]
    return DOCKERFILE if _DOCKERFILE.match(name) else None


def family_of_named(name: str) -> Family | None:
    """Return the kind of a file that somebody named: what a search would pass over may be one then."""
    found = family_of(name)
    if found:
        return found
    if name.endswith((".txt", ".in")):
        return REQUIREMENTS
    return SBOM if name.endswith(".json") else None


def compiled_from(name: str) -> tuple[Family | None, tuple[str, ...]]:
    """Return the kind of a file from which a requirements file is compiled, with that file's name.

    >>> compiled_from("requirements.in")[1], compiled_from("MANIFEST.in")[1]
    (('requirements.txt',), ())
    """
    compiled = name.removesuffix(".in") + ".txt"
    is_source = name.endswith(".in") and _REQUIREMENTS.match(compiled)
    return (REQUIREMENTS, (compiled,)) if is_source else (None, ())


def is_superseded(name: str, beside: Collection[str]) -> bool:
    """Tell whether a file beside this one says the same in more detail."""
    found = _BY_NAME.get(name)
    return found is not None and any(other in beside for other in found.instead)
