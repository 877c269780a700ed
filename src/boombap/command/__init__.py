"""What every tool's command line is built from: actions, their run context, and output as text or JSON."""
