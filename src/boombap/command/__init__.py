"""What every tool's command line stands on: actions, the context that they run in, and one way to answer."""
