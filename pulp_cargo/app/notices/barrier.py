"""Waiting for the acknowledgement of all content processes after a change of rights or registries.

A message arrives soon after the commit, but a revoked token must be invalid as soon as the request
that revoked it is answered. So the process that commits such a change asks all listeners for an
acknowledgement, and waits for it: messages arrive in order, so the change arrives first.
"""

import itertools
import logging
import secrets
import threading
import time
from functools import partial

from django.db import connection, transaction

from pulp_cargo.app.notices import channel
from pulp_cargo.app.runtime import timeouts

log = logging.getLogger(__name__)

# The order of changes and questions within this interpreter, and the last question of each thread: a
# thread has one connection, so this is no state of a feature.
_order = itertools.count(1)
_asked = threading.local()


def ask_after_commit() -> None:
    """Wait after the current transaction commits, once for all of its changes."""
    transaction.on_commit(partial(_ask, next(_order)), robust=True)


def _ask(place: int) -> None:
    # The first request for an acknowledgement covers everything that was committed with it.
    if place <= getattr(_asked, "last", 0):
        return
    _asked.last = next(_order)
    wanted = set(channel.listeners())
    if wanted and not _have_answered(wanted):
        log.warning("A content process has not acknowledged a change in time.")


def _have_answered(wanted: set[int]) -> bool:
    """Return whether all these connections acknowledge in time."""
    mark = secrets.token_hex(8)
    deadline = time.monotonic() + timeouts.BARRIER_TIMEOUT_SECONDS
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {channel.ANSWERS}")
        try:
            channel.ask(mark)
            while wanted and (left := deadline - time.monotonic()) > 0:
                for answer in connection.connection.notifies(timeout=left, stop_after=1):
                    acknowledged, _, listener = answer.payload.partition(" ")
                    if acknowledged == mark:
                        wanted.discard(int(listener))
        finally:
            cursor.execute(f"UNLISTEN {channel.ANSWERS}")
    return not wanted
