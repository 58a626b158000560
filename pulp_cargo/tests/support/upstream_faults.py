"""Faults of an upstream registry, for `SparseUpstream.faults`."""

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
    """Reset the connection instead of a response."""
    exchange.reset()


async def hang(exchange: Exchange) -> None:
    """Never respond."""
    await asyncio.sleep(LONG)


async def hang_in_body(exchange: Exchange) -> None:
    """Send half of the announced length, then hang."""
    exchange.send(200, _half(exchange), length=len(exchange.body))
    await asyncio.sleep(LONG)


async def cut_off(exchange: Exchange) -> None:
    """Close the connection after half of the announced length."""
    exchange.send(200, _half(exchange), length=len(exchange.body))
    exchange.close()


async def cut_off_unannounced(exchange: Exchange) -> None:
    """Close it in the middle of a line, in a response without a length."""
    exchange.send(200, exchange.body[:-9], length=-1)
    exchange.close()


async def broken_gzip(exchange: Exchange) -> None:
    """Send data that can be decompressed only partially."""
    packed = bytearray(gzip.compress(exchange.body + b"\n" * 1000))
    packed[-8:] = bytes(8)
    exchange.send(200, bytes(packed), headers=GZIP)


async def gzip_bomb(exchange: Exchange) -> None:
    """Send a small body that decompresses to 40 MB."""
    exchange.send(200, gzip.compress(b"\n" * 40_000_000, 1), headers=GZIP)


async def other_encoding(exchange: Exchange) -> None:
    """Send a body with an encoding that was not requested."""
    exchange.send(200, zlib.compress(exchange.body), headers={"Content-Encoding": "deflate"})


async def endless(exchange: Exchange) -> None:
    """Send an endless body."""
    exchange.send(200, exchange.body, length=-1)
    while True:
        exchange.writer.write(ENDLESS_CHUNK)
        await exchange.writer.drain()


async def no_http(exchange: Exchange) -> None:
    """Respond with another protocol."""
    exchange.writer.write(b"220 mail.example ESMTP ready\r\n")
    exchange.close()


async def not_modified(exchange: Exchange) -> None:
    """Send 304 to every request."""
    exchange.send(304)


async def page_for_people(exchange: Exchange) -> None:
    """Send HTML with a 200, like some servers for every path."""
    exchange.send(200, PAGE_FOR_PEOPLE, headers={"Content-Type": "text/html"})


def says(status: int, **headers: str) -> Fault:
    """Respond with a status; `_` in header names becomes a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def fault(exchange: Exchange) -> None:
        exchange.send(status, b"no", headers=named)

    return fault


def redirects_to(origin: str) -> Fault:
    """Redirect to the same path elsewhere."""

    async def fault(exchange: Exchange) -> None:
        exchange.send(302, headers={"Location": origin + exchange.asked.path})

    return fault


async def redirects_for_ever(exchange: Exchange) -> None:
    """Redirect to the same URL."""
    exchange.send(302, headers={"Location": exchange.asked.path})


async def redirects_with_a_user(exchange: Exchange) -> None:
    """Redirect to the same URL with a user and password."""
    host = exchange.asked.headers["host"]
    exchange.send(302, headers={"Location": f"http://user:word@{host}{exchange.asked.path}"})


@contextmanager
def held(upstream: SparseUpstream, path: str, *, sent: int = 0) -> Iterator[None]:
    """Respond to a path only at the end of the context, except for the first bytes of the body."""
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
