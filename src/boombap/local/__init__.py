"""The embedded PostgreSQL and Valkey: where their data is, how they start and stop."""
