"""The only packages that import a driver; a driver's errors become ours here."""
