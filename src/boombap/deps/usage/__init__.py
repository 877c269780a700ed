"""Evidence of use for Python: which vulnerable packages the project's own code imports, by its syntax tree."""
