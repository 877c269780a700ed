"""How many requests may leave now: the rate limit of all processes, and cool-downs."""
