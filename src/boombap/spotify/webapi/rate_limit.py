"""The answer 429, which the Web API and the token endpoint give alike: the rate limit or the quota is used up."""

from __future__ import annotations

import orjson

from boombap.clients.http.errors import refusal
from boombap.errors import Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.clients.http.exchange import Response

TOO_MANY = 429
_QUOTA = "QUOTA_EXCEEDED"


class Limited(Unavailable):
    """The rate limit or the quota is used up (429).

    Attributes:
        is_quota: the quota of the account, which comes back after hours, not the rate limit of the window.
    """

    is_quota = False


def limited(answer: Response, now_s: float) -> Limited:
    """Return the error for an answer with status 429.

    Args:
        now_s: Unix time, for a Retry-After that is a date.
    """
    refused = refusal(answer, now_s)
    error = Limited(str(refused))
    error.retry_after_s = getattr(refused, "retry_after_s", None)
    error.is_quota = _reason(answer.body) == _QUOTA
    return error


def _reason(body: bytes) -> str:
    try:
        return str(orjson.loads(body)["error"]["reason"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
