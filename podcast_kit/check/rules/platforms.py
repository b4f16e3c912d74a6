"""yt.*, st.*, sp.*: what one directory alone asks for."""

from __future__ import annotations

from collections.abc import Iterator

from podcast_kit.check import html_scan
from podcast_kit.check.context import Channel, Entry
from podcast_kit.check.registry import Finding, also, rule
from podcast_kit.check.rules.enclosure import suffix
from podcast_kit.errors import Severity
from podcast_kit.namespaces import Kind, fault

YOUTUBE_TITLE = 100
LONGEST = 255
"""Above it other rules speak."""


def untitled(title: str, what: str) -> str:
    """What YouTube would not take in a title; empty where it takes it."""
    if YOUTUBE_TITLE < len(title) <= LONGEST:
        return f"the title of {what} has {len(title)} characters, YouTube takes {YOUTUBE_TITLE}"
    if ("<" in title or ">" in title) and not html_scan.is_plain(title):
        return f"the title of {what} has < or >, which YouTube does not take"
    return ""


@rule(
    "yt.title",
    Severity.WARNING,
    of=Entry,
    platforms="youtube",
    sources="YT",
    why="YouTube refuses longer titles and any < or >, and does not read an episode again once it has it.",
    mend="keep to 100 characters, without < and >",
)
def youtube(entry: Entry) -> Iterator[Finding]:
    """Titles have at most 100 characters, and neither they nor the notes hold < or > beside their HTML."""
    if wrong := untitled(entry.title, entry.name):
        yield Finding(wrong, entry.first("title"), "title")
    text = html_scan.text(entry.text("description"))
    if "<" in text or ">" in text:
        level = Severity.HINT
        yield Finding(
            f"the notes of {entry.name} have < or > in their text", entry.first("description"), "notes", "", level
        )


@also("yt.title", of=Channel)
def youtube_show(channel: Channel) -> Iterator[Finding]:
    """The same for the show's title."""
    if wrong := untitled(channel.title, "the show"):
        yield Finding(wrong, channel.first("title"), "title")


@rule(
    "st.compat",
    Severity.WARNING,
    of=Channel,
    platforms="stitcher",
    sources="HOUSE RSS2",
    why="Stitcher closed on 29 August 2023. It took one address, and every old directory like it: RSS 2.0 with the "
    "iTunes tags, an owner's e-mail, guid, date, and MP3 with its length. Such a feed is read everywhere.",
    mend="offer MP3, with itunes:duration",
    asked=True,
)
def stitcher(channel: Channel) -> Iterator[Finding]:
    """Every episode is MP3 and says how long it is, as Stitcher and other old directories needed it."""
    for entry in channel.entries:
        if entry.url and suffix(entry.url) != ".mp3":
            yield Finding(f"{entry.name} is {suffix(entry.url)[1:] or 'nothing'} and not MP3", entry.first("enclosure"))
            return
    for entry in channel.entries:
        if entry.first("itunes:duration") is None:
            yield Finding(f"{entry.name} does not say how long it is", entry.node)
            return


@rule(
    "sp.tags",
    Severity.HINT,
    of=Channel,
    platforms="spotify",
    sources="SPD",
    why="Spotify keeps the newest of them only, or shows the show in those countries only.",
    mend="leave them out unless Spotify asked for them",
)
def spotify(channel: Channel) -> Iterator[Finding]:
    """Tags of Spotify's have the values that Spotify reads."""
    limit, countries = channel.first("spotify:limit"), channel.first("spotify:countryOfOrigin")
    if limit is not None and fault(Kind.WHOLE, limit.attributes.get("recentCount", "")):
        yield Finding(f"spotify:limit has recentCount {limit.attributes.get('recentCount', '')[:40]!r}", limit)
    if countries is not None and fault(Kind.COUNTRIES, countries.text.strip()):
        yield Finding(f"spotify:countryOfOrigin is {countries.text.strip()[:60]!r}", countries)
