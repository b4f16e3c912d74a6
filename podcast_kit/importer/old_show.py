"""Opens what is imported, whatever it is: a feed at a URL or in a file, or the files of another tool."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from podcast_kit.importer.feed_source import read_old_feed, without_password
from podcast_kit.importer.model import ImportedFeed
from podcast_kit.importer.pipeline import convert_old_feed
from podcast_kit.importer.tools import (
    GuidChoice,
    Recognition,
    SourceFolder,
    convert_tool_show,
    has_tool_files,
    open_source_folder,
    read_tool_source,
)
from podcast_kit.model import FeedDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class OldShow:
    """A show before it is written."""

    source: str
    """URL or path, without a password."""
    document: FeedDocument
    """What subscribers have, to compare with the new feed."""
    imported: ImportedFeed
    origin: SourceFolder | None = None
    """The folder of the tool, for files that are beside."""
    recognition: Recognition | None = None
    """The tool; None for a feed."""


@contextmanager
def open_old_show(
    source: str, *, live_feed: str = "", guids: GuidChoice = GuidChoice.AUTO, now: datetime
) -> Iterator[OldShow]:
    """The show at a URL, in a file or in a folder; `live_feed` is the URL or file of the feed that subscribers have.

    The files of an archive exist only as long as it is open. Raises OperationError or InvalidInput.
    """
    source, live_feed = without_password(source), without_password(live_feed)
    if "://" not in source and has_tool_files(source):
        with open_source_folder(source) as origin:
            if tool_show := read_tool_source(origin, now):
                live = read_old_feed(live_feed) if live_feed else None
                converted = convert_tool_show(tool_show, live, now, guids, origin)
                yield OldShow(
                    source=source,
                    document=converted.document,
                    imported=converted.imported,
                    origin=origin,
                    recognition=tool_show.recognition,
                )
                return
    document = read_old_feed(source)
    yield OldShow(source=source, document=document, imported=convert_old_feed(source, document))
