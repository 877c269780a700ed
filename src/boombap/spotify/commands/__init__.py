"""The work of each action, from its context to its result."""
