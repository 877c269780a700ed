-- The lock that `take.sql` skips, in the order of the ids, as everywhere: nobody leases these rows until the end.
SELECT track.id FROM {path.tracks} AS track WHERE track.id = ANY (%(ids)s::bigint[]) ORDER BY track.id FOR UPDATE OF track
