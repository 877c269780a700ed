"""The queries of the Spotify processor: ``schema/`` comes before the number of a version."""

from __future__ import annotations

from pathlib import Path

from boombap.clients.postgres.queries import Queries

query = Queries(Path(__file__).parent)
