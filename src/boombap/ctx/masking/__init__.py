"""What a secret looks like in a text, and what replaces it."""
