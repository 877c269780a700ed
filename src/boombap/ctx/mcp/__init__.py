"""The Model Context Protocol: search for an assistant on stdin and stdout, and the folders that it names."""
