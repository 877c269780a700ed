"""One message to a receiver that may be busy: sent again after 429, 5xx and broken or late connections, a few times."""

from __future__ import annotations

import time
from functools import partial

from boombap.clients.http.retry_after import delay_s
from boombap.errors import ExternalError, Unavailable
from boombap.record import Record
from boombap.resilience.backoff import Backoff
from boombap.resilience.retry import Policy, retry
from boombap.units import format_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from boombap.clients.http.exchange import Request, Response
    from boombap.clients.http.multi import Client
    from boombap.deps.notify.address import Address
    from boombap.resilience.retry import Retry

POLICY = Policy(attempts=4, deadline_s=60.0, backoff=Backoff(base_s=1.0, cap_s=8.0))
"""A Retry-After beyond the deadline is not waited for: the run would hold up a pipeline."""
TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 64 * 1024
_NOT_SENT = "the message was not sent"
_TOO_MANY = 429
_REQUEST_TIMEOUT = 408
_FIRST_SERVER_ERROR = 500


class Post(Record):
    """How messages are sent.

    Attributes:
        client: of HTTP.
        sleep: waits between attempts, and ends early by raising.
        on_retry: callback for every retry, before its wait.
        policy: how often and how long.
    """

    client: Client
    sleep: Callable[[float], None]
    on_retry: Callable[[Retry], None]
    policy: Policy = POLICY

    def send(self, address: Address, request: Callable[[], Request]) -> Response:
        """Send a message until it is taken or refused.

        Args:
            request: makes the request of each attempt, so that a signature has the time of its attempt.

        Returns:
            The answer; its status is not 408, 429 or one of the 500s.

        Raises:
            ExternalError: when no attempt got such an answer. It names the origin of the address only.
            Interrupted: when the run was asked to end.
        """
        attempt = partial(self._attempt, address, request)
        return retry(attempt, self.policy, sleep=self.sleep, on_retry=self.on_retry)

    def _attempt(self, address: Address, request: Callable[[], Request]) -> Response:
        try:
            response = self.client.fetch(request())
        except ExternalError as error:
            error.args, error.url = (f"{_NOT_SENT}: {error.args[0]}",), address.origin
            raise
        if response.status in {_REQUEST_TIMEOUT, _TOO_MANY} or response.status >= _FIRST_SERVER_ERROR:
            raise _unavailable(address, response)
        return response


def refused(address: Address, response: Response, reason: str = "", hint: str = "") -> ExternalError:
    """Return the error for an answer that a further attempt would not change."""
    words = f"status {response.status} ({reason})" if reason else f"status {response.status}"
    error = ExternalError(f"{_NOT_SENT}: {address.origin} answered with {words}", hint=hint)
    error.url, error.status = address.origin, response.status
    return error


def _unavailable(address: Address, response: Response) -> Unavailable:
    wait_s = delay_s(response.headers, time.time())
    hint = f"try again in {format_duration(wait_s)}" if wait_s else "try again later"
    error = Unavailable(f"{_NOT_SENT}: {address.origin} answered with status {response.status}", hint=hint)
    error.retry_after_s, error.url, error.status = wait_s, address.origin, response.status
    return error
