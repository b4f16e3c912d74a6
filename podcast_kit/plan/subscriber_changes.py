"""What subscribers will notice, found by comparing the live feed with the new one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.feed import parse_feed
from podcast_kit.model import LockEntry, Node
from podcast_kit.text.numbers import parse_count

SPACE = re.compile(r"\s+")
DIGEST = re.compile("[0-9a-f]{16}")
PAGE_URL_CHANGED = "page URL changed"
LISTENER_WORDS = {
    "title": "title",
    "description": "notes",
    "content:encoded": "notes",
    "pubDate": "date",
    "link": PAGE_URL_CHANGED,
    "itunes:image": "artwork",
    "itunes:explicit": "explicit",
    "itunes:season": "season",
    "itunes:episode": "number",
    "itunes:episodeType": "type",
    "podcast:transcript": "transcript",
    "podcast:chapters": "chapters",
    "podcast:person": "people",
}
"""Element → the word that listeners use. Changes of other elements are technical."""


class ChangeKind(StrEnum):
    """What happens to an episode in an app; the value is the word that is shown."""

    NEW = "new"
    CHANGED = "changed"
    NEW_AUDIO = "new recording"
    MOVED = "new address"
    REMOVED = "removed"
    GUID_CHANGED = "guid changed"
    UNREADABLE = "unreadable"


ALLOW_WORDS = {ChangeKind.REMOVED: "removed", ChangeKind.GUID_CHANGED: "guids"}
"""Kinds that stop a publish, and the value of `--allow` that permits them."""

MESSAGES = {
    ChangeKind.NEW: "new episode: {name}",
    ChangeKind.CHANGED: "changed: {name} ({detail})",
    ChangeKind.NEW_AUDIO: "new recording of {name}: apps that have the old one keep it, or download {detail} again",
    ChangeKind.MOVED: "same recording, new address: {name}; apps that have it keep it",
    ChangeKind.REMOVED: "removed: {name} would disappear from subscribers' apps",
    ChangeKind.GUID_CHANGED: "guid changed: {name} was {detail}; subscribers would get it again as a new episode",
    ChangeKind.UNREADABLE: "the live feed is unreadable, so what changes is unknown: {detail}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberChange:
    """One thing that subscribers will notice."""

    kind: ChangeKind
    guid: str
    title: str
    detail: str = ""

    def __str__(self) -> str:
        """One line for people."""
        name = f"“{self.title}”" if self.title else self.guid
        return MESSAGES[self.kind].format(name=name, detail=self.detail)


@dataclass(frozen=True, slots=True)
class _ItemSummary:
    """What identifies and describes an item."""

    guid: str
    title: str
    enclosure: str
    length: str
    described: tuple[tuple[str, str], ...]

    @property
    def link(self) -> str:
        """The address of its page."""
        return dict(self.described).get("link", "")


def diff_feeds(
    old_pages: Iterable[bytes],
    new_pages: Iterable[bytes],
    lock: Collection[LockEntry] = (),
    page_urls: Collection[str] = (),
) -> tuple[SubscriberChange, ...]:
    """Compare two feeds, each given as its pages, newest first; returns what subscribers will notice.

    Where no feed is live, or none that is readable, `lock` tells what was published. `page_urls` are the addresses
    that will answer: the old address of an episode among them redirects to the new one.
    The result is in the order of the new feed, followed by what is removed.
    """
    new_items = dict(_read_items(new_pages))
    missing = [
        SubscriberChange(kind=ChangeKind.REMOVED, guid=entry.guid, title=entry.slug)
        for entry in lock
        if entry.guid not in new_items
    ]
    try:
        old_items = dict(_read_items(old_pages))
    except InvalidInput as error:
        detail = str(error.problems[0].text) if error.problems else error.text
        return (SubscriberChange(kind=ChangeKind.UNREADABLE, guid="", title="", detail=detail), *missing)
    if not old_items and lock:
        return (*_first_changes(new_items, {entry.guid for entry in lock}), *missing)
    return tuple(_compare_items(old_items, new_items, set(page_urls) - {item.link for item in new_items.values()}))


def _first_changes(items: Mapping[str, _ItemSummary], published: Collection[str]) -> Iterator[SubscriberChange]:
    """What a first feed at a new place brings: episodes that are new, and those that were published elsewhere."""
    for guid, item in items.items():
        kind = ChangeKind.MOVED if guid in published else ChangeKind.NEW
        yield SubscriberChange(kind=kind, guid=guid, title=item.title)


def refuse_harmful_changes(
    changes: Iterable[SubscriberChange],
    *,
    remove: Collection[str] = (),
    allow: Collection[str] = (),
    origins: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Raise InvalidInput for removed episodes and changed guids, unless they are confirmed.

    `remove` holds the guids that may be removed, `allow` values of `ALLOW_WORDS`, and `origins` says by guid who
    published an episode that this checkout never had.
    """
    problems = [
        _missing_here_problem(change, origins[change.guid])
        if change.kind is ChangeKind.REMOVED and change.guid in origins
        else Problem(SourceLocation("feed"), str(change), _confirmation_fix(change), f"pb.{ALLOW_WORDS[change.kind]}")
        for change in changes
        if change.kind in ALLOW_WORDS and ALLOW_WORDS[change.kind] not in allow and change.guid not in remove
    ]
    if problems:
        raise InvalidInput(problems)


def _missing_here_problem(change: SubscriberChange, origin: str) -> Problem:
    name = f"“{change.title}”" if change.title else change.guid
    text = f"the live feed has {name}, {origin}, and this checkout does not"
    fix = f"run `git pull`, or --remove {change.guid!r} if you mean to delete it"
    return Problem(SourceLocation("feed"), text, fix, "pb.removed")


def _confirmation_fix(change: SubscriberChange) -> str:
    if change.kind is ChangeKind.REMOVED:
        return f"to confirm: --remove {change.guid!r}"
    return f"set guid: {change.detail!r} in its notes; to confirm the new guid: --allow guids"


def _compare_items(
    old_items: Mapping[str, _ItemSummary], new_items: Mapping[str, _ItemSummary], redirecting: Collection[str]
) -> Iterator[SubscriberChange]:
    removed = {guid: item for guid, item in old_items.items() if guid not in new_items}
    by_title_and_date = {_title_and_date(item): item for item in old_items.values()}
    for guid, item in new_items.items():
        old = old_items.get(guid)
        if old is None:
            renamed = _find_same_item(item, removed.values())
            if renamed is None:
                yield SubscriberChange(kind=ChangeKind.NEW, guid=guid, title=item.title)
            else:
                del removed[renamed.guid]
                yield SubscriberChange(kind=ChangeKind.GUID_CHANGED, guid=guid, title=item.title, detail=renamed.guid)
        elif (
            item.title
            and _title_and_date(item) != _title_and_date(old)
            and (other := by_title_and_date.get(_title_and_date(item)))
        ):
            # The live item with this title and date has another guid: two episodes swapped their guids.
            yield SubscriberChange(kind=ChangeKind.GUID_CHANGED, guid=guid, title=item.title, detail=other.guid)
        else:
            yield from _compare_item(old, item, redirecting)
    for guid, item in removed.items():
        yield SubscriberChange(kind=ChangeKind.REMOVED, guid=guid, title=item.title)


def _compare_item(old: _ItemSummary, item: _ItemSummary, redirecting: Collection[str]) -> Iterator[SubscriberChange]:
    if old.enclosure != item.enclosure:
        size = f"{length / 1e6:.1f} MB" if (length := parse_count(item.length)) is not None else "it"
        kind = ChangeKind.MOVED if _is_same_recording(old, item) else ChangeKind.NEW_AUDIO
        yield SubscriberChange(kind=kind, guid=item.guid, title=item.title, detail=size)
    changed_keys = {key for key, _ in set(old.described) ^ set(item.described)}
    if changed_keys:
        words = dict.fromkeys(word for key, word in LISTENER_WORDS.items() if key in changed_keys)
        details = [", ".join(word for word in words if word != PAGE_URL_CHANGED)]
        if PAGE_URL_CHANGED in words:
            details.insert(0, f"{PAGE_URL_CHANGED}, old one redirects" if old.link in redirecting else PAGE_URL_CHANGED)
        detail = "; ".join(filter(None, details))
        yield SubscriberChange(kind=ChangeKind.CHANGED, guid=item.guid, title=item.title, detail=detail)


def _is_same_recording(old: _ItemSummary, item: _ItemSummary) -> bool:
    """Whether two addresses are of one file; a counting service may have been put in front of one of them."""
    if _media_identity(old) == _media_identity(item):
        return True
    shorter, longer = sorted((old.enclosure, item.enclosure), key=len)
    place = shorter.removeprefix("https://")
    return old.length == item.length and bool(place) and longer.endswith(f"/{place}")


def _media_identity(item: _ItemSummary) -> tuple[str, ...]:
    """What identifies a file at any address: length, digest and name; the whole address where it has another form."""
    digest, _, name = item.enclosure.rpartition("/media/")[2].partition("/")
    return (item.length, digest, name) if DIGEST.fullmatch(digest) else (item.enclosure,)


def _title_and_date(item: _ItemSummary) -> tuple[str, str]:
    """What people know an episode by."""
    return item.title, dict(item.described).get("pubDate", "")


def _find_same_item(item: _ItemSummary, removed: Iterable[_ItemSummary]) -> _ItemSummary | None:
    """A removed item that is this one under another guid: it has the same file, or the same title and date."""
    for other in removed:
        is_same_file = item.enclosure and item.enclosure == other.enclosure
        if is_same_file or (item.title and _title_and_date(item) == _title_and_date(other)):
            return other
    return None


def _read_items(pages: Iterable[bytes]) -> Iterator[tuple[str, _ItemSummary]]:
    guids = set()
    for page in pages:
        for node in parse_feed(page, "feed").items:
            item = _summarize_item(node)
            if item.guid and item.guid not in guids:
                guids.add(item.guid)
                yield item.guid, item


def _summarize_item(node: Node) -> _ItemSummary:
    enclosure = node.child("enclosure")
    url = enclosure.attributes.get("url", "") if enclosure else ""
    described = [
        (child.key, SPACE.sub(" ", f"{child.text.strip()} {' '.join(map(str, child.attributes.values()))}").strip())
        for child in node.children
        if child.key in LISTENER_WORDS
    ]
    return _ItemSummary(
        guid=node.child_text("guid") or url,  # apps fall back on the file's address
        title=SPACE.sub(" ", node.child_text("title")),
        enclosure=url,
        length=enclosure.attributes.get("length", "") if enclosure else "",
        described=tuple(described),
    )
