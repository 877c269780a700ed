-- Every database of the server, and what keeps this role from entering it; needs no right.
-- datconnlimit is -2 where DROP DATABASE was broken off; such a database can only be dropped.
SELECT datname::text AS name,
       CASE WHEN datconnlimit = -2 THEN format('invalid, its removal was broken off: DROP DATABASE %I;', datname)
            WHEN datistemplate THEN 'a template'
            WHEN NOT datallowconn
            THEN format('accepts no connections: ALTER DATABASE %I ALLOW_CONNECTIONS true;', datname)
            WHEN NOT has_database_privilege(oid, 'CONNECT')
            THEN format('no permission: GRANT CONNECT ON DATABASE %I TO %I;', datname, current_user)
       END AS obstacle
  FROM pg_database
 ORDER BY 1
