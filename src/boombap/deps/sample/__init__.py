"""Made-up advisories and a small project that they are about, for the demonstration and for trying things out."""
