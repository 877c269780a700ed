"""Advisories on the local disk: taken in from an OSV export, kept in SQLite, with what makes a version affected."""
