"""The tree that is searched: its top, what git knows of it, and the text of its files."""
