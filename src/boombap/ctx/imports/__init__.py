"""Which file of a tree imports which: the rules of each language, from the words after `import` to files."""
