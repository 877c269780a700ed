"""The gate inside an API server: an admission policy over the digests that pass, and images that name no digest."""
