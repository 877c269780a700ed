"""What a project depends on, as its files say: one module a file_type of files, imported when such a file is read."""
