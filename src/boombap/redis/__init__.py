"""Redis manager: what fills a cache, what is dangerous in it, and how to change it safely."""
