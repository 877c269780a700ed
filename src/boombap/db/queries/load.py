"""The queries of the diagnosis: ``health/`` stands before the id of a check."""

from __future__ import annotations

from pathlib import Path

from boombap.clients.postgres.queries import Queries

query = Queries(Path(__file__).parent)
