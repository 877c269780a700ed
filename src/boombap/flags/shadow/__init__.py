"""Shadow comparisons: classic is served, native runs beside it, and what differs is kept."""
