SELECT pg_try_advisory_lock(%(space)s, %(holder)s) AS held
