"""The dependency manager: what a project depends on, held against advisories on the local disk."""
