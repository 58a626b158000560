"""`python -m pulp_cargo.reader`: answers requests on its standard input until that ends."""

import sys

from pulp_cargo.reader.answering import serve

serve(sys.stdin.buffer, sys.stdout.buffer)
