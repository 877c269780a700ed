"""What was known before: the findings of an earlier report, or of the same files at an earlier revision."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager

from boombap.errors import ConfigError, ExternalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from boombap.deps.model import Dependency, Finding

    Keys = frozenset[tuple[str, str, str, str, str]]
    """File, ecosystem, normalised name, version and an id of the group."""

_GIT_S = 60.0


def load(path: Path) -> Keys:
    """Return the findings of a report that was written as JSON.

    Raises:
        ConfigError: when the file cannot be read or is not such a report.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        findings = report["findings"]
        return frozenset(
            (_file(str(place["file"])), str(one["ecosystem"]), str(one["normal"]), str(one["version"]), str(id_))
            for one in findings
            for place in (one, *one["also"])
            for id_ in (one["id"], *one["aliases"])
        )
    except OSError as error:
        raise ConfigError(f"cannot read the baseline {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        hint = "write one with `boombap deps report --format json`"
        raise ConfigError(f"{path} is not a JSON report of deps", hint=hint) from None


def of_findings(findings: Iterable[Finding], root: str = "") -> Keys:
    """Return findings as a baseline.

    Args:
        findings: of an audit.
        root: the folder that stood in the place of this one; empty for this one.
    """
    return frozenset(key for one in findings for of_place in _keys(one, root) for key in of_place)


def is_known(finding: Finding, known: Keys) -> bool:
    """Tell whether a baseline has a finding in every place that names it, under any id of its group."""
    return bool(known) and all(not of_place.isdisjoint(known) for of_place in _keys(finding, ""))


def _keys(finding: Finding, root: str) -> Iterator[Keys]:
    """Yield, for each place of a finding, its keys under each id."""
    for place in (finding.dependency, *finding.also):
        yield frozenset((*_place(place, root), id_) for id_ in finding.ids)


def _place(place: Dependency, root: str) -> tuple[str, str, str, str]:
    return (_file(place.file, root), place.ecosystem, place.normal, place.version)


def _file(file: str, root: str = "") -> str:
    """Return a file's name as seen from the folder of the audit, however it was named."""
    return os.path.relpath(file or os.curdir, root or os.curdir).replace(os.sep, "/")


@contextmanager
def checkout(folder: Path, revision: str) -> Iterator[Path]:
    """Yield the files of a revision in a temporary folder, which goes with the block.

    Raises:
        ExternalError: when git cannot give them.
    """
    import subprocess
    import tarfile
    import tempfile

    # --end-of-options: a revision that begins with a hyphen is not an option.
    command = ["git", "-C", str(folder), "archive", "--format=tar", "--end-of-options", revision]
    with tempfile.TemporaryDirectory(prefix="boombap-deps-") as place:
        from pathlib import Path as Place

        try:
            with (Place(place) / "tree.tar").open("wb") as file:
                done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, timeout=_GIT_S, check=False)
        except FileNotFoundError:
            raise ExternalError("--since needs git, which is not installed") from None
        except subprocess.TimeoutExpired:
            raise ExternalError(f"git did not give {revision!r} within {_GIT_S:.0f} s") from None
        if done.returncode:
            raise ExternalError(f"git has no revision {revision!r} of {folder}", hint="check --since")
        tree = Place(place) / "tree"
        with tarfile.open(Place(place) / "tree.tar") as archive:
            archive.extractall(tree, filter="data")
        yield tree
