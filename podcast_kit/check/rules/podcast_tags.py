"""pn.*: what single tags of the Podcasting 2.0 namespace ask for, beyond the table."""

from __future__ import annotations

from collections.abc import Iterator

from podcast_kit.check.context import Tag, misdated
from podcast_kit.check.registry import Finding, rule
from podcast_kit.check.rules.people import GROUPS, ROLES
from podcast_kit.check.rules.podcast_namespace import PARTICULAR, childless, key_of, malformed
from podcast_kit.errors import Severity
from podcast_kit.model import Node
from podcast_kit.namespaces import Kind, fault
from podcast_kit.text.dates import parse_iso_date
from podcast_kit.text.numbers import parse_count

SHORTEST, LONGEST = 15, 120


def of(tag: Tag, code: str) -> bool:
    """Whether a rule is the one that speaks of this tag."""
    return PARTICULAR.get(tag.node.key) == code


@rule(
    "pn.person",
    Severity.WARNING,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="Apps group people by these words; one that they do not know is a nobody.",
    mend="choose a role and a group from the namespace's list, such as guest in cast",
)
def person(tag: Tag) -> Iterator[Finding]:
    """A person has a name, and a role and a group of the namespace's list."""
    if tag.node.key != "podcast:person":
        return
    name = tag.node.text.strip()
    role = tag.node.attributes.get("role", "host")
    group = tag.node.attributes.get("group", "cast")
    if not name:
        yield Finding("a podcast:person has no name", tag.node, "people")
    elif role.casefold() not in ROLES:
        yield Finding(f"{name[:60]!r} has the role {role[:60]!r}, which is not on the list", tag.node, "people")
    elif group.casefold() not in GROUPS:
        yield Finding(f"{name[:60]!r} is in the group {group[:60]!r}, which is not on the list", tag.node, "people")


@rule(
    "pn.soundbite",
    Severity.WARNING,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="Apps play it as a taste; they skip what is too long, or lies behind the end.",
    mend="give start and duration in seconds, 15 to 120 of them, inside of the episode",
)
def soundbite(tag: Tag) -> Iterator[Finding]:
    """A soundbite has 15 to 120 seconds, and lies inside of its episode."""
    if tag.node.key != "podcast:soundbite":
        return
    wrong = list(malformed(tag))
    yield from wrong
    start, length = tag.node.attributes.get("startTime", ""), tag.node.attributes.get("duration", "")
    if wrong or not start.strip() or not length.strip():
        return
    whole_length = tag.entry.seconds if tag.entry else 0.0
    if not SHORTEST <= float(length) <= LONGEST:
        yield Finding(f"a soundbite has {float(length):g} seconds", tag.node, "soundbites")
    elif whole_length and float(start) + float(length) > whole_length:
        text = f"a soundbite ends at {float(start) + float(length):g} s, the episode at {whole_length:g} s"
        yield Finding(text, tag.node, "soundbites")


@rule(
    "pn.season.agree",
    Severity.WARNING,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="One app shows the one number, the next the other.",
    mend="write number: and season: once; both tags are made of them",
)
def numbers(tag: Tag) -> Iterator[Finding]:
    """podcast:season and podcast:episode say the same as itunes:season and itunes:episode."""
    if not of(tag, "pn.season.agree"):
        return
    name = tag.node.key.partition(":")[2]
    wrong = list(malformed(tag))
    yield from wrong
    theirs = tag.entry.text(f"itunes:{name}") if tag.entry else ""
    mine = tag.node.text.strip()
    if theirs and mine and not wrong and parse_count(theirs) is not None and float(mine) != float(theirs):
        key = "number" if name == "episode" else "season"
        yield Finding(f"{tag.node.name} is {mine[:20]}, itunes:{name} is {theirs[:20]}", tag.node, key)


@rule(
    "pn.altenc",
    Severity.ERROR,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="An alternative without an address cannot be played; of two defaults apps take either.",
    mend="give each at least one source with its uri, and at most one default",
)
def alternate(tag: Tag) -> Iterator[Finding]:
    """An alternateEnclosure has a source, its values have their forms, and at most one is the default."""
    if not of(tag, "pn.altenc"):
        return
    yield from malformed(tag)
    if tag.node.key != "podcast:alternateEnclosure":
        return
    yield from childless(tag)
    if tag.around.first(tag.node.key) is tag.node:
        chosen = [one for one in tag.around.all(tag.node.key) if one.attributes.get("default") == "true"]
        yield from (Finding("two alternateEnclosures are the default", one, key_of(tag)) for one in chosen[1:2])


@rule(
    "pn.value",
    Severity.ERROR,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="Money that has nowhere to go is not sent, or goes wrong.",
    mend="give each recipient a whole number of shares; a time split has one remoteItem, or recipients",
)
def value(tag: Tag) -> Iterator[Finding]:
    """A value has recipients whose shares are whole numbers, not all of them 0; a time split has one target."""
    if not of(tag, "pn.value"):
        return
    yield from malformed(tag)
    if tag.node.key == "podcast:value":
        yield from childless(tag)
        yield from _shares(tag.node, tag)
    if tag.node.key == "podcast:valueTimeSplit":
        items, people = tag.node.children_named("podcast:remoteItem"), tag.node.children_named("podcast:valueRecipient")
        if (len(items) == 1) == bool(people):
            text = f"a valueTimeSplit has {len(items)} remoteItems and {len(people)} recipients"
            yield Finding(text, tag.node, key_of(tag))
        yield from _shares(tag.node, tag)


def _shares(node: Node, tag: Tag) -> Iterator[Finding]:
    people = [one for one in node.children_named("podcast:valueRecipient") if one.attributes.get("fee") != "true"]
    shares = [parse_count(one.attributes.get("split", "").strip()) for one in people]
    if node.children_named("podcast:valueRecipient") and all(share == 0 for share in shares):
        yield Finding("nobody but fees gets a share of the value", node, key_of(tag))


@rule(
    "pn.live",
    Severity.ERROR,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="Apps announce it by these, and open the stream from them.",
    mend="give title, guid, enclosure and a contentLink, with start before end",
)
def live(tag: Tag) -> Iterator[Finding]:
    """A liveItem has a title, guid, enclosure and contentLink, and ends after it starts."""
    if not of(tag, "pn.live"):
        return
    wrong = list(malformed(tag))
    yield from wrong
    yield from childless(tag)
    start, end = (tag.node.attributes.get(name, "").strip() for name in ("start", "end"))
    start_date, end_date = parse_iso_date(start), parse_iso_date(end)
    if start_date and end_date and not wrong and end_date <= start_date:
        yield Finding("a liveItem ends before it starts", tag.node, key_of(tag))


@rule(
    "pn.trailer",
    Severity.WARNING,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="Apps show it by its title, the newest one first.",
    mend="give url, a title, and pubdate as Sun, 01 Nov 2026 07:00:00 +0000",
)
def trailer(tag: Tag) -> Iterator[Finding]:
    """A trailer has a title, and its pubdate is a date of RFC 2822."""
    if not of(tag, "pn.trailer"):
        return
    said = tag.node.attributes.get("pubdate", "").strip()
    if not tag.node.text.strip():
        yield Finding("a trailer has no title", tag.node, key_of(tag))
    if said and (wrong := misdated(said)):
        yield Finding(f"a trailer's pubdate: {wrong}", tag.node, key_of(tag))
    yield from (finding for finding in malformed(tag) if " pubdate:" not in finding.text)


@rule(
    "pn.remote",
    Severity.ERROR,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="The other show is found by its podcast:guid and nothing else.",
    mend="give feedGuid, the other show's podcast:guid; a publisher is one remoteItem with medium publisher",
)
def remote(tag: Tag) -> Iterator[Finding]:
    """A remoteItem names a show by its UUID; a publisher is exactly one, of the medium publisher."""
    if not of(tag, "pn.remote"):
        return
    yield from malformed(tag)
    yield from childless(tag)
    if tag.node.key == "podcast:publisher":
        items = tag.node.children_named("podcast:remoteItem")
        if len(items) > 1 or any(one.attributes.get("medium") != "publisher" for one in items):
            yield Finding("a publisher is exactly one remoteItem with medium publisher", tag.node, key_of(tag))


@rule(
    "pn.geo",
    Severity.WARNING,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="Apps draw the place on a map from it.",
    mend="as geo:48.2082,16.3738 (latitude first), osm R109166, country AT",
)
def geo(tag: Tag) -> Iterator[Finding]:
    """A location's coordinates, OpenStreetMap id and country have their forms, and it has a name."""
    if not of(tag, "pn.geo"):
        return
    if not tag.node.text.strip():
        yield Finding("a location has no name", tag.node, key_of(tag))
    yield from malformed(tag)


@rule(
    "pn.rrule",
    Severity.WARNING,
    of=Tag,
    platforms="podcastindex",
    sources="PN",
    why="Apps tell by it when the next episode is due, and when to look for it.",
    mend="as rrule: FREQ=WEEKLY;BYDAY=MO, with start when it has a COUNT",
)
def frequency(tag: Tag) -> Iterator[Finding]:
    """UpdateFrequency has a recurrence of RFC 5545, dtstart where it counts, and ends when the show does."""
    if not of(tag, "pn.rrule"):
        return
    if not tag.node.text.strip():
        yield Finding("an updateFrequency has no text", tag.node, key_of(tag))
    yield from malformed(tag)
    rrule = tag.node.attributes.get("rrule", "")
    if "COUNT=" in rrule.upper() and not tag.node.attributes.get("dtstart") and not fault(Kind.RRULE, rrule):
        yield Finding("a recurrence with COUNT has no dtstart to count from", tag.node, key_of(tag))
    ended = tag.channel.text("itunes:complete").lower() == "yes"
    said = tag.node.attributes.get("complete", "")
    if said and (said == "true") != ended:
        text = "updateFrequency and itunes:complete disagree on whether the show has ended"
        yield Finding(text, tag.node, "complete")
