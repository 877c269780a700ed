"""Findings about a server, their report and their waivers; shared by `db` and `redis`."""
