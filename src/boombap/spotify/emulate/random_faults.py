"""Faults that users of the real Web API meet at random, as a fault script made from one rate and one seed.

Source: github.com/spotify/web-api/issues/1160 (404 for good ids) and 221 (5xx), spotipy-dev/spotipy#1158 (429).
"""

from __future__ import annotations

import re

from boombap.spotify.emulate.faults import Fault, Then

_API = re.compile("^/v1/")
_BATCHES = re.compile("^/v1/[a-z-]+[?]ids=.*,")
_SLOW_MS = 300.0
_AFTER = (("Retry-After", "1"),)
_THEN = (
    (_BATCHES, Then("json", 404, message="Service not found")),
    (_BATCHES, Then("json", 400, message="Bad request")),
    (_API, Then("html", 502)),
    (_API, Then("html", 503)),
    (_API, Then("html", 504)),
    (_API, Then("reset", 200)),
    (_API, Then("truncated", 200)),
    (_API, Then("malformed", 200)),
    (_API, Then("drip", 200, delay_ms=_SLOW_MS)),
    (_API, Then("slow", 200, delay_ms=_SLOW_MS)),
    (_API, Then("json", 429, _AFTER, "API rate limit exceeded")),
    (_API, Then("json", 429, message="API rate limit exceeded")),
)


def random_faults(rate: float, seed: int) -> list[Fault]:
    """Return faults of which one strikes about `rate` of the requests.

    Args:
        rate: from 0 to 1.
    """
    return [Fault(match, 1, 0, then, rate / len(_THEN), seed) for match, then in _THEN]
