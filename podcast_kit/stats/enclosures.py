"""Which files of a log are episodes, and how many bytes of each are a minute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from podcast_kit.audio import FirstMinute, measure_first_minute
from podcast_kit.model import LockEntry, Media, Project
from podcast_kit.model.urls import public_url

MINUTE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EnclosureFacts:
    """What the counting must know of a published recording."""

    file: str
    """Its key below the show's address, or its URL; downloads of one file are put together."""
    paths: tuple[str, ...]
    """Of its URL, decoded, as logs of a server or of a bucket name it."""
    guid: str
    slug: str
    title: str
    released_at: datetime
    bytes: int
    head_bytes: int
    """Of the tags before the audio."""
    minute_bytes: int
    """Of the tags and the first 60 s; all bytes where it is shorter."""
    seconds: float = 0.0
    basis: str = "lock"
    """Where head_bytes and minute_bytes come from: `lock`, `file`, or `bitrate` where they are estimated."""

    @property
    def needed_bytes(self) -> int:
        """Bytes of content that make a download."""
        return max(1, self.minute_bytes - self.head_bytes)


def enclosures_of_show(show: Project) -> list[EnclosureFacts]:
    """The recordings that podcast.lock names: the enclosures, and those in another format.

    Those of episodes for members are left out: a report may be shown to others, and logs have only secret addresses.
    """
    members_guids = {episode.guid for episode in show.episodes if episode.audience}
    titles = {episode.guid: episode.title for episode in show.episodes}
    return [
        _facts_of_media(show, entry, media, titles.get(entry.guid) or entry.slug)
        for entry in show.lock
        if entry.guid not in members_guids and not (entry.members and entry.members.media == entry.media)
        for media in (entry.media, entry.alternate)
        if media
    ]


def merge_enclosures(current: Iterable[EnclosureFacts], earlier: Iterable[EnclosureFacts]) -> list[EnclosureFacts]:
    """The current recordings, and those that were replaced since they were last counted."""
    by_file = {facts.file: facts for facts in earlier}
    by_file |= {facts.file: facts for facts in current}
    return [by_file[file] for file in sorted(by_file)]


def enclosures_to_json(facts: Iterable[EnclosureFacts]) -> list[dict[str, Any]]:
    """The facts as a document."""
    return [{**asdict(row), "released_at": row.released_at.isoformat(), "paths": list(row.paths)} for row in facts]


def enclosures_from_json(document: Iterable[dict[str, Any]]) -> list[EnclosureFacts]:
    """What `enclosures_to_json` wrote."""
    return [
        EnclosureFacts(
            **{**row, "released_at": datetime.fromisoformat(row["released_at"]), "paths": tuple(row["paths"])}
        )
        for row in document
    ]


def log_paths(show: Project, key: str) -> tuple[str, ...]:
    """The paths by which logs can name a published file: of its public URL, and of its key in a bucket."""
    if "://" in key:
        return (unquote(urlsplit(key).path),)
    settings = show.show.publish
    paths = [unquote(urlsplit(public_url(settings.url, key)).path), f"/{key}"]
    if "://" in settings.to:
        target = urlsplit(settings.to)
        prefix = unquote(target.path).strip("/")
        stored = f"{prefix}/{key}" if prefix else key
        paths += [f"/{stored}", f"/{target.netloc}/{stored}"]
    return tuple(dict.fromkeys(paths))


def _facts_of_media(show: Project, entry: LockEntry, media: Media, title: str) -> EnclosureFacts:
    minute, basis = _find_first_minute(show, media)
    return EnclosureFacts(
        file=media.key,
        paths=log_paths(show, media.key),
        guid=entry.guid,
        slug=entry.slug,
        title=title,
        released_at=entry.date,
        bytes=media.bytes,
        head_bytes=minute.head_bytes,
        minute_bytes=minute.minute_bytes,
        seconds=media.seconds,
        basis=basis,
    )


def _find_first_minute(show: Project, media: Media) -> tuple[FirstMinute, str]:
    """Where the audio and its first minute end, and how that is known: `lock`, `file`, or `bitrate` for an estimate."""
    if media.minute_bytes:
        return FirstMinute(media.head_bytes, media.minute_bytes), "lock"
    path = show.folder / "build" / media.key
    if "://" not in media.key and path.is_file() and path.stat().st_size == media.bytes:
        minute = measure_first_minute(path)
        if minute:
            return minute, "file"
    is_short = media.seconds <= MINUTE_S
    return FirstMinute(0, media.bytes if is_short else round(media.bytes * MINUTE_S / media.seconds)), "bitrate"
