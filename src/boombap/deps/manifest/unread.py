"""Files that name packages in a form that nothing here reads: each is a gap in the audit that somebody must hear of.

By its name alone, or by a mark in its text where most files of that name hold no packages.
"""

from __future__ import annotations

import re

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

SBOM_PIN = "audit an SBOM of the project in JSON (CycloneDX or SPDX)"
SNIFFED_BYTES = 1_000_000
"""How much of a text is searched for a mark; scripts and notebooks of more are data."""


class Gap(Record):
    """Why a file is not read.

    Attributes:
        reason: one phrase.
        pin: how to make it auditable.
    """

    reason: str
    pin: str = SBOM_PIN


# Manifests without versions: a gap unless one of these locks lies beside them.
_UNLOCKED: dict[str, tuple[tuple[str, ...], str]] = {
    "Cargo.toml": (("Cargo.lock",), "`cargo generate-lockfile`"),
    "Gemfile": (("Gemfile.lock",), "`bundle lock`"),
    "gems.rb": (("gems.locked",), "`bundle lock`"),
    "composer.json": (("composer.lock",), "`composer update --no-install`"),
    "deno.json": (("deno.lock",), "`deno install`"),
    "deno.jsonc": (("deno.lock",), "`deno install`"),
    "Pipfile": (("Pipfile.lock",), "`pipenv lock`"),
}
_BY_NAME: dict[str, str] = {
    name.lower(): tool
    for tool, names in {
        "bun": "bun.lockb",
        "Gradle": "build.gradle build.gradle.kts libs.versions.toml",
        "sbt": "build.sbt",
        "Ant and Ivy": "ivy.xml",
        "Bazel": "MODULE.bazel WORKSPACE.bazel MODULE.bazel.lock maven_install.json",
        "Clojure": "project.clj deps.edn",
        "conda-lock": "conda-lock.yml conda-lock.yaml",
        "pixi": "pixi.toml pixi.lock",
        "Hex": "mix.exs mix.lock rebar.config rebar.lock",
        "Bower": "bower.json",
        "SwiftPM": "Package.swift Package.resolved",
        "CocoaPods": "Podfile Podfile.lock",
        "Carthage": "Cartfile Cartfile.private Cartfile.resolved",
        "NuGet": "packages.config packages.lock.json project.assets.json Directory.Packages.props "
        "Directory.Build.props paket.dependencies paket.lock",
        "Pub": "pubspec.yaml pubspec.lock",
        "Haskell": "stack.yaml stack.yaml.lock cabal.project cabal.project.freeze",
        "R": "renv.lock packrat.lock",
        "Conan": "conanfile.txt conanfile.py conan.lock",
        "vcpkg": "vcpkg.json vcpkg-lock.json vcpkg-configuration.json",
        "Nix": "flake.nix flake.lock",
        "Crystal": "shard.yml shard.lock",
        "Perl": "cpanfile cpanfile.snapshot",
        "Lua": "luarocks.lock",
        "D": "dub.json dub.sdl dub.selections.json",
        "Elm": "elm.json",
        "Dep of Go": "Gopkg.toml Gopkg.lock glide.yaml glide.lock",
        "Buildout": "buildout.cfg",
        "hatch": "hatch.toml",
    }.items()
    for name in names.split()
}
_BY_ENDING: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(?:{endings})$", re.IGNORECASE), tool)
    for endings, tool in (
        (r"\.(?:cs|fs|vb|vcx|es)proj", "NuGet"),
        (r"\.gemspec", "RubyGems"),
        (r"\.podspec(?:\.json)?", "CocoaPods"),
        (r"\.cabal", "Haskell"),
        (r"\.nimble", "Nimble"),
        (r"\.rockspec", "Lua"),
        (r"\.opam", "opam"),
        (r"\.gradle(?:\.kts)?", "Gradle"),
        (r"\.(?:jar|war|ear|whl|egg|gem|nupkg|phar)", "an archive of packages"),
        (r"\.spdx(?:\.(?:rdf|xml|ya?ml|tag))?", "SPDX in another form than JSON"),
        (r"\.syft\.json", "syft"),
        (r".\.lock(?:file)?|[-_.]lock\.(?:json|jsonc|ya?ml|toml)|\.lock\.(?:json|hcl)", "a tool unknown here"),
    )
)
# Read as what they are, or named by another rule.
_NOT_LISTS = frozenset(("package-lock.json", "pnpm-lock.yaml", ".package-lock.json"))

# An empty list, and the repository itself with its extras, name no other package: its own files are read.
_OWN = rb"""(["']?)\.(?:\[[\w.,-]*+\])?\1"""
_HOOK_PACKAGES = re.compile(
    rb"additional_dependencies\s*+:(?![ \t]*+\[\s*+(?:" + _OWN + rb"\s*+(?:,\s*+|(?=\])))*+\][ \t]*+(?:\#|\r?$))",
    re.MULTILINE,
)
_MARKED: tuple[tuple[re.Pattern[str], re.Pattern[bytes], str], ...] = (
    (re.compile(r"noxfile\.py$"), re.compile(rb"\.(?:conda_)?install\("), "what a session of nox installs"),
    (re.compile(r"meta\.ya?ml$|recipe\.ya?ml$"), re.compile(rb"^requirements:", re.MULTILINE), "packages of conda"),
    (re.compile(r"\.pre-commit-(?:config|hooks)\.ya?ml$"), _HOOK_PACKAGES, "hooks"),
    (re.compile(r".*\.ipynb$"), re.compile(rb"[!%]\s*(?:pip3?|conda|mamba|uv)\s"), "what a notebook installs"),
    (re.compile(r".*\.ya?ml$"), re.compile(rb"(?ms)\A(?=.*^channels:)(?=.*^dependencies:)"), "packages of conda"),
    (re.compile(r"go\.work$"), re.compile(rb"^[ \t]*replace\b", re.MULTILINE), "modules that a workspace replaces"),
    (re.compile(r"DESCRIPTION$"), re.compile(rb"^(?:Imports|Depends):", re.MULTILINE), "packages of R"),
    (re.compile(r"Project\.toml$"), re.compile(rb"^\[deps\]", re.MULTILINE), "packages of Julia"),
)  # fmt: skip


def by_name(name: str, beside: Collection[str]) -> Gap | None:
    """Return why a file is not read, as far as its name says; None when it does not.

    Args:
        name: without folders.
        beside: the names of what else is in its folder.
    """
    if name in _UNLOCKED:
        locks, way = _UNLOCKED[name]
        is_locked = any(lock in beside for lock in locks)
        return None if is_locked else Gap("names packages, but no lock file lies beside it", f"make one with {way}")
    if name in _NOT_LISTS:
        return None
    tool = _BY_NAME.get(name.lower()) or next((tool for ending, tool in _BY_ENDING if ending.search(name)), "")
    return Gap(f"its format is not read here ({tool})") if tool else None


def has_marks(name: str) -> bool:
    """Tell whether `by_text` has to see the text of a file of this name."""
    return any(pattern.match(name) for pattern, _, _ in _MARKED)


def by_text(name: str, text: bytes) -> Gap | None:
    """Return why a file is not read that `has_marks`; None when its text names no packages."""
    for pattern, mark, what in _MARKED:
        if pattern.match(name) and mark.search(text):
            return Gap(f"names packages in a form that is not read here ({what})", "pin them in a requirements file")
    return None
