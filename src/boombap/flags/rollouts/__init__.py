"""Rollouts: what the runs of both engines say, and the share of native that follows from it."""
