"""What the tools count and measure, and the files in which short commands leave it for the collector."""
