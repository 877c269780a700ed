"""Bills of materials (SBOM): CycloneDX and SPDX."""
