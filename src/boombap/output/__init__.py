"""What a person or a program sees: the terminal, aligned tables, and encodings."""
