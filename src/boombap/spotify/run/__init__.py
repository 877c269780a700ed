"""One run: tracks read ahead, requests in flight, results written in batches."""
