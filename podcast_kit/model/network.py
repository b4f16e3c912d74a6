"""Several shows in one repository: what a network's page and its publisher feed say about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from podcast_kit.model.resources import Image

NETWORK_FILE = "shows.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkEpisode:
    """An episode of one of the shows, as lists and the search of the network have it."""

    guid: str
    title: str
    url: str
    """Of its page."""
    date: datetime
    summary: str = ""
    seconds: float = 0.0
    artwork: Image | None = None
    """Its own picture; None where that of the show is used."""
    words: str = ""
    """Tags, people and the number, for the search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedShow:
    """One of the shows of a network, as it was built."""

    name: str
    """Within the network."""
    title: str
    description: str
    author: str
    language: str
    url: str
    """Of its first page."""
    feed_url: str
    guid: str
    """Its podcast:guid; derived from the address of its feed where the show has none."""
    artwork: Image | None = None
    episodes: tuple[NetworkEpisode, ...] = ()
    """Newest first."""
