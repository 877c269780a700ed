-- Transactions prepared for two-phase commit and not ended, from pg_prepared_xacts; no right needed.
SELECT p.gid,
       quote_literal(p.gid) AS gid_literal,
       p.owner::text AS user_name,
       p.database::text AS database,
       extract(epoch FROM clock_timestamp() - p.prepared)::float8 AS age_s,
       age(p.transaction)::int8 AS age_xids
FROM pg_catalog.pg_prepared_xacts AS p
ORDER BY p.prepared
LIMIT 20
