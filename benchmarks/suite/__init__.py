"""The benchmark of all six tools: both engines of each on the same data, and what all of them need together."""
