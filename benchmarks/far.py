"""A proxy that simulates a distant server: data of a client arrive 30 ms later.

    python -m benchmarks.far PORT

forwards everything to that local port, and prints its own. It is a separate process, so that it
does not block another event loop.
"""

import asyncio
import sys

DELAY_SECONDS = 0.03
PIECE = 65_536


async def main(port: int) -> None:
    """Serve until the process is ended."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(
            _pass_on(reader, far_writer, DELAY_SECONDS),
            _pass_on(far_reader, writer, 0),
            return_exceptions=True,
        )

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float
) -> None:
    """Forward data; the delay adds latency but does not limit throughput."""
    loop = asyncio.get_running_loop()
    try:
        while piece := await reader.read(PIECE):
            if delay:
                loop.call_later(delay, writer.write, piece)
            else:
                writer.write(piece)
                await writer.drain()
    finally:
        loop.call_later(delay, writer.close)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
