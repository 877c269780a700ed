"""What is asked of an index, one module per question."""
