"""`python -m boombap`: the same as the console script `boombap`."""

from boombap.cli.scripts import boombap

boombap()
