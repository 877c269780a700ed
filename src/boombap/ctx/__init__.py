"""Code search: which lines of a repository answer a question, without a model, a daemon or a network."""
