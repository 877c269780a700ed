-- The databases that accept connections and that this role may connect to.
SELECT datname::text AS name
  FROM pg_database
 WHERE datallowconn AND NOT datistemplate AND has_database_privilege(oid, 'CONNECT')
 ORDER BY 1
