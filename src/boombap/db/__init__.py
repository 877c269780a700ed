"""PostgreSQL diagnostics: how many tracks, how far each analyzer is, who is connected, and what is wrong."""
