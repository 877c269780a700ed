-- Every question about a chunk of rows is answered by primary keys, whatever the statistics say. The planner would rather
-- read, join and sort the whole table for each chunk, because it cannot guess how many rows are wanted; and an ANALYZE at
-- the wrong moment makes it go through all verdicts for each row.
SET LOCAL enable_sort = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_material = off
