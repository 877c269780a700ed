"""The sample database and the guided run over all tools."""
