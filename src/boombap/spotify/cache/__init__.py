"""What Spotify said lately, in Redis."""
