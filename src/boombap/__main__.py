"""`python -m boombap`: the same as the console script `boombap`."""

import sys

from boombap.cli.main import main

sys.exit(main())
