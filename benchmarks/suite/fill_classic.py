"""Runs the classic engine of `spotify` on the table of tracks, which no command does; started as a program.

`python -P fill_classic.py TRACKS`, with the environment of `spotify batch`. Prints what it did as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time

from boombap.clients.postgres.target import from_text
from boombap.config.secret import Secret
from boombap.interrupt import Interrupt
from boombap.spotify.classic import access_token, fill
from boombap.spotify.model import Outcome


def main() -> None:
    """Fill in so many tracks, and print how many were filled, the requests, and the seconds."""
    secret = Secret(os.environ["SPOTIFY_CLIENT_SECRET"])
    token = access_token(os.environ["BOOMBAP_SPOTIFY_ACCOUNTS_URL"], os.environ["SPOTIFY_CLIENT_ID"], secret)
    target = from_text(os.environ["DATABASE_URL"], origin="DATABASE_URL")
    started_s = time.perf_counter()
    matches = fill(target, os.environ["BOOMBAP_SPOTIFY_BASE_URL"], token, Interrupt(), int(sys.argv[1]))
    outcomes = [match.outcome for match in matches]
    seconds = time.perf_counter() - started_s
    print(json.dumps({"filled": outcomes.count(Outcome.MATCHED), "requests": len(outcomes), "seconds": seconds}))


if __name__ == "__main__":
    main()
