"""The catalogue in PostgreSQL: which tracks want metadata, and where results are stored; files of tracks likewise."""
