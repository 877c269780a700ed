-- Lets `db slow` answer, where the server has loaded the library and the role may create the extension.
DO $$
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
       AND current_setting('shared_preload_libraries', true) LIKE '%pg_stat_statements%' THEN
        CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA {current};
    END IF;
END
$$;
