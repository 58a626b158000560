"""`python -m pulp_cargo.reader`: answers requests on standard input until end of file."""

import sys

from pulp_cargo.reader.answering import serve

serve(sys.stdin.buffer, sys.stdout.buffer)
