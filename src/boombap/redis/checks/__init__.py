"""Health checks of Redis and Valkey, grouped by what they judge."""
