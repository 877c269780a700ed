"""Verdicts by the digest of an image: recorded in CI, judged again after a sync, asked before a deployment."""
