"""Whether an image may be deployed, by the verdict that is kept about its digest; nothing is scanned here."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from boombap.deps.verdicts.image import parse_image
from boombap.deps.verdicts.report import moment
from boombap.deps.verdicts.store import open_store
from boombap.errors import BoombapError, UsageError
from boombap.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boombap.deps.verdicts.model import Decision, ImageVerdict, Validity
    from boombap.deps.verdicts.store import VerdictStore

# An API server waits 2 s for all images of a pod; readers of a WAL database wait for nobody but somebody who locks it.
_WAIT_S = 0.1
_REASONS = 3


class Permission(Record):
    """Whether an image may be deployed.

    Attributes:
        image: as it was asked for.
        digest: of it; empty without one.
        is_allowed: whether its verdict passes and counts.
        reason: why not; of an image that is allowed what to know about it, or empty.
        word: the verdict; empty without one.
        is_failure: whether the verdicts could not be read.
    """

    image: str
    digest: str
    is_allowed: bool
    reason: str = ""
    word: str = ""
    is_failure: bool = False


class Lookup:
    """The verdicts of one environment, for the threads of a server; a database that is replaced is opened again."""

    def __init__(self, path: Path, environment: str) -> None:
        self._path = path
        self._environment = environment
        self._lock = threading.Lock()
        self._store: VerdictStore | None = None
        self._file: tuple[int, int] | None = None

    def permission(self, image: str, now_s: float) -> Permission:
        """Return whether an image may be deployed; what cannot be looked up may not.

        Args:
            image: as a container names it.
            now_s: Unix time.
        """
        try:
            reference = parse_image(image)
        except UsageError as error:
            return Permission(image, "", is_allowed=False, reason=str(error))
        try:
            with self._lock:
                store = self._opened()
                decision = store.decision(reference.digest, self._environment) if store else None
        except BoombapError as error:
            return Permission(image, reference.digest, is_allowed=False, reason=str(error), is_failure=True)
        return _permission(image, reference.digest, decision, now_s)

    def permissions(self, images: Sequence[str], now_s: float) -> list[Permission]:
        """Return, for each image, whether it may be deployed.

        After the first failure no other image is looked up: a locked database would be waited for each time.

        Args:
            images: as containers name them; one that is named again is looked up once.
            now_s: Unix time.
        """
        found: dict[str, Permission] = {}
        failed: Permission | None = None
        for image in images:
            if image not in found:
                found[image] = failed.replace(image=image, digest="") if failed else self.permission(image, now_s)
                failed = failed or (found[image] if found[image].is_failure else None)
        return [found[image] for image in images]

    def verdict(self, digest: str) -> ImageVerdict | None:
        """Return everything that is kept about a digest; None without a verdict.

        Raises:
            BoombapError: when the verdicts cannot be read.
        """
        with self._lock:
            store = self._opened()
            return store.verdict(digest, self._environment) if store else None

    def oldest(self) -> tuple[int | None, int | None]:
        """Return when the oldest verdict was judged, and its data checked (Unix time); None where nothing says so.

        Raises:
            BoombapError: when the verdicts cannot be read.
        """
        with self._lock:
            store = self._opened()
            ages = store.ages() if store else []
        judged, checked = [age[2] for age in ages], [age[3] for age in ages if age[3] is not None]
        return min(judged, default=None), min(checked, default=None)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._drop()

    def _opened(self) -> VerdictStore | None:
        file = _identity(self._path)
        if self._store is None or file != self._file:
            self._drop()
            self._store, self._file = open_store(self._path, wait_s=_WAIT_S), file
        return self._store

    def _drop(self) -> None:
        if self._store:
            self._store.close()
        self._store = None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _permission(image: str, digest: str, decision: Decision | None, now_s: float) -> Permission:
    if decision is None:
        return Permission(image, digest, is_allowed=False, reason="no verdict is recorded for this digest")
    word, reasons = decision.word, _summary(decision)
    if word == "unknown":
        return Permission(image, digest, is_allowed=False, reason=f"no verdict was possible: {reasons}", word=word)
    if (validity := decision.validity(now_s)) != "valid":
        return Permission(image, digest, is_allowed=False, reason=_invalid(decision, validity), word=word)
    if word == "fail":
        warns = "" if decision.is_enforced else "the policy only warns: "
        return Permission(image, digest, not decision.is_enforced, f"{warns}{reasons}", word)
    return Permission(image, digest, is_allowed=True, word=word)


def _invalid(decision: Decision, validity: Validity) -> str:
    if validity == "future":
        judged = f"its verdict was judged at {moment(decision.judged_at_s)}, which is in the future"
        return f"{judged}; check the clocks, then refresh the verdicts"
    return f"its verdict expired at {moment(decision.expires_at_s)}; run a sync and refresh the verdicts"


def _summary(decision: Decision) -> str:
    shown, more = decision.reasons[:_REASONS], len(decision.reasons) - _REASONS
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")
