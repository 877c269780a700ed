"""One configuration for every tool: what may be set, where a value came from, and secrets that do not show."""
