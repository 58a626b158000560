"""At its documented limit, no input takes more than a second of processor time.

A second is one of an ordinary machine: what is measured is compared with a loop that takes it a known
time, in the same process, so that a slow or busy machine only makes the test slower.
"""

import gc
import gzip
import io
import random
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from urllib.parse import urlsplit

import pytest

from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.rules.crate_contents import read_contents
from pulp_cargo.rules.limits import PublishLimits
from pulp_cargo.rules.read_crate import read_published, read_upstream
from pulp_cargo.tests.fuzz import ordinary
from pulp_cargo.tests.fuzz.inputs import every_shape
from pulp_cargo.tests.fuzz.readers import READERS, Reader
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.tarball import END, LONG_NAME, PAX, Entry, header

pytestmark = pytest.mark.long

SECONDS = 1.0
# So many additions take an ordinary machine a quarter of a second.
ADDITIONS = 10_000_000
ADDITIONS_SECONDS = 0.25
# For what a busy machine does to one measurement and not to the other.
TOLERANCE = 1.5

LIMITS = PublishLimits()
MIB = 1024 * 1024
ROOT = b"leaf-1.0.0/"


@cache
def allowed() -> float:
    """Return how long a second is here."""

    def add() -> None:
        total = 0
        for number in range(ADDITIONS):
            total += number

    return SECONDS * TOLERANCE * max(1.0, taken(add) / ADDITIONS_SECONDS)


def taken(work: Callable[[], object]) -> float:
    """Return the processor time of something, the least of a few if it is long."""
    least = float("inf")
    for _ in range(3):
        gc.collect()
        urlsplit.cache_clear()
        begun = time.process_time()
        work()
        least = min(least, time.process_time() - begun)
        if least < SECONDS / 2:
            break
    return least


def require_quick(read: Callable[[bytes], object], data: bytes, what: str) -> None:
    """Fail if reading or refusing something takes more than a second."""

    def attempt() -> None:
        with suppress(RegistryError):
            read(data)

    seconds = taken(attempt)
    assert seconds <= allowed(), f"{what} takes {seconds:.2f} s, more than {allowed():.2f}"


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_largest_input_takes_less_than_a_second(reader: Reader) -> None:
    """Ordinary input, and each token of the format again and again in each place."""
    require_quick(reader.read, reader.ordinary(reader.limit)[: reader.limit], "ordinary input")
    for number, data in enumerate(every_shape(reader, reader.limit)):
        shown = data[:40] if len(data) < MIB else (data[:40], data[-40:])
        require_quick(reader.read, data, f"shape {number} of {len(data)} bytes, {shown!r},")


def archive(*entries: bytes | Iterator[bytes], level: int = 6, readme: str | None = None) -> bytes:
    """Return a crate with these parts of a tar archive behind its manifest."""
    package = {} if readme is None else {"readme": readme}
    manifest = Crate("leaf", package=package).manifest()
    deflate = zlib.compressobj(level, wbits=31)
    parts = [deflate.compress(Entry(ROOT + b"Cargo.toml", manifest).packed())]
    for entry in entries:
        for piece in [entry] if isinstance(entry, bytes) else entry:
            parts.append(deflate.compress(piece))
    return b"".join([*parts, deflate.compress(END), deflate.flush()])


def noise() -> bytes:
    """Return a file that does not pack, so that the rest may unpack to two hundred times its size."""
    return Entry(ROOT + b"noise", random.Random(0).randbytes(3 * MIB)).packed()


def zeros(count: int, size: int) -> Iterator[bytes]:
    """Yield files of zeros."""
    for number in range(count):
        yield header(ROOT + b"%d" % number, size)
        yield bytes(size)


def texts(count: int) -> Iterator[bytes]:
    """Yield files of a few words, which pack to a tenth."""
    words = " ".join(f"word{random.Random(n).randrange(50)}" for n in range(150_000))
    for number in range(count):
        yield Entry(ROOT + b"%d.txt" % number, words.encode()[:MIB]).packed()


def folders(count: int) -> Iterator[bytes]:
    """Yield files in deep folders of their own, as far as paths may be long."""
    for number in range(count):
        path = ROOT + b"%d/" % number + b"d/" * 400 + b"f"
        yield Entry(b"long", path + b"\0", LONG_NAME).packed() + Entry(path[:100]).packed()


def comments(count: int) -> Iterator[bytes]:
    """Yield files with large pax headers."""
    record = b"%d comment=%s\n" % (60_014, b"x" * 60_000)
    for number in range(count):
        yield Entry(b"pax", record, PAX).packed() + Entry(ROOT + b"%d" % number).packed()


CRATES: dict[str, Callable[[], bytes]] = {
    "largest file": lambda: archive(noise(), zeros(1, 500 * MIB)),
    "many files of zeros": lambda: archive(noise(), zeros(500, MIB)),
    "a readme that is missing": lambda: archive(noise(), zeros(500, MIB), readme="docs/x.md"),
    "text": lambda: archive(texts(150), level=1),
    "most entries": lambda: archive(zeros(19_990, 0)),
    "deep folders": lambda: archive(folders(5_000)),
    "large extensions": lambda: archive(comments(60)),
    "noise up to the limit": lambda: gzip.compress(
        random.Random(0).randbytes(LIMITS.max_crate_bytes), 0, mtime=0
    ),
    "largest manifest": lambda: ordinary.crate(2 * MIB),
}


def published(data: bytes) -> object:
    """Read a file that is published."""
    return read_published(io.BytesIO(data), name="leaf", vers="1.0.0", limits=LIMITS)


def of_upstream(data: bytes) -> object:
    """Read a file of an upstream."""
    return read_upstream(io.BytesIO(data), name="leaf", vers="1.0.0", limits=LIMITS)


@pytest.mark.parametrize("read", [published, of_upstream], ids=lambda read: read.__name__)
@pytest.mark.parametrize("kind", CRATES)
def test_largest_crate_takes_less_than_a_second(read: Callable[[bytes], object], kind: str) -> None:
    """Whatever it is large of: bytes, entries, paths or extensions."""
    require_quick(read, CRATES[kind](), f"a crate with {kind}")


@pytest.mark.parametrize("kind", CRATES)
def test_contents_of_the_largest_crate_take_less_than_the_limit_of_pages(kind: str) -> None:
    """Each file is hashed, too, and this happens once for a crate; past the limit it is refused."""
    from pulp_cargo.reader.pages import UNPACK_SECONDS

    def contents(data: bytes) -> object:
        return read_contents(
            io.BytesIO(data),
            None,
            most=512 * 1024,
            most_texts=4 * MIB,
            name="leaf",
            vers="1.0.0",
            limits=LIMITS,
        )

    data = CRATES[kind]()

    def attempt() -> None:
        with suppress(RegistryError):
            contents(data)

    assert taken(attempt) <= allowed() * UNPACK_SECONDS
