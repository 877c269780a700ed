"""The SQL of the Spotify processor, one file a query, named after what runs it."""
