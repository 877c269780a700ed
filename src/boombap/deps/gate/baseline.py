"""What was known before: the findings of an earlier report, or of the same files at an earlier revision."""

from __future__ import annotations

import json
from contextlib import contextmanager

from boombap.errors import ConfigError, ExternalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from boombap.deps.model import Finding

    Keys = frozenset[tuple[str, str, str]]

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
            (str(one["ecosystem"]), str(one["normal"]), str(id_))
            for one in findings
            for id_ in (one["id"], *one["aliases"])
        )
    except OSError as error:
        raise ConfigError(f"cannot read the baseline {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        hint = "write one with `boombap deps report --format json`"
        raise ConfigError(f"{path} is not a JSON report of deps", hint=hint) from None


def of_findings(findings: Iterable[Finding]) -> Keys:
    """Return findings as a baseline."""
    return frozenset((one.dependency.ecosystem, one.dependency.normal, id_) for one in findings for id_ in one.ids)


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
