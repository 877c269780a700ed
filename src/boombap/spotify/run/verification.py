"""What Spotify says now about ids: fifty for one request in extended mode, one by one in development mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from boombap.errors import ExternalError, RetryLater
from boombap.spotify.model import ApiRequest, Endpoint, Mode, Priority, Rejection
from boombap.spotify.run.single_request import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from boombap.errors import BoombapError
    from boombap.interrupt import Interrupt
    from boombap.spotify.model import Track
    from boombap.spotify.run.api_session import ApiSession

_BATCH_IDS = 50


class Verification:
    """What was asked, what was answered, and what ended it.

    Attributes:
        tracks: by the id that was asked for.
        unknown: ids that Spotify does not know.
        requests: sent, repeated ones included.
        error: what ended it before all ids were answered.
    """

    def __init__(self, ids: Sequence[str], mode: Mode) -> None:
        self.ids = tuple(ids)
        self.mode = mode
        self.tracks: dict[str, Track] = {}
        self.unknown: set[str] = set()
        self.requests = 0
        self.error: BoombapError | None = None

    @property
    def unanswered(self) -> int:
        """Return how many ids Spotify said nothing about that counts."""
        return len(self.ids) - len(self.tracks) - len(self.unknown)


class VerificationPlan(NamedTuple):
    """What a verification would cost; told before it begins."""

    ids: int
    requests: int
    mode: Mode


def verify(
    api: ApiSession,
    verification: Verification,
    interrupt: Interrupt,
    *,
    may_switch: bool,
    on_plan: Callable[[VerificationPlan], None],
) -> None:
    """Ask about all ids; what ends it early is its `error`, and what was answered until then counts.

    Args:
        may_switch: the mode is not configured, so a refusal of fifty ids at once means development mode.
        on_plan: is told before the first request of a mode.

    Raises:
        Interrupted: the run was ended.
    """
    try:
        _ask_all(api, verification, interrupt, may_switch=may_switch, on_plan=on_plan)
    except (ExternalError, RetryLater) as error:
        verification.error = error


def _ask_all(
    api: ApiSession,
    verification: Verification,
    interrupt: Interrupt,
    *,
    may_switch: bool,
    on_plan: Callable[[VerificationPlan], None],
) -> None:
    requests = list(_requests(verification))
    on_plan(VerificationPlan(len(verification.ids), len(requests), verification.mode))
    for request in requests:
        interrupt.check()
        if _ask(api, verification, request, interrupt) is not Rejection.FORBIDDEN:
            continue
        if not may_switch or verification.mode is Mode.DEVELOPMENT:
            raise ExternalError("the Web API has refused a request as forbidden", hint="see the developer dashboard")
        verification.mode = Mode.DEVELOPMENT
        return _ask_all(api, verification, interrupt, may_switch=False, on_plan=on_plan)
    return None


def _requests(verification: Verification) -> Iterator[ApiRequest]:
    """Yield the requests for what has no answer yet."""
    left = [id_ for id_ in verification.ids if id_ not in verification.tracks and id_ not in verification.unknown]
    if verification.mode is Mode.DEVELOPMENT:
        yield from (ApiRequest(Endpoint.TRACK, (id_,), priority=Priority.ASKED) for id_ in left)
        return
    for start in range(0, len(left), _BATCH_IDS):
        yield ApiRequest(Endpoint.TRACKS, tuple(left[start : start + _BATCH_IDS]), priority=Priority.ASKED)


def _ask(api: ApiSession, verification: Verification, request: ApiRequest, interrupt: Interrupt) -> Rejection | None:
    """Ask once and keep the answer; an entry that cannot be read proves nothing."""

    def count() -> None:
        verification.requests += 1

    result = ask(api, request, interrupt, on_request=count)
    if isinstance(result, Rejection):
        if result is Rejection.NOT_FOUND and len(request.ids) == 1:
            verification.unknown.update(request.ids)
        return result
    for id_, track in zip(request.ids, result.response.tracks, strict=True):
        if track is not None:
            verification.tracks[id_] = track
        elif id_ not in result.broken:
            verification.unknown.add(id_)
    return None
