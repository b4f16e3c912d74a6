"""Rules yt.*, st.* and sp.*: requirements of a single directory."""

from __future__ import annotations

from collections.abc import Iterator

from podcast_kit.check import html_scan
from podcast_kit.check.context import ChannelView, ItemView
from podcast_kit.check.registry import Finding, also_checks, rule
from podcast_kit.check.rules.channel import MAX_TITLE_LEN
from podcast_kit.check.rules.enclosure import url_suffix
from podcast_kit.errors import Severity
from podcast_kit.namespaces import ValueType, find_value_error

MAX_YOUTUBE_TITLE_LEN = 100


def _find_youtube_title_error(title: str, owner: str) -> str:
    """What YouTube does not accept in the title of `owner`, in words; empty if it accepts it."""
    if MAX_YOUTUBE_TITLE_LEN < len(title) <= MAX_TITLE_LEN:  # longer ones are reported by other rules
        return f"the title of {owner} has {len(title)} characters, more than YouTube's {MAX_YOUTUBE_TITLE_LEN}"
    if ("<" in title or ">" in title) and not html_scan.find_html(title):
        return f"the title of {owner} contains < or >, which YouTube does not accept"
    return ""


@rule(
    "yt.title",
    Severity.WARNING,
    subject=ItemView,
    platforms="youtube",
    sources="YT",
    why="YouTube rejects longer titles and any < or >, and does not read an episode again once it has it.",
    fix="use at most 100 characters, without < and >",
)
def check_youtube_item_title(item: ItemView) -> Iterator[Finding]:
    """Titles have at most 100 characters, and neither they nor the text of the notes contain < or >."""
    if problem := _find_youtube_title_error(item.title, item.name):
        yield Finding(problem, item.child("title"), "title")
    notes = html_scan.html_to_text(item.child_text("description"))
    if "<" in notes or ">" in notes:
        text = f"the text of the notes of {item.name} contains < or >"
        yield Finding(text, item.child("description"), "notes", severity=Severity.HINT)


@also_checks("yt.title", subject=ChannelView)
def check_youtube_channel_title(channel: ChannelView) -> Iterator[Finding]:
    """The same for the show's title."""
    if problem := _find_youtube_title_error(channel.title, "the show"):
        yield Finding(problem, channel.child("title"), "title")


@rule(
    "st.compat",
    Severity.WARNING,
    subject=ChannelView,
    platforms="stitcher",
    sources="HOUSE RSS2",
    why="Stitcher closed on 29 August 2023, but other old directories have the same requirements: RSS 2.0 with the "
    "iTunes tags, an owner's email, guid, date, and MP3 with its length. Such a feed works everywhere.",
    fix="provide MP3, with itunes:duration",
    opt_in=True,
)
def check_stitcher_compatibility(channel: ChannelView) -> Iterator[Finding]:
    """Every episode is MP3 and has a duration, as Stitcher and other old directories require."""
    for item in channel.items:
        suffix = url_suffix(item.url)
        if item.url and suffix != ".mp3":
            text = (
                f"the audio of {item.name} is {suffix}, not .mp3" if suffix else f"the audio of {item.name} is not .mp3"
            )
            yield Finding(text, item.child("enclosure"))
            return
    for item in channel.items:
        if item.child("itunes:duration") is None:
            yield Finding(f"{item.name} has no itunes:duration", item.node)
            return


@rule(
    "sp.tags",
    Severity.HINT,
    subject=ChannelView,
    platforms="spotify",
    sources="SPD",
    why="They make Spotify keep only the newest episodes, or show the podcast only in these countries.",
    fix="remove them unless Spotify asked for them",
)
def check_spotify_tags(channel: ChannelView) -> Iterator[Finding]:
    """Spotify's own tags have values that Spotify reads."""
    limit, countries = channel.child("spotify:limit"), channel.child("spotify:countryOfOrigin")
    if limit is not None and find_value_error(ValueType.WHOLE, limit.attributes.get("recentCount", "")):
        yield Finding(f"recentCount of spotify:limit is {limit.attributes.get('recentCount', '')[:40]!r}", limit)
    if countries is not None and find_value_error(ValueType.COUNTRIES, countries.text.strip()):
        yield Finding(f"spotify:countryOfOrigin is {countries.text.strip()[:60]!r}", countries)
