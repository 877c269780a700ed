"""The judges of the health checks, one module a subject; `catalogue.ALL` lists every check."""
