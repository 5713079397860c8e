"""`python -m tests.golden --write` writes the golden files anew; look at the difference before you commit it."""

import sys

from tests.golden.samples import write

if sys.argv[1:] != ["--write"]:
    sys.exit("usage: python -m tests.golden --write")
write()
