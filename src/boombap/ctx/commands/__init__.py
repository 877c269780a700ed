"""The work of the actions that have a module of their own, and what all actions share."""
