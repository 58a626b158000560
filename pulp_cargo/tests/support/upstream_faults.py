"""What can go wrong at an upstream registry, in words for `SparseUpstream.faults`."""

import asyncio
import gzip
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from pulp_cargo.tests.support.exchange import Exchange
from pulp_cargo.tests.support.sparse_upstream import Fault, SparseUpstream

LONG = 3600
GZIP = {"Content-Encoding": "gzip"}
ENDLESS_CHUNK = bytes(1024 * 1024)
PAGE_FOR_PEOPLE = b"<!doctype html>\n<title>Welcome</title>\n"


async def reset(exchange: Exchange) -> None:
    """Break the connection instead of an answer."""
    exchange.reset()


async def hang(exchange: Exchange) -> None:
    """Never answer."""
    await asyncio.sleep(LONG)


async def hang_in_body(exchange: Exchange) -> None:
    """Send a half of what is announced, and no more."""
    exchange.send(200, _half(exchange), length=len(exchange.body))
    await asyncio.sleep(LONG)


async def cut_off(exchange: Exchange) -> None:
    """Close the connection after half of what is announced."""
    exchange.send(200, _half(exchange), length=len(exchange.body))
    exchange.close()


async def cut_off_unannounced(exchange: Exchange) -> None:
    """Close it in the midst of a line, of an answer whose length nobody knows."""
    exchange.send(200, exchange.body[:-9], length=-1)
    exchange.close()


async def broken_gzip(exchange: Exchange) -> None:
    """Send what can be decompressed only in part."""
    packed = bytearray(gzip.compress(exchange.body + b"\n" * 1000))
    packed[-8:] = bytes(8)
    exchange.send(200, bytes(packed), headers=GZIP)


async def gzip_bomb(exchange: Exchange) -> None:
    """Send little that is 40 MB when it is decompressed."""
    exchange.send(200, gzip.compress(b"\n" * 40_000_000, 1), headers=GZIP)


async def other_encoding(exchange: Exchange) -> None:
    """Send what was compressed in a way that nobody asked for."""
    exchange.send(200, zlib.compress(exchange.body), headers={"Content-Encoding": "deflate"})


async def endless(exchange: Exchange) -> None:
    """Send and send."""
    exchange.send(200, exchange.body, length=-1)
    while True:
        exchange.writer.write(ENDLESS_CHUNK)
        await exchange.writer.drain()


async def no_http(exchange: Exchange) -> None:
    """Answer in another protocol."""
    exchange.writer.write(b"220 mail.example ESMTP ready\r\n")
    exchange.close()


async def not_modified(exchange: Exchange) -> None:
    """Send 304 to everybody."""
    exchange.send(304)


async def page_for_people(exchange: Exchange) -> None:
    """Send HTML with a 200, as some servers do for every path."""
    exchange.send(200, PAGE_FOR_PEOPLE, headers={"Content-Type": "text/html"})


def says(status: int, **headers: str) -> Fault:
    """Answer with a status; in the headers' names `_` is a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def fault(exchange: Exchange) -> None:
        exchange.send(status, b"no", headers=named)

    return fault


def redirects_to(origin: str) -> Fault:
    """Send everybody to the same path elsewhere."""

    async def fault(exchange: Exchange) -> None:
        exchange.send(302, headers={"Location": origin + exchange.asked.path})

    return fault


async def redirects_for_ever(exchange: Exchange) -> None:
    """Send everybody to where they are."""
    exchange.send(302, headers={"Location": exchange.asked.path})


@contextmanager
def held(upstream: SparseUpstream, path: str, *, sent: int = 0) -> Iterator[None]:
    """Answer a path only at the end of this, but for the first bytes of the body."""
    over = threading.Event()

    async def fault(exchange: Exchange) -> None:
        if sent:
            exchange.send(200, exchange.body[:sent], length=len(exchange.body))
            await exchange.writer.drain()
        while not over.is_set():
            await asyncio.sleep(0.01)
        if sent:
            exchange.writer.write(exchange.body[sent:])
        else:
            await exchange.usual()

    upstream.faults[path] = fault
    try:
        yield
    finally:
        over.set()
        upstream.faults.pop(path, None)


def _half(exchange: Exchange) -> bytes:
    return exchange.body[: len(exchange.body) // 2]
