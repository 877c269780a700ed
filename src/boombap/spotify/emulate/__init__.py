"""A Web API on loopback that behaves as Spotify's does in 2026: for the demo, for tests, and for load."""
