"""Metrics of the tools, and the files in which short commands leave them for the collector."""
