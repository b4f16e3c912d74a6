"""What a feed's items say, as episodes: guids letter for letter, notes as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from posixpath import splitext
from urllib.parse import urlsplit

from podcast_kit.importer.elements import Remarks, flag, line, others, people, read_or, wanted
from podcast_kit.importer.model import ImportedEpisode, ImportedShow, Wanted
from podcast_kit.importer.strip_prompts import Invitations
from podcast_kit.io.mime import content_type
from podcast_kit.model import EpisodeType, Node
from podcast_kit.source import episode
from podcast_kit.source.notes import from_html as html_notes
from podcast_kit.source.yaml import converters
from podcast_kit.text.dates import parse_rfc2822
from podcast_kit.text.numbers import parse_count
from podcast_kit.text.timecode import parse_duration

TRANSCRIPTS = {
    "text/vtt": ".vtt",
    "application/x-subrip": ".srt",
    "application/srt": ".srt",
    "application/json": ".json",
    "text/html": ".html",
    "text/plain": ".txt",
}
SOUNDS = {
    "audio/mpeg": ".mp3",
    "audio/mp3": ".mp3",
    "audio/mp4": ".m4a",
    "audio/x-m4a": ".m4a",
    "audio/aac": ".m4a",
    "audio/ogg": ".ogg",
    "audio/opus": ".opus",
    "audio/flac": ".flac",
}
FIRST, LAST = 1970, 2199
"""Years that notes can say."""
SUMMARY = 4000
"""Characters of a description that is a summary: Apple's limit."""


class Items:
    """The items of one feed, among which slugs and guids must not meet again."""

    def __init__(self, show: ImportedShow, remarks: Remarks, invitations: Invitations, site: str = "") -> None:
        self.show = show
        self.remarks = remarks
        self.invitations = invitations
        self.site = site
        self.slugs: set[str] = set()
        self.guids: set[str] = set()

    def read(self, nodes: Iterable[Node]) -> Iterator[ImportedEpisode]:
        """The episodes, numbered in the order given where they have no number; what is none is left out and told."""
        for number, node in enumerate(nodes, 1):
            enclosure = node.child("enclosure") or Node("enclosure", "enclosure")
            url = read_or(converters.url, enclosure.attributes.get("url", ""), "")
            guid = line(node.child_text("guid")) or url  # apps fall back on the file's address
            title = line(node.child_text("title")) or line(node.child_text("itunes:title"))
            named = f"“{title[:60]}”" if title else guid or "an item"
            if not url:
                self.remarks.say(node, f"{named} has no enclosure that could be heard", "it is left out")
            elif guid in self.guids:
                self.remarks.say(node, f"{named} has the guid of another item; apps show one of them", "it is left out")
            else:
                self.guids.add(guid)
                yield self.episode(node, enclosure, url, guid, title, number)

    def episode(self, node: Node, enclosure: Node, url: str, guid: str, title: str, position: int) -> ImportedEpisode:
        """One item."""
        number = parse_count(node.child_text("itunes:episode")) or None
        slug = self.slug(number or position, title)
        date = parse_rfc2822(node.child_text("pubDate"))
        if date is None or not FIRST <= date.year <= LAST:
            self.remarks.say(node, f"“{title}” has no date that can be read", "it is a draft until you write its date")
            date = None
        short = node.child_text("description") or node.child_text("itunes:summary") or node.child_text("itunes:subtitle")
        page = read_or(converters.url, node.child_text("link"), self.site)
        whole_notes = self.invitations.left_out(node.child_text("content:encoded") or short)
        notes = html_notes.markdown(whole_notes, page)
        mime = line(enclosure.attributes.get("type", "")).lower()
        image = node.child("itunes:image")
        art = wanted(image.attributes.get("href", "") if image else "", "artwork", f"episodes/art/{slug}")
        marks = node.child("podcast:chapters")
        explicit = flag(node.child_text("itunes:explicit"))
        return ImportedEpisode(
            slug=slug,
            title=title or slug,
            guid=guid,
            date=date,
            notes=notes,
            summary=_summary(html_notes.text(self.invitations.left_out(short)), html_notes.text(whole_notes)),
            number=number,
            season=parse_count(node.child_text("itunes:season")) or None,
            type=read_or(converters.choice(EpisodeType), node.child_text("itunes:episodeType"), EpisodeType.FULL),
            explicit=None if explicit == self.show.explicit else explicit,
            recording=Wanted(url, "recording", f"episodes/{slug}{_ending(url, mime)}"),
            bytes=parse_count(enclosure.attributes.get("length", "").strip()) or 0,
            mime=mime or content_type(urlsplit(url).path),
            seconds=parse_duration(node.child_text("itunes:duration")) or 0.0,
            artwork=None if art and self.show.artwork and art.url == self.show.artwork.url else art,
            chapters=wanted(
                marks.attributes.get("url", "") if marks else "", "chapters", f"episodes/{slug}.chapters.json"
            ),
            transcripts=tuple(_transcripts(node, slug)),
            people=people(node),
            tags=tuple(dict.fromkeys(filter(None, map(line, _tags(node))))),
            elements=tuple(others(node, "item", self.remarks)),
        )

    def slug(self, number: int, title: str) -> str:
        """A name for the episode's files that no other has."""
        base = f"{number:03d}-{episode.slug(title)}"[:80].strip("-")
        again = 1
        slug = base
        while slug in self.slugs:
            again += 1
            slug = f"{base}-{again}"
        self.slugs.add(slug)
        return slug


def _tags(node: Node) -> Iterator[str]:
    for category in node.children_named("category"):
        yield category.text
    yield from node.child_text("itunes:keywords").split(",")


def _summary(short: str, notes: str) -> str:
    """The description, where it is a line of its own beside longer notes; empty where the notes give it anyway."""
    first = notes.partition("\n")[0]
    own = "\n" not in short and len(short) <= SUMMARY and _bare(short) not in {_bare(notes), _bare(first)}
    return short if own else ""


def _bare(text: str) -> str:
    return re.sub(r"\W+", "", text)


def _transcripts(node: Node, slug: str) -> Iterator[Wanted]:
    """Each language and form once."""
    seen = set()
    for one in node.children_named("podcast:transcript"):
        url, mime = one.attributes.get("url", ""), one.attributes.get("type", "").strip().lower()
        language = one.attributes.get("language", "").strip()
        middle = f".{language}" if re.fullmatch(r"[A-Za-z]{2}(?:-[A-Za-z]{2})?", language) else ""
        ending = TRANSCRIPTS.get(mime, splitext(urlsplit(url).path)[1].lower())
        found = wanted(url, "transcript", f"episodes/{slug}{middle}{ending}")
        if found and ending in TRANSCRIPTS.values() and found.path not in seen:
            seen.add(found.path)
            yield found


def _ending(url: str, mime: str) -> str:
    ending = splitext(urlsplit(url).path)[1].lower()
    return ending if ending in SOUNDS.values() else SOUNDS.get(mime, ".mp3")
