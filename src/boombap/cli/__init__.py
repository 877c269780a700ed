"""The command line: which word imports which tool, and the harness around every run."""
