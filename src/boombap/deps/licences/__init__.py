"""Licences of packages: what their metadata and locks say, as SPDX expressions, held against a policy."""
