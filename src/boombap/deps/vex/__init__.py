"""VEX: what suppliers and teams state about vulnerabilities in packages, read from OpenVEX and CycloneDX."""
