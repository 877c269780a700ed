"""Feature flags: which of its two engines a tool runs, by percentage, without a service."""
