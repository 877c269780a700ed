"""What reads each kind of file; the module that does is imported when such a file is read, and not before.

Each function takes the text of a file, or the path of a folder or a program, and puts what it says into a collector.
Those that begin with ``check_`` read a manifest only to see that the lock beside it answers it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector


def poetry_lock(document: str, collector: ManifestCollector) -> None:
    """Read poetry.lock."""
    from boombap.deps.manifest.pypi.poetry import read

    read(document, collector)


def uv_lock(document: str, collector: ManifestCollector) -> None:
    """Read uv.lock."""
    from boombap.deps.manifest.pypi.uv import read

    read(document, collector)


def pdm_lock(document: str, collector: ManifestCollector) -> None:
    """Read pdm.lock."""
    from boombap.deps.manifest.pypi.pdm import read

    read(document, collector)


def pylock(document: str, collector: ManifestCollector) -> None:
    """Read pylock.toml (PEP 751)."""
    from boombap.deps.manifest.pypi.pylock import read

    read(document, collector)


def pipfile_lock(document: str, collector: ManifestCollector) -> None:
    """Read Pipfile.lock."""
    from boombap.deps.manifest.pypi.pipfile import read

    read(document, collector)


def pyproject(document: str, collector: ManifestCollector) -> None:
    """Read pyproject.toml."""
    from boombap.deps.manifest.pypi.pyproject import read

    read(document, collector)


def setup_cfg(document: str, collector: ManifestCollector) -> None:
    """Read setup.cfg."""
    from boombap.deps.manifest.pypi.setup_cfg import read

    read(document, collector)


def setup_py(document: str, collector: ManifestCollector) -> None:
    """Read setup.py, without running it."""
    from boombap.deps.manifest.pypi.setup_py import read

    read(document, collector)


def installed(folder: str, collector: ManifestCollector) -> None:
    """Read the installed packages of an environment."""
    from boombap.deps.manifest.pypi.installed import read

    read(folder, collector)


def conda_environment(document: str, collector: ManifestCollector) -> None:
    """Read environment.yml of conda."""
    from boombap.deps.manifest.pypi.conda import read

    read(document, collector)


def tox(document: str, collector: ManifestCollector) -> None:
    """Read tox.ini."""
    from boombap.deps.manifest.pypi.tox import read

    read(document, collector)
    collector.wanted.clear()  # tox installs into environments of its own, whatever a lock says


def script(document: str, collector: ManifestCollector) -> None:
    """Read the requirements inside a script (PEP 723)."""
    from boombap.deps.manifest.pypi.script import read

    read(document, collector)


def commands(document: str, collector: ManifestCollector) -> None:
    """Read what the commands of a Dockerfile install."""
    from boombap.deps.manifest.commands import read

    read(document, collector)
    collector.wanted.clear()  # the commands ask no lock


def workflow_commands(document: str, collector: ManifestCollector) -> None:
    """Read what the commands of a workflow install, all of it for development."""
    collector.scope = "dev"
    commands(document, collector)


def package_lock(document: str, collector: ManifestCollector) -> None:
    """Read package-lock.json or npm-shrinkwrap.json."""
    from boombap.deps.manifest.npmjs.package_lock import read

    read(document, collector)


def package_json(document: str, collector: ManifestCollector) -> None:
    """Read package.json."""
    from boombap.deps.manifest.npmjs.package_lock import read_version_ranges

    read_version_ranges(document, collector)


def yarn_lock(document: str, collector: ManifestCollector) -> None:
    """Read yarn.lock."""
    from boombap.deps.manifest.npmjs.yarn import read

    read(document, collector)


def pnpm_lock(document: str, collector: ManifestCollector) -> None:
    """Read pnpm-lock.yaml."""
    from boombap.deps.manifest.npmjs.pnpm import read

    read(document, collector)


def bun_lock(document: str, collector: ManifestCollector) -> None:
    """Read bun.lock."""
    from boombap.deps.manifest.npmjs.bun import read

    read(document, collector)


def deno_lock(document: str, collector: ManifestCollector) -> None:
    """Read deno.lock."""
    from boombap.deps.manifest.npmjs.deno import read

    read(document, collector)


def cargo_lock(document: str, collector: ManifestCollector) -> None:
    """Read Cargo.lock."""
    from boombap.deps.manifest.languages.cargo import read

    read(document, collector)


def go_mod(document: str, collector: ManifestCollector) -> None:
    """Read go.mod."""
    from boombap.deps.manifest.languages.go import read

    read(document, collector)


def go_sum(document: str, collector: ManifestCollector) -> None:
    """Read go.sum."""
    from boombap.deps.manifest.languages.go import read_sums

    read_sums(document, collector)


def gemfile_lock(document: str, collector: ManifestCollector) -> None:
    """Read Gemfile.lock."""
    from boombap.deps.manifest.languages.gemfile import read

    read(document, collector)


def composer_lock(document: str, collector: ManifestCollector) -> None:
    """Read composer.lock."""
    from boombap.deps.manifest.languages.composer import read

    read(document, collector)


def gradle_lock(document: str, collector: ManifestCollector) -> None:
    """Read gradle.lockfile."""
    from boombap.deps.manifest.languages.gradle import read

    read(document, collector)


def pom(document: str, collector: ManifestCollector) -> None:
    """Read pom.xml."""
    from boombap.deps.manifest.languages.maven import read

    read(document, collector)


def sbom(document: str, collector: ManifestCollector) -> None:
    """Read a CycloneDX or SPDX document in JSON."""
    from boombap.deps.manifest.sbom.read import read

    read(document, collector)


def cyclonedx_xml(document: str, collector: ManifestCollector) -> None:
    """Read a CycloneDX document in XML."""
    from boombap.deps.manifest.sbom.cyclonedx import read_xml

    read_xml(document, collector)


def node_modules(path: str, collector: ManifestCollector) -> None:
    """Read a folder of installed npm packages."""
    from boombap.deps.manifest.image.node_modules import read

    read(path, collector)


def go_program(path: str, collector: ManifestCollector) -> None:
    """Read the build information of a program of Go."""
    from boombap.deps.manifest.image.go_program import read

    read(path, collector)


def system_packages(path: str, collector: ManifestCollector) -> None:
    """Count the packages of the operating system."""
    from boombap.deps.manifest.image.system_packages import read

    read(path, collector)


def check_package_json(document: str, collector: ManifestCollector) -> None:
    """Note what package.json asks for, to be compared with its lock."""
    from boombap.deps.manifest.npmjs.package_lock import check_version_ranges

    check_version_ranges(document, collector)


def check_deno_json(document: str, collector: ManifestCollector) -> None:
    """Note what the imports of deno.json ask for, to be compared with its lock."""
    from boombap.deps.manifest.npmjs.deno import check_imports

    check_imports(document, collector)


def check_cargo_toml(document: str, collector: ManifestCollector) -> None:
    """Note what Cargo.toml asks for, to be compared with its lock."""
    from boombap.deps.manifest.languages.cargo import check_version_ranges

    check_version_ranges(document, collector)


def check_pipfile(document: str, collector: ManifestCollector) -> None:
    """Note what Pipfile asks for, to be compared with its lock."""
    from boombap.deps.manifest.pypi.pipfile import check_version_ranges

    check_version_ranges(document, collector)


def check_gemfile(document: str, collector: ManifestCollector) -> None:
    """Note which gems Gemfile asks for, to be compared with its lock."""
    from boombap.deps.manifest.languages.gemfile import check_names

    check_names(document, collector)


def check_composer_json(document: str, collector: ManifestCollector) -> None:
    """Note which packages composer.json asks for, to be compared with its lock."""
    from boombap.deps.manifest.languages.composer import check_names

    check_names(document, collector)
