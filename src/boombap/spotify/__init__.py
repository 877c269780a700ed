"""Spotify metadata processor: which Spotify track each row of the catalogue is, and what Spotify knows about it."""
