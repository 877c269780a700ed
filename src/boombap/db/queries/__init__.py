"""The SQL of `db`, one file a query; `name.17.sql` serves PostgreSQL 17 and later, `name.sql` the versions before."""
