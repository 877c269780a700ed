"""Ways to live with what fails: back-off, retry, circuit breaker, token bucket. They report through callbacks."""
