"""From findings to a decision: what blocks, what was accepted, and the verdict."""
