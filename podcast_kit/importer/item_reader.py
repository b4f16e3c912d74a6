"""Convert a feed's items to episodes: guids letter for letter, notes as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from posixpath import splitext
from urllib.parse import urlsplit

from podcast_kit.importer.elements import (
    ImportLog,
    custom_elements,
    find_media_enclosure,
    parse_flag,
    read_people,
    required_file,
    single_line,
    title_text,
    value_or_default,
)
from podcast_kit.importer.model import ImportedEpisode, ImportedShow, RequiredFile
from podcast_kit.importer.strip_prompts import PromptStripper
from podcast_kit.io.mime import guess_content_type
from podcast_kit.model import EpisodeType, Node
from podcast_kit.source import episode
from podcast_kit.source.notes import from_html as html_notes
from podcast_kit.source.yaml import converters
from podcast_kit.text.dates import parse_rfc2822
from podcast_kit.text.numbers import parse_count
from podcast_kit.text.timecode import parse_duration

TRANSCRIPT_SUFFIX_BY_MIME = {
    "text/vtt": ".vtt",
    "application/x-subrip": ".srt",
    "application/srt": ".srt",
    "application/json": ".json",
    "text/html": ".html",
    "text/plain": ".txt",
}
AUDIO_SUFFIX_BY_MIME = {
    "audio/mpeg": ".mp3",
    "audio/mp3": ".mp3",
    "audio/mp4": ".m4a",
    "audio/x-m4a": ".m4a",
    "audio/aac": ".m4a",
    "audio/ogg": ".ogg",
    "audio/opus": ".opus",
    "audio/flac": ".flac",
}
MIN_YEAR, MAX_YEAR = 1970, 2199
"""Years that notes can have."""
MAX_SUMMARY_LEN = 4000
"""Apple's limit of a description."""
MAX_TITLE_SHOWN_LEN = 60
MAX_BASE_SLUG_LEN = 80
_ENCLOSURE_FIX = "an episode has one recording; link to other files in its notes"
_TITLE_FIX = "change the title in its notes if the entities were meant"
_OMITTED_FIX = "it is not imported; add it by hand if it is an episode"


class ItemReader:
    """Converts the items of one feed, with unique slugs and guids."""

    def __init__(self, show: ImportedShow, import_log: ImportLog, prompts: PromptStripper, site: str = "") -> None:
        self.show = show
        self.import_log = import_log
        self.prompts = prompts
        self.site = site
        self.slugs: set[str] = set()
        self.guids: set[str] = set()

    def read_items(self, nodes: Iterable[Node]) -> Iterator[ImportedEpisode]:
        """The episodes; those without a number are numbered by position. Other items are reported and omitted."""
        for position, node in enumerate(nodes, 1):
            enclosure = self.choose_enclosure(node)
            url = value_or_default(converters.to_url, enclosure.attributes.get("url", ""), "")
            guid = node.child_text("guid").strip() or url  # apps use the enclosure's URL instead
            written_title = single_line(node.child_text("title")) or single_line(node.child_text("itunes:title"))
            title = title_text(written_title)
            name = f"“{title[:MAX_TITLE_SHOWN_LEN]}”" if title else guid or "an item"
            if title != written_title:
                self.import_log.warn(node, f"entities in the title became characters: {name}", _TITLE_FIX)
            if not url:
                self.import_log.warn(node, f"{name} has no enclosure", _OMITTED_FIX)
            elif guid in self.guids:
                self.import_log.warn(
                    node, f"{name} has the guid of another item; apps show only one of them", _OMITTED_FIX
                )
            else:
                self.guids.add(guid)
                yield self.read_item(node, enclosure, url, guid, title, position)

    def choose_enclosure(self, node: Node) -> Node:
        """The item's recording; other enclosures are reported."""
        chosen = find_media_enclosure(node)
        for enclosure in node.children_named("enclosure"):
            if enclosure is not chosen:
                url = enclosure.attributes.get("url", "")
                self.import_log.warn(enclosure, f"a second enclosure, {url[:200]!r}, is left out", _ENCLOSURE_FIX)
        return chosen

    def read_item(self, node: Node, enclosure: Node, url: str, guid: str, title: str, position: int) -> ImportedEpisode:
        """Convert one item."""
        number = parse_count(node.child_text("itunes:episode")) or None
        slug = self.unique_slug(number or position, title)
        date = parse_rfc2822(node.child_text("pubDate"))
        if date is None or not MIN_YEAR <= date.year <= MAX_YEAR:
            self.import_log.warn(node, f"“{title}” has no valid date", "it is imported as a draft; set its `date:`")
            date = None
        short = (
            node.child_text("description") or node.child_text("itunes:summary") or node.child_text("itunes:subtitle")
        )
        page = value_or_default(converters.to_url, node.child_text("link"), self.site)
        full_notes = self.prompts.strip(node.child_text("content:encoded") or short)
        summary_text = html_notes.html_to_text_lines(self.prompts.strip(short))
        mime = single_line(enclosure.attributes.get("type", "")).lower()
        image = node.child("itunes:image")
        image_url = image.attributes.get("href", "") if image else ""
        artwork = required_file(image_url, "artwork", f"episodes/art/{slug}")
        has_show_artwork = artwork and self.show.artwork and artwork.url == self.show.artwork.url
        chapters = node.child("podcast:chapters")
        chapters_url = chapters.attributes.get("url", "") if chapters else ""
        explicit = parse_flag(node.child_text("itunes:explicit"))
        return ImportedEpisode(
            slug=slug,
            title=title or slug,
            guid=guid,
            date=date,
            notes=html_notes.html_to_markdown(full_notes, page),
            summary=_separate_summary(summary_text, html_notes.html_to_text_lines(full_notes)),
            number=number,
            season=parse_count(node.child_text("itunes:season")) or None,
            type=value_or_default(
                converters.choice_of(EpisodeType), node.child_text("itunes:episodeType"), EpisodeType.FULL
            ),
            explicit=None if explicit == self.show.explicit else explicit,
            recording=RequiredFile(url, "recording", f"episodes/{slug}{_audio_suffix(url, mime)}"),
            bytes=parse_count(enclosure.attributes.get("length", "").strip()) or 0,
            mime=mime or guess_content_type(urlsplit(url).path),
            seconds=parse_duration(node.child_text("itunes:duration")) or 0.0,
            artwork=None if has_show_artwork else artwork,
            chapters=required_file(chapters_url, "chapters", f"episodes/{slug}.chapters.json"),
            transcripts=tuple(_transcript_files(node, slug)),
            people=read_people(node),
            tags=tuple(dict.fromkeys(filter(None, map(single_line, _item_tags(node))))),
            elements=tuple(custom_elements(node, "item", self.import_log)),
        )

    def unique_slug(self, number: int, title: str) -> str:
        """A slug that no other episode has."""
        base = f"{number:03d}-{episode.slugify_title(title)}"[:MAX_BASE_SLUG_LEN].strip("-")
        slug, count = base, 1
        while slug in self.slugs:
            count += 1
            slug = f"{base}-{count}"
        self.slugs.add(slug)
        return slug


def _item_tags(node: Node) -> Iterator[str]:
    for category in node.children_named("category"):
        yield category.text
    yield from node.child_text("itunes:keywords").split(",")


def _separate_summary(short: str, notes: str) -> str:
    """The description if it is a single line that differs from the notes and their first line; else empty."""
    notes_forms = {_word_characters(notes), _word_characters(notes.partition("\n")[0])}
    is_separate = "\n" not in short and len(short) <= MAX_SUMMARY_LEN and _word_characters(short) not in notes_forms
    return short if is_separate else ""


def _word_characters(text: str) -> str:
    return re.sub(r"\W+", "", text)


def _transcript_files(node: Node, slug: str) -> Iterator[RequiredFile]:
    """One file for each language and format."""
    paths = set()
    for transcript in node.children_named("podcast:transcript"):
        url = transcript.attributes.get("url", "")
        mime = transcript.attributes.get("type", "").strip().lower()
        language = transcript.attributes.get("language", "").strip()
        language_part = f".{language}" if re.fullmatch(r"[A-Za-z]{2}(?:-[A-Za-z]{2})?", language) else ""
        suffix = TRANSCRIPT_SUFFIX_BY_MIME.get(mime, splitext(urlsplit(url).path)[1].lower())
        file = required_file(url, "transcript", f"episodes/{slug}{language_part}{suffix}")
        if file and suffix in TRANSCRIPT_SUFFIX_BY_MIME.values() and file.path not in paths:
            paths.add(file.path)
            yield file


def _audio_suffix(url: str, mime: str) -> str:
    suffix = splitext(urlsplit(url).path)[1].lower()
    return suffix if suffix in AUDIO_SUFFIX_BY_MIME.values() else AUDIO_SUFFIX_BY_MIME.get(mime, ".mp3")
