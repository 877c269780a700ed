-- The role's own search path, asked before it is pinned; qualified, because anybody may own a schema on it.
SELECT pg_catalog.current_schemas(false)::pg_catalog.text[] AS schemas
