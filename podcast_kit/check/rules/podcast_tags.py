"""Rules pn.* of single tags of the podcast namespace, beyond its table."""

from __future__ import annotations

from collections.abc import Iterator

from podcast_kit.check.context import TagView, find_date_error
from podcast_kit.check.registry import Finding, rule
from podcast_kit.check.rules.people import GROUPS, ROLES
from podcast_kit.check.rules.podcast_namespace import (
    TAG_RULES,
    find_malformed_values,
    find_missing_children,
    yaml_key_of,
)
from podcast_kit.errors import Severity
from podcast_kit.namespaces import ValueType, find_value_error
from podcast_kit.text.dates import parse_iso_date
from podcast_kit.text.numbers import format_count, parse_count

MIN_SOUNDBITE_S, MAX_SOUNDBITE_S = 15, 120


def _belongs_to_rule(tag: TagView, code: str) -> bool:
    """Whether the tag is checked by this rule."""
    return TAG_RULES.get(tag.node.key) == code


@rule(
    "pn.person",
    Severity.WARNING,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="Apps group people by role and group, and do not show unknown ones.",
    fix="choose a role and a group from the namespace's list, such as guest and cast",
)
def check_person(tag: TagView) -> Iterator[Finding]:
    """A person has a name, and a role and group from the namespace's list."""
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
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="Apps play it as a preview, and skip one that is too long or ends after the episode.",
    fix="give start and duration in seconds; it must be 15–120 s and within the episode",
)
def check_soundbite(tag: TagView) -> Iterator[Finding]:
    """A soundbite is 15 to 120 seconds long and within its episode."""
    if tag.node.key != "podcast:soundbite":
        return
    malformed = list(find_malformed_values(tag))
    yield from malformed
    start, duration = (tag.node.attributes.get(name, "") for name in ("startTime", "duration"))
    if malformed or not start.strip() or not duration.strip():
        return
    episode_s = tag.item.seconds if tag.item else 0.0
    if not MIN_SOUNDBITE_S <= float(duration) <= MAX_SOUNDBITE_S:
        text = f"a soundbite is {float(duration):g} s long; must be {MIN_SOUNDBITE_S}–{MAX_SOUNDBITE_S} s"
        yield Finding(text, tag.node, "soundbites")
    elif episode_s and float(start) + float(duration) > episode_s:
        text = f"a soundbite ends at {float(start) + float(duration):g} s, but the episode at {episode_s:g} s"
        yield Finding(text, tag.node, "soundbites")


@rule(
    "pn.season.agree",
    Severity.WARNING,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="Some apps show one number, others the other.",
    fix="set number: and season: once; both tags are made from them",
)
def check_season_agreement(tag: TagView) -> Iterator[Finding]:
    """podcast:season and podcast:episode have the same numbers as itunes:season and itunes:episode."""
    if not _belongs_to_rule(tag, "pn.season.agree"):
        return
    name = tag.node.key.partition(":")[2]
    malformed = list(find_malformed_values(tag))
    yield from malformed
    itunes_number = tag.item.child_text(f"itunes:{name}") if tag.item else ""
    number = tag.node.text.strip()
    if not itunes_number or not number or malformed or parse_count(itunes_number) is None:
        return
    if float(number) != float(itunes_number):
        key = "number" if name == "episode" else "season"
        yield Finding(f"{tag.node.name} is {number[:20]}, but itunes:{name} is {itunes_number[:20]}", tag.node, key)


@rule(
    "pn.altenc",
    Severity.ERROR,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="An alternate enclosure without a URL cannot be played; if there are two defaults, apps choose either one.",
    fix="give each at least one source with its uri, and set at most one default",
)
def check_alternate_enclosure(tag: TagView) -> Iterator[Finding]:
    """An alternateEnclosure has a source and valid values, and at most one is the default."""
    if not _belongs_to_rule(tag, "pn.altenc"):
        return
    yield from find_malformed_values(tag)
    if tag.node.key != "podcast:alternateEnclosure":
        return
    yield from find_missing_children(tag)
    if tag.siblings.child(tag.node.key) is tag.node:
        alternates = tag.siblings.children_named(tag.node.key)
        defaults = [alternate for alternate in alternates if alternate.attributes.get("default") == "true"]
        for alternate in defaults[1:2]:
            yield Finding(f"{len(defaults)} alternateEnclosures are the default", alternate, yaml_key_of(tag))


@rule(
    "pn.value",
    Severity.ERROR,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="Payments without a valid recipient are not sent, or go to the wrong person.",
    fix="give each recipient a whole number of shares; a time split has one remoteItem, or recipients",
)
def check_value(tag: TagView) -> Iterator[Finding]:
    """A value has recipients whose shares are whole numbers and not all 0; a time split has one target."""
    if not _belongs_to_rule(tag, "pn.value"):
        return
    yield from find_malformed_values(tag)
    if tag.node.key == "podcast:value":
        yield from find_missing_children(tag)
        yield from _find_missing_shares(tag)
    if tag.node.key == "podcast:valueTimeSplit":
        items, recipients = (tag.node.children_named(f"podcast:{name}") for name in ("remoteItem", "valueRecipient"))
        if (len(items) == 1) == bool(recipients):
            counts = f"{format_count(len(items), 'remoteItem')} and {format_count(len(recipients), 'recipient')}"
            yield Finding(f"a valueTimeSplit has {counts}", tag.node, yaml_key_of(tag))
        yield from _find_missing_shares(tag)


def _find_missing_shares(tag: TagView) -> Iterator[Finding]:
    recipients = tag.node.children_named("podcast:valueRecipient")
    shares = [
        parse_count(recipient.attributes.get("split", "").strip())
        for recipient in recipients
        if recipient.attributes.get("fee") != "true"
    ]
    if recipients and all(share == 0 for share in shares):
        yield Finding("no recipient except for fees gets a share of the value", tag.node, yaml_key_of(tag))


@rule(
    "pn.live",
    Severity.ERROR,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="Apps use these to announce the live show and to open the stream.",
    fix="add title, guid, enclosure and a contentLink, with start before end",
)
def check_live_item(tag: TagView) -> Iterator[Finding]:
    """A liveItem has a title, guid, enclosure and contentLink, and ends after it starts."""
    if not _belongs_to_rule(tag, "pn.live"):
        return
    malformed = list(find_malformed_values(tag))
    yield from malformed
    yield from find_missing_children(tag)
    start, end = (parse_iso_date(tag.node.attributes.get(name, "").strip()) for name in ("start", "end"))
    if start and end and not malformed and end <= start:
        yield Finding("a liveItem ends before it starts", tag.node, yaml_key_of(tag))


@rule(
    "pn.trailer",
    Severity.WARNING,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="Apps show the trailer's title, the newest trailer first.",
    fix="give url, a title, and pubdate as Sun, 01 Nov 2026 07:00:00 +0000",
)
def check_trailer(tag: TagView) -> Iterator[Finding]:
    """A trailer has a title, and its pubdate is an RFC 2822 date."""
    if not _belongs_to_rule(tag, "pn.trailer"):
        return
    pubdate = tag.node.attributes.get("pubdate", "").strip()
    if not tag.node.text.strip():
        yield Finding("a trailer has no title", tag.node, yaml_key_of(tag))
    if pubdate and (problem := find_date_error(pubdate)):
        yield Finding(f"the pubdate of a trailer: {problem}", tag.node, yaml_key_of(tag))
    yield from (finding for finding in find_malformed_values(tag) if " pubdate:" not in finding.text)


@rule(
    "pn.remote",
    Severity.ERROR,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="Apps find the other show only by its podcast:guid.",
    fix="set feedGuid to the other show's podcast:guid; a publisher is one remoteItem with medium publisher",
)
def check_remote_item(tag: TagView) -> Iterator[Finding]:
    """A remoteItem names a show by its UUID; a publisher is exactly one remoteItem with the medium publisher."""
    if not _belongs_to_rule(tag, "pn.remote"):
        return
    yield from find_malformed_values(tag)
    yield from find_missing_children(tag)
    if tag.node.key == "podcast:publisher":
        items = tag.node.children_named("podcast:remoteItem")
        if len(items) > 1 or any(item.attributes.get("medium") != "publisher" for item in items):
            text = "a publisher must be exactly one remoteItem with medium publisher"
            yield Finding(text, tag.node, yaml_key_of(tag))


@rule(
    "pn.geo",
    Severity.WARNING,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="Apps use it to show the place on a map.",
    fix="write geo:48.2082,16.3738 (latitude first), osm R109166, country AT",
)
def check_location(tag: TagView) -> Iterator[Finding]:
    """A location has a name, and valid coordinates, OpenStreetMap id and country."""
    if not _belongs_to_rule(tag, "pn.geo"):
        return
    if not tag.node.text.strip():
        yield Finding("a location has no name", tag.node, yaml_key_of(tag))
    yield from find_malformed_values(tag)


@rule(
    "pn.rrule",
    Severity.WARNING,
    subject=TagView,
    platforms="podcastindex",
    sources="PN",
    why="Apps use it to predict the next episode and to decide when to look for it.",
    fix="write rrule: FREQ=WEEKLY;BYDAY=MO, with start if it has a COUNT",
)
def check_update_frequency(tag: TagView) -> Iterator[Finding]:
    """An updateFrequency is an RFC 5545 recurrence, has a dtstart if it has a COUNT, and ends when the show does."""
    if not _belongs_to_rule(tag, "pn.rrule"):
        return
    key = yaml_key_of(tag)
    if not tag.node.text.strip():
        yield Finding("an updateFrequency has no text", tag.node, key)
    yield from find_malformed_values(tag)
    rrule = tag.node.attributes.get("rrule", "")
    has_start = bool(tag.node.attributes.get("dtstart"))
    if "COUNT=" in rrule.upper() and not has_start and not find_value_error(ValueType.RRULE, rrule):
        yield Finding("a recurrence with COUNT has no dtstart to count from", tag.node, key)
    show_is_complete = tag.channel.child_text("itunes:complete").lower() == "yes"
    complete = tag.node.attributes.get("complete", "")
    if complete and (complete == "true") != show_is_complete:
        text = "updateFrequency and itunes:complete disagree about whether the show has ended"
        yield Finding(text, tag.node, "complete")
