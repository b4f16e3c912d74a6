"""it.*: what the feed says of an episode."""

from __future__ import annotations

import re
from collections.abc import Iterator

from podcast_kit.check import html_scan
from podcast_kit.check.context import Entry, misdated, web
from podcast_kit.check.registry import Finding, rule
from podcast_kit.check.rules.channel import EMAIL
from podcast_kit.errors import Severity
from podcast_kit.text.numbers import parse_count
from podcast_kit.text.timecode import parse_duration

WARN, HINT, ERROR = Severity.WARNING, Severity.HINT, Severity.ERROR
MOST_BYTES = 4_000
MOST_CHARACTERS = 10_000
FIRST_YEAR = 2000
NUMBERED = re.compile(r"^(?:#\d+|(?:ep(?:isode)?|folge)\.?\s*#?\d+|s\d{1,2}\s?e\d{1,3})\b", re.IGNORECASE)
NAMED_ZONE = re.compile(r"\b(?:[ECMP][SD]T|Z)$")
"""Zones that RSS allows and RFC 2822 calls obsolete."""
PARTED = re.compile(r"\s*[:|#–—]|\s+-\s|\s+\d")
"""What parts a show's name from an episode's title."""
HARMFUL = html_scan.DANGEROUS
_NOT_SHOWN = "h1 h2 h3 h4 h5 h6 table thead tbody tr td th img"
NOT_SHOWN = frozenset(_NOT_SHOWN.split())


@rule(
    "it.title",
    Severity.ERROR,
    of=Entry,
    platforms="apple psp1 spotify amazon",
    sources="APRSS PSP",
    why="An episode without a title is refused; numbers and the show's name in it are shown twice by apps that know "
    "itunes:episode.",
    mend="write the bare title; number: and season: have keys of their own",
)
def title(entry: Entry) -> Iterator[Finding]:
    """Every episode has a title in plain text, without its number and without the show's name."""
    node = entry.first("title") or entry.first("itunes:title")
    said = entry.title or entry.text("itunes:title")
    show = entry.channel.title
    if not said:
        yield Finding(f"{entry.name} has no title", node, "title")
    elif found := html_scan.is_plain(said):
        yield Finding(f"the title holds HTML: {found!r}", node, "title")
    elif number := NUMBERED.search(said):
        yield Finding(f"the title of {entry.name} begins with its number, {number[0]!r}", node, "title", severity=WARN)
    elif show and PARTED.match(said[len(show) :]) and said.casefold().startswith(show.casefold()):
        yield Finding(f"the title of {entry.name} begins with the show's name", node, "title", severity=WARN)


@rule(
    "it.pubdate",
    Severity.ERROR,
    of=Entry,
    platforms="spotify psp1 apple stitcher",
    sources="SPM PSP FV",
    why="Apps order episodes by it; one that they cannot read puts the episode at the end, or out.",
    mend="write date: 2026-11-15 08:00 in the front matter; the feed's form is Sun, 15 Nov 2026 08:00:00 +0000",
)
def pubdate(entry: Entry) -> Iterator[Finding]:
    """Every episode has a pubDate in the form of RFC 2822, with its right weekday and a numeric zone."""
    said = entry.text("pubDate")
    if not said:
        yield Finding(f"{entry.name} has no date", entry.first("pubDate"), "date")
    elif wrong := misdated(said):
        old = not entry.channel.facts.ours and not misdated(NAMED_ZONE.sub("GMT", said))
        text = f"pubDate of {entry.name} names its zone, which not every app knows" if old else f"pubDate: {wrong}"
        yield Finding(text, entry.first("pubDate"), "date", severity=WARN if old else ERROR)


@rule(
    "it.pubdate.range",
    Severity.WARNING,
    of=Entry,
    platforms="podcastindex",
    sources="AN FV",
    why="AntennaPod drops a date of the future; Apple shows the episode as soon as it sees it.",
    mend="let the scheduled run publish it when it is due",
)
def pubdate_range(entry: Entry) -> Iterator[Finding]:
    """PubDate is not before the year 2000 and not in the future."""
    when, now = entry.date, entry.channel.facts.now
    if when and when.year < FIRST_YEAR:
        yield Finding(f"{entry.name} is dated {when:%Y}", entry.first("pubDate"), "date")
    elif when and now and when > now and not entry.channel.facts.scheduled:
        level = ERROR if entry.channel.facts.ours else WARN
        yield Finding(f"{entry.name} is dated in the future", entry.first("pubDate"), "date", severity=level)


@rule(
    "it.description",
    Severity.WARNING,
    of=Entry,
    platforms="apple psp1 spotify",
    sources="APRSS PSP PSP13",
    why="Apple refuses more than 10,000 characters; above 4,000 bytes others cut where they like.",
    mend="write notes; content:encoded may hold them in full",
)
def description(entry: Entry) -> Iterator[Finding]:
    """Every episode has a description of at most 4,000 bytes, and never more than 10,000 characters."""
    said = entry.text("description")
    node = entry.first("description")
    size = len(said.encode())
    if not said:
        yield Finding(f"{entry.name} has no description", node, "notes")
    elif len(said) > MOST_CHARACTERS:
        yield Finding(f"the description of {entry.name} has {len(said):,} characters", node, "notes", severity=ERROR)
    elif size > MOST_BYTES:
        yield Finding(f"the description of {entry.name} has {size:,} bytes", node, "notes")


@rule(
    "it.description.html",
    Severity.WARNING,
    of=Entry,
    platforms="apple spotify psp1",
    sources="APRSS PSP13 FV",
    why="Scripts and forms are thrown out or get the feed refused; relative links lead nowhere in an app.",
    mend="use p, ol, ul, li, a, b, i, strong, em and br, closed in order, with whole addresses",
)
def description_html(entry: Entry) -> Iterator[Finding]:
    """Notes use simple HTML, closed in order, with absolute links; no scripts and no forms."""
    for key in ("description", "content:encoded"):
        html = entry.text(key)
        if "<" not in html:
            continue
        node = entry.first(key)
        used = html_scan.names(html)
        if harmful := sorted(used & HARMFUL):
            yield Finding(f"the notes of {entry.name} hold <{harmful[0]}>", node, "notes")
        elif wrong := html_scan.unbalanced(html):
            yield Finding(f"the notes of {entry.name}: {wrong}", node, "notes")
        elif address := html_scan.relative(html):
            yield Finding(f"the notes of {entry.name} link to {address!r}, which leads nowhere", node, "notes")
        elif key == "description" and (unseen := sorted(used & NOT_SHOWN)):
            yield Finding(
                f"the notes of {entry.name} use <{unseen[0]}>, which apps leave out", node, "notes", severity=HINT
            )


@rule(
    "it.description.order",
    Severity.WARNING,
    of=Entry,
    platforms="podcastindex",
    sources="FV AN GPO",
    why="Readers that stop at the first text take the long one; gPodder prefers itunes:summary to the notes.",
    mend="write description, then content:encoded, and no itunes:summary",
)
def description_order(entry: Entry) -> Iterator[Finding]:
    """Description comes before content:encoded, and there is no itunes:summary beside it."""
    short, full = entry.first("description"), entry.first("content:encoded")
    if short and full and (full.line, full.column) < (short.line, short.column):
        yield Finding(f"in {entry.name}, content:encoded comes before description", full)
    summary = entry.first("itunes:summary")
    if summary is not None and summary.text.strip() not in {"", entry.text("description")}:
        yield Finding(f"{entry.name} has an itunes:summary, which hides its notes in some apps", summary, severity=HINT)


@rule(
    "it.duration",
    Severity.WARNING,
    of=Entry,
    platforms="apple stitcher",
    sources="APRSS FV",
    why="Apps show it and draw the position by it; some read MM:SS as hours.",
    mend="write whole seconds",
)
def length(entry: Entry) -> Iterator[Finding]:
    """itunes:duration is whole seconds, or HH:MM:SS, and agrees with the file within one second."""
    node = entry.first("itunes:duration")
    said = entry.text("itunes:duration")
    if node is None or said.lstrip("-").strip("0:.") == "" or said.startswith("-"):
        return  # it.duration.zero has that
    seconds = parse_duration(said)
    exact = entry.item.enclosure.seconds if entry.item else 0.0
    if seconds is None or "." in said:
        yield Finding(f"itunes:duration of {entry.name} is {said[:40]!r}", node, "audio")
    elif exact and abs(seconds - exact) > 1:
        text = f"itunes:duration of {entry.name} is {seconds:.0f} s, the file has {exact:.1f} s"
        yield Finding(text, node, "audio")


@rule(
    "it.duration.zero",
    Severity.ERROR,
    of=Entry,
    platforms="apple stitcher",
    sources="HOUSE APRSS",
    why="Players take an episode of no length for played, and mark it so.",
    mend="leave the tag out if nobody knows, else write the seconds",
)
def no_length(entry: Entry) -> Iterator[Finding]:
    """itunes:duration is neither 0 nor negative."""
    node = entry.first("itunes:duration")
    said = entry.text("itunes:duration")
    if node is not None and (said.startswith("-") or said.strip("0:.") == ""):
        yield Finding(f"itunes:duration of {entry.name} is {said!r}", node, "audio")


@rule(
    "it.episodeType",
    Severity.WARNING,
    of=Entry,
    platforms="apple",
    sources="APRSS",
    why="Apple shows trailers and bonuses apart; a word it does not know is a full episode.",
    mend="write type: full, trailer or bonus",
)
def kind(entry: Entry) -> Iterator[Finding]:
    """itunes:episodeType is full, trailer or bonus."""
    node = entry.first("itunes:episodeType")
    if node is not None and node.text.strip() not in {"full", "trailer", "bonus"}:
        yield Finding(f"itunes:episodeType of {entry.name} is {node.text.strip()[:40]!r}", node, "type")


@rule(
    "it.episode",
    Severity.WARNING,
    of=Entry,
    platforms="apple",
    sources="APRSS FV",
    why="Apple takes whole numbers from 1 on; a 0 or a fraction is dropped.",
    mend="write number: as a whole number, each once in its season",
)
def number(entry: Entry) -> Iterator[Finding]:
    """itunes:episode is a whole number of 1 or more."""
    node = entry.first("itunes:episode")
    if node is not None and not parse_count(node.text.strip()):
        yield Finding(f"itunes:episode of {entry.name} is {node.text.strip()[:40]!r}", node, "number")


@rule(
    "it.season",
    Severity.WARNING,
    of=Entry,
    platforms="apple",
    sources="APRSS",
    why="Apple takes whole numbers from 1 on; an episode without a season stands outside of all of them.",
    mend="write season: as a whole number, in every full episode or in none",
)
def season(entry: Entry) -> Iterator[Finding]:
    """itunes:season is a whole number of 1 or more."""
    node = entry.first("itunes:season")
    if node is not None and not parse_count(node.text.strip()):
        yield Finding(f"itunes:season of {entry.name} is {node.text.strip()[:40]!r}", node, "season")


@rule(
    "it.serial",
    Severity.ERROR,
    of=Entry,
    platforms="apple",
    sources="APRSS",
    why="A story without numbers is told in no order.",
    mend="write number: in every full episode, or type: episodic for the show",
)
def serial(entry: Entry) -> Iterator[Finding]:
    """In a serial show every full episode has a number."""
    if entry.channel.serial and entry.full and entry.first("itunes:episode") is None:
        yield Finding(f"{entry.name} has no number in a serial show", None, "number")


@rule(
    "it.explicit",
    Severity.WARNING,
    of=Entry,
    platforms="apple",
    sources="APRSS",
    why="Apple reads only true and false.",
    mend="write explicit: true or explicit: false",
)
def explicit(entry: Entry) -> Iterator[Finding]:
    """itunes:explicit, where an episode has it, is true or false."""
    node = entry.first("itunes:explicit")
    said = entry.text("itunes:explicit")
    if node is None or said in {"true", "false"}:
        return
    old = said.lower() in {"yes", "no", "clean", "true", "false"}
    level = WARN if old and not entry.channel.facts.ours else ERROR
    yield Finding(f"itunes:explicit of {entry.name} is {said[:40]!r}", node, "explicit", severity=level)


@rule(
    "it.image",
    Severity.WARNING,
    of=Entry,
    platforms="apple spotify",
    sources="AP896",
    why="A picture that cannot be fetched leaves the episode with none.",
    mend="write image: with a JPEG or PNG that lies beside the episode",
)
def image(entry: Entry) -> Iterator[Finding]:
    """An episode's own artwork has a whole address."""
    for node in entry.all("itunes:image"):
        address = node.attributes.get("href", "")
        if not web(address):
            yield Finding(f"the artwork of {entry.name} is {address[:80]!r}", node, "image")


@rule(
    "it.link",
    Severity.HINT,
    of=Entry,
    platforms="apple",
    sources="APRSS",
    why="Apps offer it as the episode's website.",
    mend="give the whole address of the episode's page",
)
def link(entry: Entry) -> Iterator[Finding]:
    """Every episode links to its page."""
    address = entry.text("link")
    if not web(address):
        said = f"is {address[:80]!r}" if address else "is missing"
        yield Finding(f"the link to the page of {entry.name} {said}", entry.first("link"))


@rule(
    "it.block",
    Severity.WARNING,
    of=Entry,
    platforms="apple",
    sources="APRSS",
    why="Yes takes the episode out of Apple Podcasts; any other value does nothing.",
    mend="remove it unless the episode is meant to be hidden",
)
def block(entry: Entry) -> Iterator[Finding]:
    """itunes:block hides an episode, and is Yes or absent."""
    node = entry.first("itunes:block")
    if node is not None:
        hidden = node.text.strip().lower() in {"yes", "true"}
        what = f"hides {entry.name}" if hidden else f"of {entry.name} is {node.text.strip()[:40]!r}, which does nothing"
        yield Finding(f"itunes:block {what}", node, "block")


@rule(
    "it.author",
    Severity.HINT,
    of=Entry,
    sources="RSS2 FV",
    why="RSS means an e-mail address there, and readers offer to write to it.",
    mend="use itunes:author or podcast:person for a name",
)
def author(entry: Entry) -> Iterator[Finding]:
    """RSS author, where it is given, is an e-mail address."""
    for node in entry.all("author"):
        address = re.sub(r"\s*\([^()]*\)$", "", node.text.strip())
        if not EMAIL.fullmatch(address):
            yield Finding(f"author of {entry.name} is {node.text.strip()[:60]!r}", node)
