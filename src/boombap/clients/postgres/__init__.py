"""PostgreSQL through psycopg2 (libpq): targets, sessions with limits, a pool, and errors that hold no secret."""
