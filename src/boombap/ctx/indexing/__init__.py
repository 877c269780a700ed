"""From files to an index: what changed is cut into chunks, and one SQLite file holds terms, imports and history."""
