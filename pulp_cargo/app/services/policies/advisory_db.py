"""This process's copy of the advisory database that an administrator provides.

It is read when it is first needed, and again in a separate thread when its files change; meanwhile
the old copy is used. An unreadable advisory is logged and left out, so that it does not disable the
others.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from django.conf import settings

from pulp_cargo.app.runtime import timeouts
from pulp_cargo.app.services.policies.advisory_files import (
    MAX_BYTES,
    Mark,
    UnreadableDatabase,
    mark,
    texts,
)
from pulp_cargo.protocol.errors import InvalidAdvisory
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.rules.policies.advisories import Advisory, parse_advisory

log = logging.getLogger(__name__)

Advisories = Mapping[str, tuple[Advisory, ...]]


class AdvisoryCopy:
    """The advisories of a database by crate, checked for changes at intervals; thread-safe."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self._by_crate: Advisories = {}
        self._mark: Mark | None = None
        self._looked_at = -timeouts.ADVISORY_CHECK_INTERVAL_SECONDS
        self._reading = threading.Lock()
        self._is_read = threading.Event()

    def about(self, name: str) -> tuple[Advisory, ...]:
        """Return the advisories about a crate; the first call may wait until they are read."""
        self.look()
        self._is_read.wait(timeouts.ADVISORY_READ_TIMEOUT_SECONDS)
        return self._by_crate.get(canonical_name(name), ())

    def look(self) -> None:
        """Start a thread that checks the files for changes, unless they were checked recently."""
        if time.monotonic() - self._looked_at < timeouts.ADVISORY_CHECK_INTERVAL_SECONDS:
            return
        if self._reading.acquire(blocking=False):
            self._looked_at = time.monotonic()
            threading.Thread(target=self._read, name="cargo-advisories", daemon=True).start()

    def _read(self) -> None:
        try:
            found = mark(self.database)
            if found != self._mark or not self._is_read.is_set():
                # A database that cannot be read is not read again until it changes.
                self._mark = found
                self._by_crate = _read(self.database) if found is not None else {}
                if found is None:
                    log.warning("The advisory database %s does not exist.", self.database)
        except (UnreadableDatabase, OSError) as error:
            log.warning("The advisory database %s cannot be read: %s.", self.database, error)
        finally:
            self._is_read.set()
            self._reading.release()


class AdvisoryDatabase:
    """The database in the settings, if there is one."""

    def __init__(self) -> None:
        self._copies: dict[str, AdvisoryCopy] = {}

    def about(self, name: str) -> tuple[Advisory, ...]:
        """Return the advisories about a crate; to be called in a thread, since it may wait."""
        copy = self._copy()
        return copy.about(name) if copy else ()

    def start(self) -> None:
        """Start reading the database, without waiting for it."""
        if copy := self._copy():
            copy.look()

    def _copy(self) -> AdvisoryCopy | None:
        database = settings.CARGO_ADVISORY_DB
        if not database:
            return None
        return self._copies.setdefault(database, AdvisoryCopy(Path(database)))


def _read(database: Path) -> Advisories:
    by_crate: dict[str, list[Advisory]] = defaultdict(list)
    for path, text in texts(database):
        for advisory in _parsed(path, text):
            by_crate[advisory.name].append(advisory)
    log.info("Read advisories about %d crates from %s.", len(by_crate), database)
    return {name: tuple(found) for name, found in by_crate.items()}


def _parsed(path: str, text: bytes) -> Iterator[Advisory]:
    try:
        if len(text) > MAX_BYTES:
            raise InvalidAdvisory(f"it is larger than {MAX_BYTES} bytes")
        left_out: list[str] = []
        yield from parse_advisory(text.decode(), left_out)
        for fault in left_out:
            log.warning("A part of the advisory %s is ignored: %s.", path, fault)
    except (InvalidAdvisory, UnicodeDecodeError) as error:
        log.warning("The advisory %s is ignored: %s.", path, error)
