"""Start the suite: `python -m benchmarks.suite`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
