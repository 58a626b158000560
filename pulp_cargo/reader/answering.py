"""The reader's main loop: answers one request at a time, within limits on time and memory."""

import resource
import signal
from collections.abc import Callable
from typing import Any, BinaryIO

from pulp_cargo.protocol.errors import InvalidCrateFile, RegistryError
from pulp_cargo.protocol.publish import parse_metadata
from pulp_cargo.reader.messages import (
    ReadMetadata,
    ReadPublished,
    ReadRequest,
    ReadUpstream,
    Refusal,
    Request,
    receive,
    send,
)
from pulp_cargo.rules.read_crate import read_published, read_upstream

# Maximum processor time for a request, in seconds; then the kernel ends the process. Files within
# the limits of publishing take a fraction of it: this is for the cases that those limits miss.
CPU_SECONDS = 20.0
# Maximum address space in bytes, for the manifest, the readmes and the objects that tomli creates.
MEMORY_BYTES = 2 * 1024**3


def serve(
    requests: BinaryIO,
    answers: BinaryIO,
    answer: Callable[[Any], Any] | None = None,
    cpu_seconds: Callable[[Request], float] | None = None,
) -> None:
    """Answer requests until end of file; by default, those to read crates that are to be stored."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    # Ctrl-C reaches the whole process group, but the server ends this process by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            request: Request = receive(requests)
        except EOFError:
            return
        seconds = CPU_SECONDS if cpu_seconds is None else cpu_seconds(request)
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        try:
            found = _answer(request, answer or _read)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        send(answers, found)


def _answer(request: Request, answer: Callable[[Any], Any]) -> Any:
    try:
        return answer(request)
    except RegistryError as error:
        return Refusal.of(error)
    except MemoryError:
        return Refusal.of(InvalidCrateFile("the crate file needs too much memory to be read"))


def _read(request: ReadRequest) -> Any:
    match request:
        case ReadPublished(path, name, vers, limits):
            with open(path, "rb") as file:
                return read_published(file, name=name, vers=vers, limits=limits)
        case ReadUpstream(path, name, vers, limits):
            with open(path, "rb") as file:
                return read_upstream(file, name=name, vers=vers, limits=limits)
        case ReadMetadata(data, most_deps):
            return parse_metadata(data, most_deps)
