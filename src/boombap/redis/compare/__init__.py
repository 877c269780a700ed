"""Two servers compared key by key, in bounded memory."""
