"""Where flags are kept: a file or a Redis, both in the JSON of flagd."""
