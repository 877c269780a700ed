-- pgvector is installed, or can be: it is on the server and the role may create it.
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector')
    OR (EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')
        AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)) AS usable
