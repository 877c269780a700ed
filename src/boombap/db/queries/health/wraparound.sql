-- The oldest transaction and multixact ids of each database and of the worst tables of this one; no right needed.
-- A TOAST table counts for its owner, which is what VACUUM is called with.
(
    SELECT 'database' AS kind,
           quote_ident(d.datname) AS subject,
           d.datname = current_database() AS is_here,
           age(d.datfrozenxid)::int8 AS xid_age,
           mxid_age(d.datminmxid)::int8 AS mxid_age
    FROM pg_catalog.pg_database AS d
    ORDER BY greatest(age(d.datfrozenxid), mxid_age(d.datminmxid)) DESC
    LIMIT 20
)
UNION ALL
(
    SELECT 'table',
           format('%I.%I', n.nspname, c.relname),
           true,
           greatest(age(c.relfrozenxid), age(t.relfrozenxid))::int8,
           greatest(mxid_age(c.relminmxid), mxid_age(t.relminmxid))::int8
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid
    WHERE c.relkind IN ('r', 'm')
      AND n.nspname !~ '^pg_'
      AND n.nspname <> 'information_schema'
    ORDER BY greatest(age(c.relfrozenxid), age(t.relfrozenxid), mxid_age(c.relminmxid), mxid_age(t.relminmxid)) DESC
    LIMIT 20
)
