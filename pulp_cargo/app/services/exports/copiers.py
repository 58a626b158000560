"""Writes the files of an export in processes of their own, `pulp_glue.cargo.export.copying`."""

import marshal
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import groupby
from queue import Empty, LifoQueue
from threading import Lock

from pulp_glue.cargo.export import copying
from pulp_glue.cargo.export.copying import Copy, Failure, Folder, Request, Writer
from pulp_glue.cargo.export.index_files import IndexedFiles
from pulp_glue.cargo.export.versions import ExportedVersion, ExportError
from pulp_glue.cargo.export.write import FULL, IndexFile

from pulp_cargo.app.runtime.pipes import input_of, output_of

NOT_STORED = "its file is not stored in this Pulp"
# An environment is not needed, and finding it takes as long as all else that Python does at its start.
COMMAND = (sys.executable, "-I", "-S", copying.__file__)
# How many processes an export has, and threads that wait for them. Each uses a processor.
COUNT = 2
# So few files are written before a process has started.
FEW = 7
# So many new files are worth the start of the processes.
MANY = 100


class Copiers:
    """The processes of an export, as many as threads use at the same time, at most COUNT."""

    def __init__(self, location: str, target: IndexedFiles) -> None:
        """`location` is the folder of the storage."""
        self._location = location
        self._target = target
        self._idle: LifoQueue[subprocess.Popen[bytes]] = LifoQueue()
        self._all: list[subprocess.Popen[bytes]] = []
        self._starting = Lock()
        self._own = Writer(f"{target.folder.unfinished}/few-")

    def add(self, versions: list[ExportedVersion]) -> list[str | None]:
        """Copy the files of versions; return None for each, or the reason why it is not there."""
        stored = [one for one in versions if one.source is not None]
        folders: list[Folder] = []
        files: list[Copy] = []
        asked: list[ExportedVersion] = []
        others: list[ExportedVersion] = []
        for parent, group in groupby(stored, self._target.parent):
            found = list(group)
            # One move of a folder takes as long as that of a file.
            if final := self._target.folder.new(parent):
                folders.append((final, [self._copy(one, self._target.base(one)) for one in found]))
                asked += found
            else:
                files += [self._copy(one, self._final(one)) for one in found]
                others += found
        failures = self._do((folders, files, []), len(stored))
        if len(stored) == len(versions) and not any(failures):
            return [None] * len(versions)
        reasons = {
            one.stem: self._reason(failure)
            for one, failure in zip(asked + others, failures, strict=True)
        }
        return [reasons.get(one.stem, NOT_STORED) for one in versions]

    def store(self, files: list[IndexFile]) -> None:
        """Write index files; raises ExportError."""
        folder = self._target.folder
        texts = [(folder.final(path), content) for path, content in files]
        for failure in self._do(([], [], texts), len(files)):
            if failure is not None:
                raise folder.unwritable(failure[1])

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

    def _copy(self, version: ExportedVersion, name: str) -> Copy:
        return f"{self._location}/{version.source}", name, version.size, version.cksum

    def _final(self, version: ExportedVersion) -> str:
        return self._target.folder.final(self._target.file(version))

    def _reason(self, failure: Failure | None) -> str | None:
        if failure is None:
            return None
        number, reason = failure
        if number in FULL:
            raise self._target.folder.unwritable(reason)
        return reason

    def _do(self, request: Request, count: int) -> list[Failure | None]:
        """Return the failures of so many files, in the order of the request."""
        if count <= FEW:
            return self._own.do(request)
        process = self._take()
        try:
            marshal.dump(request, input_of(process))
            input_of(process).flush()
            answer: list[Failure | None] = marshal.load(output_of(process))
            return answer
        except (BrokenPipeError, EOFError) as error:
            raise ExportError("a process that copies files has ended; export again") from error
        finally:
            self._idle.put(process)

    def _take(self) -> subprocess.Popen[bytes]:
        """Return a process that does nothing, if need be a new one."""
        with suppress(Empty):
            return self._idle.get_nowait()
        with self._starting:
            if len(self._all) < COUNT:
                return self._start()
        return self._idle.get()

    def _start(self) -> subprocess.Popen[bytes]:
        own = f"{self._target.folder.unfinished}/copier-{len(self._all)}/"
        # Processes would wait for each other to create files in the same folder.
        os.mkdir(own)
        process = subprocess.Popen(
            (*COMMAND, own),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # With its lock, no other run begins before the last file of a killed one is complete.
            pass_fds=[self._target.folder.lock],
            # Ctrl-C is for who started the export: the processes end with their input.
            process_group=0,
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
