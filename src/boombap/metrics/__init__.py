"""The collector: one page with everything that the tools know, for Prometheus."""
