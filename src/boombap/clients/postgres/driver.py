"""Imports psycopg2 without the ssl module, which it only looks for and which costs 10 ms and 4 MB.

psycopg2's C module imports ssl to learn whether OpenSSL's locks are set up already, and lets libpq do it when there is
no ssl (psycopgmodule.c, `libcrypto_threads_init`); OpenSSL needs neither since 1.1. TLS connections are libpq's own.
"""

from __future__ import annotations

import sys

_had_ssl = "ssl" in sys.modules
if not _had_ssl:
    sys.modules["ssl"] = None  # type: ignore[assignment]
try:
    import psycopg2
    import psycopg2.extensions
finally:
    if not _had_ssl:
        del sys.modules["ssl"]

__all__ = ["psycopg2"]
