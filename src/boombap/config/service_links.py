"""Variables that Kubernetes sets in every pod for each Service of its namespace; they are not settings.

A Service named ``redis`` brings ``REDIS_PORT=tcp://10.96.14.7:6379``, and one named ``boombap-deps`` brings names that
begin like ours. Source: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = re.compile(
    r"\w+_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)", re.ASCII
)
_SHAPE = re.compile(r"(?:tcp|udp|sctp)://", re.IGNORECASE)


def is_service_link(name: str, value: str) -> bool:
    """Tell whether a variable comes from a Service, by its name or, for ``*_PORT``, by its value.

    >>> is_service_link("REDIS_PORT", "tcp://10.96.14.7:6379"), is_service_link("REDIS_PORT", "6379")
    (True, False)
    """
    return bool(_NAMES.fullmatch(name)) or (name.endswith("_PORT") and bool(_SHAPE.match(value)))


def split(environ: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the environment without such variables, and the names of those that were left out."""
    kept = {name: value for name, value in environ.items() if not is_service_link(name, value)}
    return kept, tuple(sorted(environ.keys() - kept.keys()))
