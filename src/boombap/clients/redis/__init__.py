"""Redis and Valkey through hiredis on a plain socket: targets, connections, a pool, Cluster and Sentinel."""
