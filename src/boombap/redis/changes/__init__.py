"""Changes in place: purge and expire, planned first and resumable."""
