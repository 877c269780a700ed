"""Many projects in one run, each checked by itself."""
