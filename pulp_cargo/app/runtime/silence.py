"""Suppressing notices of row changes that no content process needs to know of.

It is below the models, so that they can make such changes; `app/signals` asks before it sends.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Whether messages are sent for saved and deleted rows in this context.
_sends: ContextVar[bool] = ContextVar("pulp_cargo_sends", default=True)


@contextmanager
def silence() -> Iterator[None]:
    """Send no messages for rows that change meanwhile, because nothing served depends on them."""
    token = _sends.set(False)
    try:
        yield
    finally:
        _sends.reset(token)


def is_silent() -> bool:
    """Whether the context is within `silence`."""
    return not _sends.get()
