"""The sample database and the guided tour of the tools."""
