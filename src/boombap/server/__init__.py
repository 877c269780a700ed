"""The one HTTP server of the project: WSGI on cheroot, with limits on what a client may do, on loopback by default."""
