"""What a build makes for members only: their episodes and recordings, at addresses that nothing public gives away.

A members' file is built like any other. Its key in podcast.lock and in the cache is the usual one, made of its digest;
its key in the store is made of that and the secret of the private feeds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from podcast_kit.model import Episode, Item, LockEntry, MembersAudio, Project

MEDIA_DIGEST_KEY = re.compile(r"media/[0-9a-f]{16}/(.+)")
MEDIA_TOKEN_BYTES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersEpisodes:
    """The episodes that private feeds have otherwise than the public feed, as of a moment."""

    current: tuple[Episode, ...] = ()
    """With the recording that members get."""
    ahead: tuple[Episode, ...] = ()
    """For members only, and scheduled."""

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.current or self.ahead)


def split_members_episodes(project: Project, now: datetime) -> tuple[Project, MembersEpisodes]:
    """The project without the episodes that are for members only, and what members get at `now`."""
    current, ahead = [], []
    for episode in project.episodes:
        if episode.draft or episode.date is None:
            continue
        is_due = episode.date <= now
        is_early = episode.members_from is not None and episode.members_from <= now
        if episode.audience and not is_due:
            ahead.append(episode)
        elif episode.audience or is_early or (is_due and episode.members_audio):
            current.append(replace(episode, audio=episode.members_audio or episode.audio))
    public = tuple(episode for episode in project.episodes if not episode.audience)
    return replace(project, episodes=public), MembersEpisodes(current=tuple(current), ahead=tuple(ahead))


def members_project(project: Project, episodes: Collection[Episode]) -> Project:
    """The project in which these episodes are built; podcast.lock has what members got of them before."""
    by_guid = {episode.guid: episode for episode in episodes}
    entries = (_members_entry(entry, by_guid.get(entry.guid)) for entry in project.lock)
    return replace(project, episodes=tuple(episodes), lock=tuple(entry for entry in entries if entry))


def _members_entry(entry: LockEntry, episode: Episode | None) -> LockEntry | None:
    """What members have of an episode; None where only the public had it, whose file is another one."""
    members = entry.members
    if episode is None or not (episode.audience or episode.members_audio):
        return entry
    if members is None or members.media == entry.media:
        return entry if members else None
    return LockEntry(
        slug=entry.slug,
        guid=entry.guid,
        date=entry.date,
        source_sha256=members.source_sha256,
        source_address=members.source_address,
        media=members.media,
        shift=members.shift,
        loudness=members.loudness,
        true_peak=members.true_peak,
        social=entry.social,
    )


def without_members_entries(project: Project) -> Project:
    """The project whose podcast.lock has no recording for members in the place of one that is to be public."""
    entries = (entry for entry in project.lock if not (entry.members and entry.members.media == entry.media))
    return replace(project, lock=tuple(entries))


def merge_members_entries(
    entries: Collection[LockEntry], members_entries: Collection[LockEntry], project: Project
) -> list[LockEntry]:
    """The entries of podcast.lock with what members get: in an entry of its own, or beside the public recording.

    Where only members have the episode yet, its own entry says that its recording is for members.
    """
    by_guid = {entry.guid: entry for entry in entries}
    has_other_audio = {episode.guid for episode in project.episodes if episode.members_audio and not episode.audience}
    only_members = {episode.guid for episode in project.episodes if episode.audience}
    for entry in members_entries:
        public = by_guid.get(entry.guid)
        if entry.guid in has_other_audio or entry.guid in only_members:
            by_guid[entry.guid] = replace(public or entry, members=_members_audio(entry))
        else:
            by_guid.setdefault(entry.guid, entry)
    kept = {entry.guid: entry.members for entry in project.lock if entry.members and entry.guid in has_other_audio}
    return [
        replace(entry, members=kept[guid]) if entry.members is None and guid in kept else entry
        for guid, entry in by_guid.items()
    ]


def _members_audio(entry: LockEntry) -> MembersAudio:
    return MembersAudio(
        source_sha256=entry.source_sha256,
        source_address=entry.source_address,
        media=entry.media,
        shift=entry.shift,
        loudness=entry.loudness,
        true_peak=entry.true_peak,
    )


def members_key_mapping(secret: bytes, generation: int) -> Callable[[str], str]:
    """A function from the key that a file has by its digest to its secret one; other keys stay as they are.

    `generation` is the number of times that all addresses were renewed.
    """
    subkey = hmac.digest(secret, b"\0members' media %d" % generation, hashlib.sha256)  # no name has a NUL character

    def map_key(key: str) -> str:
        match = MEDIA_DIGEST_KEY.fullmatch(key)
        if not match:
            return key
        digest = hmac.digest(subkey, key.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return f"media/{base64.b32encode(digest[:MEDIA_TOKEN_BYTES]).decode().lower()}/{match[1]}"

    return map_key


def members_item(item: Item) -> Item:
    """An item as private feeds have it: dated when it came to members, and without a page if there is none."""
    episode = item.episode
    date = episode.members_from or item.date
    return replace(item, date=date.astimezone(item.date.tzinfo), url="" if episode.audience else item.url)


def list_tier_items(items: Collection[Item], members_items: Collection[Item], tier: str) -> list[Item]:
    """What the private feed of a tier has: public episodes with the members' recordings, and those for this tier."""
    by_guid = {item.guid: item for item in items}
    by_guid |= {item.guid: item for item in members_items if not item.episode.audience or tier in item.episode.audience}
    return list(by_guid.values())
