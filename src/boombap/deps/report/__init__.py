"""The forms of a report: a table for people, and what other programs read."""
