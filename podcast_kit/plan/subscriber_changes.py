"""What subscribers will notice, by comparing the feed that is live with the one that would be."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.feed import parse
from podcast_kit.model import LockEntry, Node
from podcast_kit.text.numbers import parse_count

SPACE = re.compile(r"\s+")
DIGEST = re.compile("[0-9a-f]{16}")
"""Of a length that means something; Python reads 4,300, and a live feed may say more."""
PAGE = "address of its page"
PARTS = {
    "title": "title",
    "description": "notes",
    "content:encoded": "notes",
    "pubDate": "date",
    "link": PAGE,
    "itunes:image": "artwork",
    "itunes:explicit": "explicit",
    "itunes:season": "season",
    "itunes:episode": "number",
    "itunes:episodeType": "type",
    "podcast:transcript": "transcript",
    "podcast:chapters": "chapters",
    "podcast:person": "people",
}
"""Element → what a listener calls it. Anything else that changes is only machinery."""


class Kind(StrEnum):
    """What happens to an episode in an app; the value is the word shown."""

    NEW = "new"
    CHANGED = "changed"
    RECORDED = "new recording"
    MOVED = "new address"
    REMOVED = "removed"
    REIDENTIFIED = "guid changed"
    UNREADABLE = "unreadable"


ALLOWANCE = {Kind.REMOVED: "removed", Kind.REIDENTIFIED: "guids"}
"""Kinds that stop a publish, and the word of `--allow` that lets them pass."""


SAID = {
    Kind.NEW: "new episode: {named}",
    Kind.CHANGED: "changed: {named} ({detail})",
    Kind.RECORDED: "new recording of {named}: apps that have it keep the old one, or download {detail} again",
    Kind.MOVED: "new address of {named}: the file is the same, and apps that have it keep it",
    Kind.REMOVED: "removed: {named} vanishes from the apps of subscribers",
    Kind.REIDENTIFIED: "guid changed: {named} was {detail}; every subscriber gets it again as a new episode",
    Kind.UNREADABLE: "the live feed cannot be read, so nobody can say what changes: {detail}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that subscribers will notice."""

    kind: Kind
    guid: str
    title: str
    detail: str = ""

    def __str__(self) -> str:
        """One line, in words."""
        named = f"“{self.title}”" if self.title else self.guid
        return SAID[self.kind].format(named=named, detail=self.detail)


@dataclass(frozen=True, slots=True)
class _Item:
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


def notices(
    before: Iterable[bytes], after: Iterable[bytes], lock: Collection[LockEntry] = (), pages: Collection[str] = ()
) -> tuple[Notice, ...]:
    """What subscribers of the feed `before` (its pages, the newest first) will notice of `after`.

    Where nothing is live, or nothing that can be read, `lock` stands for what was published.
    `pages` are the addresses that will answer: an episode's old one among them leads on to where it is now.
    In the order of the new feed, and then what is gone.
    """
    new = dict(_items(after))
    missing = [Notice(kind=Kind.REMOVED, guid=one.guid, title=one.slug) for one in lock if one.guid not in new]
    try:
        old = dict(_items(before))
    except InvalidInput as error:
        detail = str(error.problems[0].text) if error.problems else error.text
        return (Notice(kind=Kind.UNREADABLE, guid="", title="", detail=detail), *missing)
    if not old and lock:
        return tuple(missing)
    return tuple(_compared(old, new, set(pages) - {item.link for item in new.values()}))


def check(found: Iterable[Notice], *, remove: Collection[str] = (), allow: Collection[str] = ()) -> None:
    """Raise `InvalidInput` for what nobody should do to subscribers by mistake, unless it is named.

    `remove` holds the guids that may go, `allow` the words of `ALLOWANCE`.
    """
    stopping = [
        Problem(SourceLocation("feed"), str(notice), _mend(notice), f"pb.{ALLOWANCE[notice.kind]}")
        for notice in found
        if notice.kind in ALLOWANCE and ALLOWANCE[notice.kind] not in allow and notice.guid not in remove
    ]
    if stopping:
        raise InvalidInput(stopping)


def _mend(notice: Notice) -> str:
    if notice.kind is Kind.REMOVED:
        return f"if that is meant: --remove {notice.guid!r}"
    return f"write guid: {notice.detail!r} in its notes; if the new one is meant: --allow guids"


def _compared(old: Mapping[str, _Item], new: Mapping[str, _Item], leading: Collection[str]) -> Iterator[Notice]:
    gone = {guid: item for guid, item in old.items() if guid not in new}
    by_name = {_known(item): item for item in old.values()}
    for guid, item in new.items():
        was = old.get(guid)
        if was is None:
            twin = _twin(item, gone.values())
            if twin is None:
                yield Notice(kind=Kind.NEW, guid=guid, title=item.title)
            else:
                del gone[twin.guid]
                yield Notice(kind=Kind.REIDENTIFIED, guid=guid, title=item.title, detail=twin.guid)
        elif item.title and _known(item) != _known(was) and (other := by_name.get(_known(item))):
            # The live item that this one is stands under another guid: two have changed places.
            yield Notice(kind=Kind.REIDENTIFIED, guid=guid, title=item.title, detail=other.guid)
        else:
            yield from _changes(was, item, leading)
    for guid, item in gone.items():
        yield Notice(kind=Kind.REMOVED, guid=guid, title=item.title)


def _changes(was: _Item, item: _Item, leading: Collection[str]) -> Iterator[Notice]:
    if was.enclosure != item.enclosure:
        size = f"{length / 1e6:.1f} MB" if (length := parse_count(item.length)) is not None else "it"
        kind = Kind.MOVED if _media(was) == _media(item) else Kind.RECORDED
        yield Notice(kind=kind, guid=item.guid, title=item.title, detail=size)
    differing = set(was.described) ^ set(item.described)
    if differing:
        words = dict.fromkeys(PARTS[key] for key in PARTS if any(key == name for name, _ in differing))
        said = [f"{word}; the old one leads on" if word == PAGE and was.link in leading else word for word in words]
        yield Notice(kind=Kind.CHANGED, guid=item.guid, title=item.title, detail=", ".join(said))


def _media(item: _Item) -> tuple[str, ...]:
    """What tells a file wherever it lies: its length, digest and name; the whole address where it has another form."""
    digest, _, name = item.enclosure.rpartition("/media/")[2].partition("/")
    return (item.length, digest, name) if DIGEST.fullmatch(digest) else (item.enclosure,)


def _known(item: _Item) -> tuple[str, str]:
    """What people know it by."""
    return item.title, dict(item.described).get("pubDate", "")


def _twin(item: _Item, gone: Iterable[_Item]) -> _Item | None:
    """An item that went and is this one in all but its guid: the same file, or title and date."""
    for other in gone:
        same_file = item.enclosure and item.enclosure == other.enclosure
        if same_file or (item.title and _known(item) == _known(other)):
            return other
    return None


def _items(pages: Iterable[bytes]) -> Iterator[tuple[str, _Item]]:
    seen = set()
    for page in pages:
        for node in parse(page, "feed").items:
            item = _item(node)
            if item.guid and item.guid not in seen:
                seen.add(item.guid)
                yield item.guid, item


def _item(node: Node) -> _Item:
    enclosure = node.child("enclosure")
    url = enclosure.attributes.get("url", "") if enclosure else ""
    described = [
        (child.key, SPACE.sub(" ", f"{child.text.strip()} {' '.join(map(str, child.attributes.values()))}").strip())
        for child in node.children
        if child.key in PARTS
    ]
    return _Item(
        guid=node.child_text("guid") or url,  # apps fall back on the file's address
        title=SPACE.sub(" ", node.child_text("title")),
        enclosure=url,
        length=enclosure.attributes.get("length", "") if enclosure else "",
        described=tuple(described),
    )
