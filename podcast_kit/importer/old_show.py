"""Opens what is imported, whatever it is: a feed at a URL or in a file, or the files of another tool."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from podcast_kit.importer.elements import single_line
from podcast_kit.importer.feed_source import read_old_feed, without_password
from podcast_kit.importer.model import ImportedFeed
from podcast_kit.importer.pipeline import ImportResult, convert_old_feed, refuse_existing_show, write_import
from podcast_kit.importer.show_reader import find_self_url
from podcast_kit.importer.tools import (
    GuidChoice,
    Recognition,
    SourceFolder,
    convert_tool_show,
    has_tool_files,
    open_source_folder,
    read_tool_source,
)
from podcast_kit.io.stored_values import StoredValues
from podcast_kit.model import FeedDocument, Node, Progress

_FAR_FUTURE = datetime.max.replace(tzinfo=UTC)
"""Nothing is scheduled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OldShow:
    """A show before it is written."""

    source: str
    """URL or path, without a password."""
    document: FeedDocument
    """What subscribers have, to compare with the new feed; the items of a feed are on disk."""
    imported: ImportedFeed
    origin: SourceFolder | None = None
    """The folder of the tool, for files that are beside."""
    recognition: Recognition
    """The tool, or the program that wrote the feed, and by what it was recognized."""
    is_feed: bool = False

    def find_feed_url(self, live_feed: str = "") -> str:
        """The URL of the feed that subscribers have: the one that was read, or else what that feed says of itself.

        Empty where neither is known.
        """
        read_url = live_feed or self.source
        if "://" in read_url:
            return read_url
        return find_self_url(self.document.channel) if self.document.channel else ""


def recognize_feed(document: FeedDocument) -> Recognition:
    """The program that wrote a feed, by what it says of itself."""
    generator = single_line(document.channel.child_text("generator"))[:100] if document.channel else ""
    root = "RSS feed" if document.root.name == "rss" else f"feed with the root <{document.root.name[:40]}>"
    if not generator:
        return Recognition("feed", (f"an {root}" if root.startswith("RSS") else f"a {root}",))
    return Recognition(f"feed of {generator}", ("its <generator>",))


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
    yield _read_old_show(source)


def _read_old_show(source: str) -> OldShow:
    items: StoredValues[Node] = StoredValues()
    document = read_old_feed(source, items)
    return OldShow(
        source=source,
        document=document,
        imported=convert_old_feed(source, document, items.texts),
        recognition=recognize_feed(document),
        is_feed=True,
    )


def import_feed(
    source: str,
    folder: Path,
    *,
    url: str,
    to: str,
    recordings: bool = False,
    files: bool = True,
    live_feed: str = "",
    guids: GuidChoice = GuidChoice.AUTO,
    now: datetime | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> ImportResult:
    """Import the show at `source`, a feed or files of another tool, into `folder`; guids are kept exactly.

    `url` is the public address that the show will have, `to` is where it will be published. Images, chapters and
    transcripts are downloaded if `files` is set, audio if `recordings` is set too; other audio stays at its URL. An
    import that was interrupted resumes. For another tool, `live_feed` is the URL or file of the feed that guids are
    taken from, and episodes dated after `now` are scheduled. Raises OperationError or InvalidInput; never overwrites an
    existing show.
    """
    refuse_existing_show(folder)
    with open_old_show(source, live_feed=live_feed, guids=guids, now=now or _FAR_FUTURE) as old_show:
        return write_import(
            old_show.imported,
            without_password(live_feed) or old_show.source,
            folder,
            url=url,
            to=to,
            recordings=recordings,
            files=files,
            origin=old_show.origin,
            now=now,
            on_progress=on_progress,
        )
