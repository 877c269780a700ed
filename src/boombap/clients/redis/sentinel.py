"""Where the master of a service is now, as its Sentinels say.

Source: https://redis.io/docs/latest/develop/reference/sentinel-clients.
"""

from __future__ import annotations

from contextlib import closing

from boombap.clients.redis.connection import Connection
from boombap.errors import ExternalError, NotFound, Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.clients.redis.connection import Limits
    from boombap.clients.redis.target import Target
    from boombap.interrupt import Interrupt


def locate(target: Target, limits: Limits, interrupt: Interrupt) -> Target:
    """Return the master of the service that a target names, once it has confirmed that it is a master.

    Raises:
        NotFound: when every Sentinel that answers does not know the service.
        Unreachable: when no Sentinel answers, or none of them names a node that is a master.
        ExternalError: when the master refuses us.
    """
    reasons: list[ExternalError] = []
    for host, port in target.sentinels:
        try:
            return _confirmed(_named(target, target.at(host, port), limits, interrupt), limits, interrupt)
        except (Unreachable, NotFound) as error:
            reasons.append(error)
    if all(isinstance(reason, NotFound) for reason in reasons):
        raise reasons[0]
    raise Unreachable(
        f"no Sentinel of {len(target.sentinels)} led to a master of {target.address}: {reasons[-1]}",
        hint="see SENTINEL MASTERS on each of them; a failover takes some seconds",
    )


def _named(target: Target, sentinel: Target, limits: Limits, interrupt: Interrupt) -> Target:
    guide = sentinel.replace(username="", password=target.sentinel_password, db=0)
    try:
        with closing(Connection(guide, limits, interrupt)) as connection:
            place = connection.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", target.service)
    except Unreachable:
        raise
    except NotFound:
        raise NotFound(f"what answers at {guide.address} is not a Sentinel", hint=f"check {target.origin}") from None
    except ExternalError as error:
        raise Unreachable(f"the Sentinel at {guide.address} did not answer: {error}") from None
    if place is None:
        raise NotFound(
            f"the Sentinel at {guide.address} knows no service {target.service}",
            hint=f"check the name in {target.origin or 'the address'}",
        )
    return target.at(place[0].decode(), int(place[1]))


def _confirmed(master: Target, limits: Limits, interrupt: Interrupt) -> Target:
    with closing(Connection(master, limits, interrupt)) as connection:
        role = connection.call("ROLE")[0]
    if role != b"master":
        raise Unreachable(f"{master.address} is not a master any more")
    return master
