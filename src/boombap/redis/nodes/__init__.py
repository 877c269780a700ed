"""What the nodes of a deployment say about their own work: slow commands, clients, streams, latency, hot keys."""
