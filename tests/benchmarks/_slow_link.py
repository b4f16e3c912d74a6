"""A TCP relay to a server that is far away: PORT TARGET."""

import asyncio
import sys
from collections.abc import Callable
from typing import Self

DELAY = 0.020
"""Seconds each way: 40 ms of round trip."""


class End(asyncio.Protocol):
    """One end of a connection: what it hears, the other end says a while later, in order."""

    transport: asyncio.Transport

    def __init__(self, other: Self | None = None, target: int = 0) -> None:
        self.other = other
        self.target = target
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Of one that calls, hear nothing before the server has answered."""
        self.transport = transport  # type: ignore[assignment]  # of TCP
        if self.other is None:
            self.transport.pause_reading()
            self.other = type(self)(self)
            self.calling = asyncio.get_running_loop().create_task(self._call())

    async def _call(self) -> None:
        await asyncio.get_running_loop().create_connection(lambda: self.other, "127.0.0.1", self.target)
        self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Hold it back; nothing is narrowed."""
        self._later(lambda other: other.transport.write(data))

    def eof_received(self) -> bool:
        """Keep the other direction open."""
        self._later(lambda other: other.transport.write_eof() if not other.transport.is_closing() else None)
        return True

    def connection_lost(self, _: Exception | None) -> None:
        """Hang up at the other end, too."""
        self._later(lambda other: other.transport.close())

    def pause_writing(self) -> None:
        """Let whoever is too fast wait."""
        self._now(lambda other: other.transport.pause_reading())

    def resume_writing(self) -> None:
        """Let it go on."""
        self._now(lambda other: other.transport.resume_reading())

    def _later(self, do: Callable[[Self], None]) -> None:
        loop = asyncio.get_running_loop()
        self.due = max(loop.time() + DELAY, self.due + 1e-6)  # never two at one moment: they would change places
        loop.call_at(self.due, self._now, do)

    def _now(self, do: Callable[[Self], None]) -> None:
        if self.other and hasattr(self.other, "transport"):
            do(self.other)


async def main(port: int, target: int) -> None:
    """Relay until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: End(target=target), "127.0.0.1", port, backlog=512)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
