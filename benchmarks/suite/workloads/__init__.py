"""What is measured of each tool: its data, the commands of both engines, and how their answers are compared."""
