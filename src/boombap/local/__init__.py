"""The embedded PostgreSQL and Valkey: where their data lies, how they start and stop."""
