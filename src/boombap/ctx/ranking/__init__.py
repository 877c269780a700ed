"""How well a chunk of an index answers a question, and which terms a misspelt word stands for."""
