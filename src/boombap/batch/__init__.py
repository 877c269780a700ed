"""Many items through few threads: a bounded queue, batches by size or age, workers, progress."""
