"""JSON with comments, XML and YAML from outside, read once they are known to be harmless."""
