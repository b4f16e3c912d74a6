"""What an ingest reads: logs on this computer or on another, salts and facts of addresses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, runtime_checkable

from podcast_kit.stats.addresses import AddressFacts


class LogSource(Protocol):
    """One log to read."""

    @property
    def name(self) -> str:
        """Its path or address, for messages and the record."""

    @property
    def version(self) -> str:
        """Changes when the content does, such as an ETag; empty where it is always read."""

    def open_log(self) -> IO[bytes]:
        """Open it for reading."""


@runtime_checkable
class FetchedLog(Protocol):
    """A log that is on another computer."""

    def start_fetch(self) -> None:
        """Begin to fetch it in the background."""

    def discard(self) -> None:
        """Called once its lines are recorded."""


class AddressDirectory(Protocol):
    """Looks up addresses."""

    def look_up(self, address: str) -> AddressFacts:
        """What is known of an IPv4 address, or of the first four groups of an IPv6 address."""


class SaltSource(Protocol):
    """Where the secret of a month comes from, with which addresses are hashed."""

    def salt_of_month(self, month: str) -> bytes:
        """Return the salt of a month such as 2026-11; the same one until it is deleted."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log on this computer."""

    path: Path
    name: str
    version: str

    def open_log(self) -> IO[bytes]:
        """Open it for reading."""
        return self.path.open("rb")
