-- Nobody's functions are called, rows that a policy hides are an error, and the server ends what takes too long.
SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL row_security = off;
SET LOCAL statement_timeout = 5000; SET LOCAL lock_timeout = 50;
