"""Waiting, where somebody changed a right or a registry, until every content process knows.

A notice arrives soon after the commit, yet a token that was revoked must be dead once its owner was
told so. So whoever commits such a change asks all that listen, and waits for their word: they hear
the question after the notices of the commit.
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
    """Wait when the change at hand is committed; once for all changes of a transaction."""
    transaction.on_commit(partial(_ask, next(_order)), robust=True)


def _ask(place: int) -> None:
    # Everything that this thread committed together was sent before the first question.
    if place <= getattr(_asked, "last", 0):
        return
    _asked.last = next(_order)
    wanted = set(channel.listeners())
    if wanted and not _have_answered(wanted):
        log.warning("A content process does not say that it has heard of a change.")


def _have_answered(wanted: set[int]) -> bool:
    """Tell whether all these connections answer in time."""
    mark = secrets.token_hex(8)
    deadline = time.monotonic() + timeouts.BARRIER_TIMEOUT_SECONDS
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {channel.ANSWERS}")
        try:
            channel.ask(mark)
            while wanted and (left := deadline - time.monotonic()) > 0:
                for answer in connection.connection.notifies(timeout=left, stop_after=1):
                    said, _, listener = answer.payload.partition(" ")
                    if said == mark:
                        wanted.discard(int(listener))
        finally:
            cursor.execute(f"UNLISTEN {channel.ANSWERS}")
    return not wanted
