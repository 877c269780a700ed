"""The keys of a deployment: found by SCAN, shard by shard, at the batch_size of the server, and added up."""
