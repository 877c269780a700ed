"""Which request to spend next, and what a run will cost."""
