-- Shards that begin at the same time find each other's run: the second one waits until the first one is in the table.
SELECT pg_advisory_xact_lock(%(space)s, -1)
