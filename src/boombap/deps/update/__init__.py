"""The smallest change to a project's files that removes findings: planned by a solver, shown, written, undone."""
