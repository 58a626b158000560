"""Adds stored files to an export in processes of their own, `pulp_glue.cargo.export.copying`."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, LifoQueue

from pulp_glue.cargo.export.copying import Copy, Failure, copy
from pulp_glue.cargo.export.index_files import IndexedFiles
from pulp_glue.cargo.export.versions import ExportedVersion, ExportError
from pulp_glue.cargo.export.write import FULL

from pulp_cargo.app.runtime.pipes import input_of, output_of

NOT_STORED = "its file is not stored in this Pulp"
COMMAND = (sys.executable, "-P", "-m", "pulp_glue.cargo.export.copying")
# How many processes an export has, and threads that wait for them. Each uses a processor.
COUNT = 2
# So few files are copied before a process has started.
FEW = 7
# So many new files are worth the start of the processes.
MANY = 100


class Copiers:
    """The processes of an export, as many as there are threads that use them at the same time."""

    def __init__(self, location: str, target: IndexedFiles) -> None:
        """`location` is the folder of the storage."""
        self._location = location
        self._target = target
        self._idle: LifoQueue[subprocess.Popen[bytes]] = LifoQueue()
        self._all: list[subprocess.Popen[bytes]] = []

    def add(self, versions: list[ExportedVersion]) -> list[str | None]:
        """Copy the files of versions; return None for each, or the reason why it is not there."""
        copies = [self._copy(one, one.source) for one in versions if one.source is not None]
        found = map(copy, copies) if len(copies) <= FEW else self._ask(copies)
        failures = iter(list(found))
        return [
            NOT_STORED if one.source is None else self._reason(next(failures)) for one in versions
        ]

    def start(self) -> None:
        """Start the processes, so that the first files do not wait for them."""
        for _ in range(COUNT):
            self._idle.put(self._start())

    def stop(self) -> None:
        """End the processes, which have nothing to do."""
        for process in self._all:
            with suppress(BrokenPipeError):
                input_of(process).close()
        for process in self._all:
            with process:
                process.wait()

    def _copy(self, version: ExportedVersion, source: str) -> Copy:
        folder = self._target.folder
        final = folder.final(self._target.file(version))
        path = f"{self._location}/{source}"
        return Copy(path, folder.temporary(), final, version.size, version.cksum)

    def _reason(self, failure: Failure | None) -> str | None:
        if failure is not None and failure.errno in FULL:
            raise self._target.folder.unwritable(failure.reason)
        return None if failure is None else failure.reason

    def _ask(self, copies: Sequence[Copy]) -> list[Failure | None]:
        try:
            process = self._idle.get_nowait()
        except Empty:
            process = self._start()
        asked = input_of(process)
        try:
            asked.write(json.dumps(copies).encode() + b"\n")
            asked.flush()
            answer = output_of(process).readline()
        except BrokenPipeError:
            answer = b""
        if not answer:
            raise ExportError("a process that copies files has ended; export again")
        self._idle.put(process)
        return [None if one is None else Failure(*one) for one in json.loads(answer)]

    def _start(self) -> subprocess.Popen[bytes]:
        # With its lock, no other run begins before the last file of a killed one is complete.
        process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[self._target.folder.lock],
        )
        self._all.append(process)
        return process


@contextmanager
def copiers(location: str, target: IndexedFiles, *, total: int) -> Iterator[Copiers]:
    """Yield what copies the files of a storage at this location, of which there are so many."""
    processes = Copiers(location, target)
    try:
        if target.folder.is_new and total >= MANY:
            processes.start()
        yield processes
    finally:
        processes.stop()
