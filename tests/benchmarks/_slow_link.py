"""A TCP relay to a server that is far away: PORT TARGET."""

import asyncio
import contextlib
import sys
import time

DELAY = 0.020
"""Seconds each way: 40 ms of round trip."""


async def main(port: int, target: int) -> None:
    """Hold everything back for a while, in both directions, without narrowing it."""
    held: set[asyncio.Task[None] | None] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(1024)

        async def deliver() -> None:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if not data:
                    break
                writer.write(data)
                await writer.drain()
            with contextlib.suppress(OSError):
                writer.write_eof()

        task = asyncio.create_task(deliver())
        with contextlib.suppress(OSError):
            while not task.done() and (data := await reader.read(1 << 18)):
                await queue.put((time.monotonic() + DELAY, data))
        if not task.done():
            await queue.put((time.monotonic() + DELAY, b""))
        with contextlib.suppress(OSError):
            await task

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.add(asyncio.current_task())  # else nobody but a circle holds it, and it may vanish at work
        onward, back = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(pump(reader, back), pump(onward, writer))
        back.close()
        writer.close()

    server = await asyncio.start_server(relay, "127.0.0.1", port, backlog=256)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
