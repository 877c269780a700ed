"""Keys from one place to another: a server, a file, or another server."""
