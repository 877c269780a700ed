"""Which candidate is the wanted track: names normalized, compared and scored; pure functions."""
