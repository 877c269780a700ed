"""Loopback servers that stand in for what is not ours."""
