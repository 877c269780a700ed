"""The answers about nodes and of comparisons, each as lines for a person and as an object for a program."""
