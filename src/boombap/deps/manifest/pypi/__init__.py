"""The files of Python projects."""
