"""When the access token is asked for, and when again after a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.errors import ExternalError
from boombap.resilience.retry import wait_s
from boombap.spotify.webapi.rate_limit import Limited

if TYPE_CHECKING:
    from collections.abc import Callable

    from boombap.clients.http.exchange import Failure, Response
    from boombap.errors import BoombapError
    from boombap.resilience.retry import Policy
    from boombap.spotify.run.api_session import ApiSession


class TokenRenewal:
    """Asks for a token where none is valid; its answers come with all others.

    Args:
        policy: how often it is asked for again.
        clock: monotonic seconds.
        jitter: random numbers from 0 to 1, for the waits.
        on_retry: called with the error when it will be asked for again.
    """

    def __init__(
        self,
        api: ApiSession,
        policy: Policy,
        clock: Callable[[], float],
        jitter: Callable[[], float],
        on_retry: Callable[[BoombapError], None] = lambda _: None,
    ) -> None:
        self._api = api
        self._policy = policy
        self._clock = clock
        self._jitter = jitter
        self._on_retry = on_retry
        self._failures = 0
        self._since_s = clock()
        self._not_before_s = 0.0

    def is_done(self, now_s: float) -> bool:
        """Tell whether there is a token; ask for one where none is, and no wait or ban is in the way."""
        token = self._api.token
        if token.headers:
            return True
        if not token.is_asking and now_s >= self._not_before_s and not self._api.limiter.cooldown_s:
            self._api.client.submit(token.request())
        return False

    def take(self, answer: Response | Failure) -> None:
        """Take the answer to the request for a token.

        Raises:
            ExternalError: the token endpoint has failed too often, or rejects the credentials.
            RetryLater: a rate-limit ban is longer than a run waits.
        """
        try:
            self._api.token.update(answer)
        except Limited as error:
            self._api.limiter.refuse(error)
        except ExternalError as error:
            now_s = self._clock()
            self._failures += 1
            delay_s = wait_s(error, self._failures, now_s - self._since_s, self._policy, self._jitter)
            if delay_s is None:
                raise
            self._on_retry(error)
            self._not_before_s = now_s + delay_s
        else:
            self._failures, self._since_s = 0, self._clock()
