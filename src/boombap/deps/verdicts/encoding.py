"""Readings, policies and findings as JSON, for the rows of the verdict database, and back."""

from __future__ import annotations

import hashlib
import json
import zlib

from boombap.deps.gate.policy import Policy
from boombap.deps.model import Dependency, Reading, Skipped
from boombap.deps.verdicts.model import KeptFinding
from boombap.output.encode import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A list of packages: 2 million of them are 300 MB.
_MAX_BYTES = 512 * 1024 * 1024


def reading_to_bytes(reading: Reading) -> bytes:
    """Return packages, what was skipped, and the names of the files, compressed."""
    parts = {
        "dependencies": [plain(dependency) for dependency in reading.dependencies],
        "skipped": [plain(skipped) for skipped in reading.skipped],
        "files": reading.files,
    }
    return zlib.compress(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogateescape"))


def reading_from_bytes(text: bytes) -> Reading:
    """Return what `reading_to_bytes` has written.

    Raises:
        ValueError: for anything else, also for fields that a newer version has added.
    """
    try:
        stream = zlib.decompressobj()
        unpacked = stream.decompress(text, _MAX_BYTES)
        if not stream.eof:
            raise ValueError("a list of packages is cut off")
        parts = json.loads(unpacked.decode("utf-8", "surrogateescape"))
        return Reading(
            dependencies=tuple(Dependency(**dependency) for dependency in parts["dependencies"]),
            skipped=tuple(Skipped(**skipped) for skipped in parts["skipped"]),
            files=tuple(parts["files"]),
        )
    except (zlib.error, KeyError, TypeError) as error:
        raise ValueError(f"a list of packages cannot be read: {error}") from None


def policy_values(policy: Policy) -> Mapping[str, object]:
    """Return the fields of a policy, as JSON has them."""
    values: Mapping[str, object] = json.loads(json.dumps(plain(policy)))
    return values


def policy_from(values: Mapping[str, object]) -> Policy:
    """Return the policy of such fields.

    Raises:
        ValueError: for fields that a policy of this version does not have.
    """
    if not values.keys() <= set(Policy.__match_args__):
        raise ValueError("a policy has fields of another version")
    return Policy(**{name: _frozen(value) for name, value in values.items()})  # type: ignore[arg-type]


def policy_digest(values: Mapping[str, object]) -> str:
    """Return the SHA-256 of a policy, as 64 digits."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def findings_to_text(findings: Iterable[KeptFinding]) -> str:
    """Return findings as JSON."""
    return json.dumps([plain(finding) for finding in findings], ensure_ascii=False)


def findings_from_text(text: str) -> tuple[KeptFinding, ...]:
    """Return what `findings_to_text` has written.

    Raises:
        ValueError: for anything else.
    """
    try:
        return tuple(KeptFinding(**finding) for finding in json.loads(text))
    except TypeError as error:
        raise ValueError(f"findings cannot be read: {error}") from None


def _frozen(value: object) -> object:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
