"""Rules it.*: how the feed describes an episode."""

from __future__ import annotations

import re
from collections.abc import Iterator

from podcast_kit.check import html_scan
from podcast_kit.check.context import ItemView, find_date_error, is_complete_url
from podcast_kit.check.registry import Finding, rule
from podcast_kit.check.rules.channel import EMAIL
from podcast_kit.errors import Severity
from podcast_kit.text.numbers import parse_count
from podcast_kit.text.timecode import parse_duration

MAX_ITEM_DESCRIPTION_LEN_BYTES = 4_000
MAX_DESCRIPTION_LEN = 10_000
MIN_YEAR = 2000
MAX_DURATION_ERROR_S = 1
_EPISODE_NUMBER = re.compile(r"^(?:#\d+|(?:ep(?:isode)?|folge)\.?\s*#?\d+|s\d{1,2}\s?e\d{1,3})\b", re.IGNORECASE)
_NAMED_ZONE = re.compile(r"\b(?:[ECMP][SD]T|Z)$")
"""Zones that RSS allows and RFC 2822 calls obsolete."""
_TITLE_SEPARATOR = re.compile(r"\s*[:|#–—]|\s+-\s|\s+\d")
"""What separates a show's name from an episode's title."""
UNDISPLAYED_ELEMENTS = frozenset(
    {"h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "td", "th", "img"}
)


@rule(
    "it.title",
    Severity.ERROR,
    subject=ItemView,
    platforms="apple psp1 spotify amazon",
    sources="APRSS PSP",
    why="Directories reject an episode without a title; apps add the number and the show's name themselves, so they "
    "would appear twice.",
    fix="write only the title; number: and season: are separate keys",
)
def check_item_title(item: ItemView) -> Iterator[Finding]:
    """Every episode has a title in plain text, without its number and the show's name."""
    node = item.child("title") or item.child("itunes:title")
    title = item.title or item.child_text("itunes:title")
    show = item.channel.title
    starts_with_show = title.casefold().startswith(show.casefold()) and _TITLE_SEPARATOR.match(title[len(show) :])
    if not title:
        yield Finding(f"{item.name} has no title", node, "title")
    elif html := html_scan.find_html(title):
        yield Finding(f"the title contains HTML: {html!r}", node, "title")
    elif number := _EPISODE_NUMBER.search(title):
        text = f"the title of {item.name} starts with its number, {number[0]!r}"
        yield Finding(text, node, "title", severity=Severity.WARNING)
    elif show and starts_with_show:
        text = f"the title of {item.name} starts with the show's name"
        yield Finding(text, node, "title", severity=Severity.WARNING)


@rule(
    "it.pubdate",
    Severity.ERROR,
    subject=ItemView,
    platforms="spotify psp1 apple stitcher",
    sources="SPM PSP FV",
    why="Apps sort episodes by it; an episode with a date that they cannot read comes last or is dropped.",
    fix="write date: 2026-11-15 08:00 in the front matter; in the feed it becomes Sun, 15 Nov 2026 08:00:00 +0000",
)
def check_item_pubdate(item: ItemView) -> Iterator[Finding]:
    """Every episode has a pubDate in RFC 2822 form, with the right weekday and a numeric zone."""
    value = item.child_text("pubDate")
    if not value:
        yield Finding(f"{item.name} has no date", item.child("pubDate"), "date")
    elif problem := find_date_error(value):
        tolerated = not item.channel.context.own_feed and not find_date_error(_NAMED_ZONE.sub("GMT", value))
        text = (
            f"pubDate of {item.name} uses a zone name, which not every app knows"
            if tolerated
            else f"pubDate: {problem}"
        )
        severity = Severity.WARNING if tolerated else Severity.ERROR
        yield Finding(text, item.child("pubDate"), "date", severity=severity)


@rule(
    "it.pubdate.range",
    Severity.WARNING,
    subject=ItemView,
    platforms="podcastindex",
    sources="AN FV",
    why="AntennaPod drops a date in the future; Apple shows the episode as soon as it sees it.",
    fix="let the next publish after that date include it",
)
def check_item_pubdate_range(item: ItemView) -> Iterator[Finding]:
    """The pubDate is not before the year 2000 and not in the future."""
    date, now = item.date, item.channel.context.now
    if date and date.year < MIN_YEAR:
        yield Finding(f"{item.name} is dated {date:%Y}", item.child("pubDate"), "date")
    elif date and now and date > now and not item.channel.context.allow_future:
        severity = Severity.ERROR if item.channel.context.own_feed else Severity.WARNING
        yield Finding(f"{item.name} is dated in the future", item.child("pubDate"), "date", severity=severity)


@rule(
    "it.description",
    Severity.WARNING,
    subject=ItemView,
    platforms="apple psp1 spotify",
    sources="APRSS PSP PSP13",
    why="Apple rejects more than 10,000 characters; above 4,000 bytes, other apps cut the text anywhere.",
    fix="write notes; the complete notes go into content:encoded",
)
def check_item_description(item: ItemView) -> Iterator[Finding]:
    """Every episode has a description of at most 4,000 bytes, and never more than 10,000 characters."""
    description = item.child_text("description")
    node = item.child("description")
    size = len(description.encode())
    if not description:
        yield Finding(f"{item.name} has no description", node, "notes")
    elif len(description) > MAX_DESCRIPTION_LEN:
        text = f"the description of {item.name} has {len(description):,} characters"
        yield Finding(text, node, "notes", severity=Severity.ERROR)
    elif size > MAX_ITEM_DESCRIPTION_LEN_BYTES:
        yield Finding(f"the description of {item.name} has {size:,} bytes", node, "notes")


@rule(
    "it.description.html",
    Severity.WARNING,
    subject=ItemView,
    platforms="apple spotify psp1",
    sources="APRSS PSP13 FV",
    why="Apps remove scripts and forms or reject the feed; relative links are broken in an app.",
    fix="use p, ol, ul, li, a, b, i, strong, em and br, closed in order, with complete URLs",
)
def check_item_description_html(item: ItemView) -> Iterator[Finding]:
    """Notes use simple HTML, closed in order, with absolute links, and no scripts or forms."""
    for key in ("description", "content:encoded"):
        html = item.child_text(key)
        if "<" not in html:
            continue
        node = item.child(key)
        names = html_scan.element_names(html)
        if dangerous := sorted(names & html_scan.DANGEROUS_ELEMENTS):
            yield Finding(f"the notes of {item.name} contain <{dangerous[0]}>", node, "notes")
        elif problem := html_scan.find_unclosed_element(html):
            yield Finding(f"the notes of {item.name}: {problem}", node, "notes")
        elif url := html_scan.find_relative_link(html):
            text = f"the notes of {item.name} have a relative link, which is broken in apps: {url!r}"
            yield Finding(text, node, "notes")
        elif key == "description" and (undisplayed := sorted(names & UNDISPLAYED_ELEMENTS)):
            text = f"the notes of {item.name} use <{undisplayed[0]}>, which apps do not display"
            yield Finding(text, node, "notes", severity=Severity.HINT)


@rule(
    "it.description.order",
    Severity.WARNING,
    subject=ItemView,
    platforms="podcastindex",
    sources="FV AN GPO",
    why="Readers that stop at the first text use the long one; gPodder prefers itunes:summary to the notes.",
    fix="write description, then content:encoded, and no itunes:summary",
)
def check_item_description_order(item: ItemView) -> Iterator[Finding]:
    """The description comes before content:encoded, and there is no itunes:summary with another text."""
    short, full = item.child("description"), item.child("content:encoded")
    if short and full and (full.line, full.column) < (short.line, short.column):
        yield Finding(f"in {item.name}, content:encoded comes before description", full)
    summary = item.child("itunes:summary")
    if summary is not None and summary.text.strip() not in {"", item.child_text("description")}:
        text = f"{item.name} has an itunes:summary, which some apps show instead of the notes"
        yield Finding(text, summary, severity=Severity.HINT)


@rule(
    "it.duration",
    Severity.WARNING,
    subject=ItemView,
    platforms="apple stitcher",
    sources="APRSS FV",
    why="Apps show it and use it for the progress bar; some read MM:SS as hours and minutes.",
    fix="write whole seconds",
)
def check_item_duration(item: ItemView) -> Iterator[Finding]:
    """itunes:duration is whole seconds or HH:MM:SS, and within one second of the file's duration."""
    node = item.child("itunes:duration")
    value = item.child_text("itunes:duration")
    if node is None or _is_zero_or_negative(value):
        return  # reported by it.duration.zero
    seconds = parse_duration(value)
    file_seconds = item.built_item.enclosure.seconds if item.built_item else 0.0
    if seconds is None or "." in value:
        yield Finding(f"itunes:duration of {item.name} is {value[:40]!r}", node, "audio")
    elif file_seconds and abs(seconds - file_seconds) > MAX_DURATION_ERROR_S:
        text = f"itunes:duration of {item.name} is {seconds:.0f} s, but the file has {file_seconds:.1f} s"
        yield Finding(text, node, "audio")


@rule(
    "it.duration.zero",
    Severity.ERROR,
    subject=ItemView,
    platforms="apple stitcher",
    sources="HOUSE APRSS",
    why="Players treat an episode of zero length as played.",
    fix="write the seconds, or leave the tag out if the duration is unknown",
)
def check_item_duration_positive(item: ItemView) -> Iterator[Finding]:
    """itunes:duration is neither zero nor negative."""
    node = item.child("itunes:duration")
    value = item.child_text("itunes:duration")
    if node is not None and _is_zero_or_negative(value):
        yield Finding(f"itunes:duration of {item.name} is {value!r}", node, "audio")


def _is_zero_or_negative(duration: str) -> bool:
    return duration.startswith("-") or not duration.strip("0:.")


@rule(
    "it.episodeType",
    Severity.WARNING,
    subject=ItemView,
    platforms="apple",
    sources="APRSS",
    why="Apple shows trailers and bonus episodes separately, and treats an unknown value as a full episode.",
    fix="write type: full, trailer or bonus",
)
def check_item_episode_type(item: ItemView) -> Iterator[Finding]:
    """itunes:episodeType is full, trailer or bonus."""
    node = item.child("itunes:episodeType")
    if node is not None and node.text.strip() not in {"full", "trailer", "bonus"}:
        yield Finding(f"itunes:episodeType of {item.name} is {node.text.strip()[:40]!r}", node, "type")


@rule(
    "it.episode",
    Severity.WARNING,
    subject=ItemView,
    platforms="apple",
    sources="APRSS FV",
    why="Apple accepts whole numbers from 1, and drops 0 and fractions.",
    fix="set number: to a whole number, each used once per season",
)
def check_item_number(item: ItemView) -> Iterator[Finding]:
    """itunes:episode is a whole number of 1 or more."""
    node = item.child("itunes:episode")
    if node is not None and not parse_count(node.text.strip()):
        yield Finding(f"itunes:episode of {item.name} is {node.text.strip()[:40]!r}", node, "number")


@rule(
    "it.season",
    Severity.WARNING,
    subject=ItemView,
    platforms="apple",
    sources="APRSS",
    why="Apple accepts whole numbers from 1, and shows an episode without a season outside all seasons.",
    fix="set season: to a whole number, in every full episode or in none",
)
def check_item_season(item: ItemView) -> Iterator[Finding]:
    """itunes:season is a whole number of 1 or more."""
    node = item.child("itunes:season")
    if node is not None and not parse_count(node.text.strip()):
        yield Finding(f"itunes:season of {item.name} is {node.text.strip()[:40]!r}", node, "season")


@rule(
    "it.serial",
    Severity.ERROR,
    subject=ItemView,
    platforms="apple",
    sources="APRSS",
    why="Apps cannot play the story in order without numbers.",
    fix="set number: in every full episode, or type: episodic for the show",
)
def check_item_number_in_serial(item: ItemView) -> Iterator[Finding]:
    """In a serial show, every full episode has a number."""
    if item.channel.is_serial and item.is_full_episode and item.child("itunes:episode") is None:
        yield Finding(f"{item.name} has no number in a serial show", None, "number")


@rule(
    "it.explicit",
    Severity.WARNING,
    subject=ItemView,
    platforms="apple",
    sources="APRSS",
    why="Apple accepts only true and false.",
    fix="write explicit: true or explicit: false",
)
def check_item_explicit(item: ItemView) -> Iterator[Finding]:
    """itunes:explicit of an episode, if present, is true or false."""
    node = item.child("itunes:explicit")
    value = item.child_text("itunes:explicit")
    if node is None or value in {"true", "false"}:
        return
    outdated = value.lower() in {"yes", "no", "clean", "true", "false"}
    severity = Severity.WARNING if outdated and not item.channel.context.own_feed else Severity.ERROR
    yield Finding(f"itunes:explicit of {item.name} is {value[:40]!r}", node, "explicit", severity=severity)


@rule(
    "it.image",
    Severity.WARNING,
    subject=ItemView,
    platforms="apple spotify",
    sources="AP896",
    why="If the image cannot be loaded, the episode has no artwork.",
    fix="set image: to a JPEG or PNG next to the episode",
)
def check_item_image(item: ItemView) -> Iterator[Finding]:
    """The URL of an episode's own artwork is complete."""
    for node in item.children_named("itunes:image"):
        url = node.attributes.get("href", "")
        if not is_complete_url(url):
            yield Finding(f"the artwork of {item.name} is {url[:80]!r}, not a URL", node, "image")


@rule(
    "it.link",
    Severity.HINT,
    subject=ItemView,
    platforms="apple",
    sources="APRSS",
    why="Apps show it as the episode's website.",
    fix="give the complete URL of the episode's page",
)
def check_item_link(item: ItemView) -> Iterator[Finding]:
    """Every episode links to its page."""
    url = item.child_text("link")
    if not is_complete_url(url):
        problem = f"is not a URL: {url[:80]!r}" if url else "is missing"
        yield Finding(f"the link to the page of {item.name} {problem}", item.child("link"))


@rule(
    "it.block",
    Severity.WARNING,
    subject=ItemView,
    platforms="apple",
    sources="APRSS",
    why="Yes removes the episode from Apple Podcasts; other values have no effect.",
    fix="remove it unless the episode should be hidden",
)
def check_item_block(item: ItemView) -> Iterator[Finding]:
    """itunes:block of an episode is Yes or absent; Yes hides the episode."""
    node = item.child("itunes:block")
    if node is not None:
        value = node.text.strip()
        hidden = value.lower() in {"yes", "true"}
        effect = f"hides {item.name}" if hidden else f"of {item.name} is {value[:40]!r}, which has no effect"
        yield Finding(f"itunes:block {effect}", node, "block")


@rule(
    "it.author",
    Severity.HINT,
    subject=ItemView,
    sources="RSS2 FV",
    why="RSS expects an email address there, and readers offer to write to it.",
    fix="use itunes:author or podcast:person for a name",
)
def check_item_author(item: ItemView) -> Iterator[Finding]:
    """The RSS author, if present, is an email address."""
    for node in item.children_named("author"):
        email = re.sub(r"\s*\([^()]*\)$", "", node.text.strip())
        if not EMAIL.fullmatch(email):
            yield Finding(f"author of {item.name} is {node.text.strip()[:60]!r}", node)
