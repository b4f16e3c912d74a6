"""it.guid.stable: whether what subscribers already have keeps its identity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from podcast_kit.check.context import Channel, Entry
from podcast_kit.check.registry import Finding, rule
from podcast_kit.errors import Severity
from podcast_kit.model import FeedDocument
from podcast_kit.text.dates import parse_rfc2822

LOCK = "podcast.lock"


@dataclass(frozen=True, slots=True)
class Known:
    """An episode that is out: what podcast.lock or the published feed says of it."""

    guid: str
    url: str
    """The enclosure's address, or the end of it."""
    title: str
    date: datetime | None
    source: str

    def same(self, entry: Entry) -> bool:
        """Whether an entry is this episode under another guid."""
        if self.url and entry.url.endswith(self.url):
            return True
        dated = self.date is not None and entry.date == self.date
        return dated and (not self.title or self.title == entry.title)


def out(channel: Channel) -> list[Known]:
    """Every episode that subscribers have: from podcast.lock, and from the published feed."""
    found = [
        Known(guid, entry.media.key if "://" in entry.media.key else f"/{entry.media.key}", "", entry.date, LOCK)
        for guid, entry in channel.lock.items()
    ]
    if channel.facts.before is not None:
        found += published(channel.facts.before)
    return list({known.guid: known for known in found}.values())


def published(feed: FeedDocument) -> list[Known]:
    """The episodes of a feed as it is out now."""
    known = []
    for node in feed.items:
        enclosure = node.child("enclosure")
        url = enclosure.attributes.get("url", "") if enclosure else ""
        title, date = node.child_text("title"), parse_rfc2822(node.child_text("pubDate"))
        known.append(Known(node.child_text("guid"), url, title, date, "the published feed"))
    return [one for one in known if one.guid]


@rule(
    "it.guid.stable",
    Severity.ERROR,
    of=Channel,
    platforms="apple spotify",
    sources="APRSS PNO",
    why="To an app another guid is another episode: every subscriber gets it again, and unplayed.",
    mend="put the old guid back",
)
def stable(channel: Channel) -> Iterator[Finding]:
    """A published episode keeps its guid, and stays in the feed."""
    here = {entry.guid for entry in channel.entries}
    gone = [known for known in out(channel) if known.guid not in here]
    fresh = [entry for entry in channel.entries if entry.guid not in {known.guid for known in out(channel)}]
    changed: list[tuple[Known, Entry]] = []
    for known in gone:
        twin = next((entry for entry in fresh if known.same(entry)), None)
        if twin is not None:
            fresh.remove(twin)
            changed.append((known, twin))
    for known, entry in changed:
        text = (
            f"{entry.name} had the guid {known.guid[:80]!r} in {known.source}, and has {entry.guid[:80]!r} now; "
            f"every subscriber's app would download it again ({again(len(changed))})"
        )
        yield Finding(text, entry.first("guid"), "guid", f"write guid: {known.guid[:80]}")
    project = channel.facts.project
    aside = {episode.guid for episode in project.episodes} if project else set()  # drafts, and what is not due
    renamed = {known.guid for known, _ in changed}
    vanished = [known for known in gone if known.guid not in renamed and known.guid not in aside]
    for known in vanished:
        name = f"“{known.title[:60]}”" if known.title else repr(known.guid[:80])
        text = f"{name} is in {known.source} and no longer in the feed; apps that have not downloaded it lose it"
        mend = "bring it back, or set it aside with `draft: true` if it is meant to go"
        yield Finding(text, None, "", mend, Severity.WARNING)


def again(count: int) -> str:
    """How many episodes each subscriber would get again."""
    return f"{count} episode{'s'[: count != 1]} again for each of them"
