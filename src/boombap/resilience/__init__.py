"""Resilience patterns: back-off, retry, circuit breaker, token bucket. They report through callbacks."""
