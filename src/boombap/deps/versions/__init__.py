"""Versions of each ecosystem as sort keys: texts that compare as the versions do."""
