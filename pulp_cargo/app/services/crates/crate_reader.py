"""The server's side of `pulp_cargo.reader`: a few processes that read .crate files."""

import logging
import signal
import subprocess
import sys
from collections.abc import Sequence
from queue import Empty, LifoQueue
from typing import IO, Any

from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.protocol import publish
from pulp_cargo.protocol.crate_file import CrateFile
from pulp_cargo.protocol.errors import InvalidCrateFile
from pulp_cargo.protocol.manifest import Manifest
from pulp_cargo.protocol.publish import PublishMetadata
from pulp_cargo.protocol.unavailable import ServiceUnavailable
from pulp_cargo.reader.messages import (
    ReadMetadata,
    ReadPublished,
    ReadUpstream,
    Refusal,
    Request,
    receive,
    send,
)
from pulp_cargo.rules.limits import PublishLimits
from pulp_cargo.rules.read_crate import UpstreamCrate

log = logging.getLogger(__name__)

# One more than there are threads for large files, so that a small one has to wait for small ones only.
READER_COUNT = threads.LARGE_EXAMINER_COUNT + 1
PAGE_READER_COUNT = 2
# Metadata up to this size, in bytes, take a millisecond or two, so they are parsed in this process.
LITTLE_METADATA = 64 * 1024
COMMAND = (sys.executable, "-P", "-m", "pulp_cargo.reader")
PAGE_COMMAND = (sys.executable, "-P", "-m", "pulp_cargo.reader.pages")


class Reader:
    """One process, which is started when it is needed, and restarted after it has ended.

    `command` is its program, None for the one that reads published crates.
    """

    def __init__(self, command: Sequence[str] | None = None) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: Request) -> Any:
        """Return the result of a request, or raise its RegistryError."""
        answer = self._answer(request)
        if isinstance(answer, Refusal):
            raise answer.error()
        return answer

    def start(self) -> None:
        """Start the process, so that the first request does not wait for it."""
        self._running()

    def stop(self) -> int | None:
        """End the process, and return its exit status, None if there was none."""
        process, self._process = self._process, None
        if process is None:
            return None
        # If it has ended already, this does not change its status.
        process.kill()
        process.communicate()
        return process.returncode

    def _answer(self, request: Request) -> Any:
        # The process may have been killed while it was idle, so there is a second attempt.
        for is_first in (True, False):
            try:
                to_reader, from_reader = _pipes(self._running())
                send(to_reader, request)
                return receive(from_reader)
            except (OSError, EOFError) as error:
                status = self.stop()
                if status == -signal.SIGVTALRM:
                    raise InvalidCrateFile(
                        "reading the crate file takes too long; no valid crate needs this much time"
                    ) from error
                log.warning("A process that reads .crate files has exited with status %s.", status)
                if not is_first:
                    raise ServiceUnavailable(
                        "the crate file could not be read at the moment; try again later"
                    ) from error
        raise AssertionError("the second attempt answers or raises")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._process = subprocess.Popen(
                self._command or COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        return self._process


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """Return the pipes for requests and for answers."""
    if process.stdin is None or process.stdout is None:
        raise OSError("the reader has no pipes")
    return process.stdin, process.stdout


class ReaderPool:
    """Reader processes of one kind; a request without an idle one waits for it, but not for long."""

    def __init__(self, command: Sequence[str] = COMMAND, count: int = READER_COUNT) -> None:
        self._all = [Reader(command) for _ in range(count)]
        # The last one returned is the next one used, so that an idle server has one process.
        self._idle: LifoQueue[Reader] = LifoQueue()
        for reader in self._all:
            self._idle.put(reader)

    def ask(self, request: Request) -> Any:
        """Return the result of a request; raises its RegistryError, or ServiceUnavailable."""
        try:
            reader = self._idle.get(timeout=timeouts.READER_TIMEOUT_SECONDS)
        except Empty as error:
            raise ServiceUnavailable(
                "too many crates are being read at the moment; try again later"
            ) from error
        try:
            return reader.ask(request)
        finally:
            self._idle.put(reader)

    def start(self) -> None:
        """Start the process that is used next, if one is idle."""
        try:
            reader = self._idle.get_nowait()
        except Empty:
            return
        try:
            reader.start()
        finally:
            self._idle.put(reader)

    def stop(self) -> None:
        """End all processes, when the server process ends."""
        for reader in self._all:
            reader.stop()


class CrateReaders:
    """The processes of a server process that read .crate files."""

    def __init__(self) -> None:
        self._pool = ReaderPool()

    def read_published(
        self, path: str, *, name: str | None, vers: str | None, limits: PublishLimits
    ) -> tuple[Manifest, CrateFile]:
        """Return manifest and contents of a published file; raises RegistryError.

        Without `name` and `vers`, they are taken from the file.
        """
        found: tuple[Manifest, CrateFile] = self._pool.ask(ReadPublished(path, name, vers, limits))
        return found

    def read_upstream(
        self, path: str, *, name: str, vers: str, limits: PublishLimits
    ) -> UpstreamCrate:
        """Return the metadata in a file of an upstream; raises RegistryError."""
        found: UpstreamCrate = self._pool.ask(ReadUpstream(path, name, vers, limits))
        return found

    def parse_metadata(self, data: bytes, most_deps: int) -> PublishMetadata:
        """Return the metadata that cargo sends before a file; raises RegistryError."""
        if len(data) <= LITTLE_METADATA:
            return publish.parse_metadata(data, most_deps)
        found: PublishMetadata = self._pool.ask(ReadMetadata(data, most_deps))
        return found

    def stop(self) -> None:
        """End the processes, when the server process ends."""
        self._pool.stop()
