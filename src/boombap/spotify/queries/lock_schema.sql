-- Two processes that create at the same time: the second one waits, then finds everything done.
SELECT pg_advisory_xact_lock(%(space)s, 0)
