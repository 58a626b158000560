"""How hard the properties are tried: enough to find a slip, and quick enough for every run."""

from hypothesis import settings

QUICK = settings(max_examples=40, deadline=None)
