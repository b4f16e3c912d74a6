"""Convert a feed's items to episodes: guids letter for letter, notes as Markdown."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from posixpath import splitext
from urllib.parse import urlsplit

from podcast_kit.errors import Problem
from podcast_kit.importer.elements import (
    ImportLog,
    custom_elements,
    find_media_enclosure,
    list_lost_links,
    parse_flag,
    read_people,
    required_file,
    resolve_url,
    single_line,
    title_text,
    to_elements,
    url_path,
    value_or_default,
)
from podcast_kit.importer.model import ImportedEpisode, ImportedShow, RequiredFile
from podcast_kit.importer.strip_prompts import PromptStripper
from podcast_kit.io.mime import guess_content_type
from podcast_kit.model import Element, EpisodeType, Node
from podcast_kit.source import episode
from podcast_kit.source.notes import from_html as html_notes
from podcast_kit.source.yaml import InvalidValue, converters
from podcast_kit.text.feed_dates import parse_feed_date
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
MAX_LOSSES_SHOWN = 3
_HTML_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_LINE_END = re.compile(r"\n|</p>|<br|</div>|</li>|</h[1-6]>", re.IGNORECASE)
_NO_WORD = re.compile(r"\W+")
_TEXT_TAGS = ("description", "content:encoded", "itunes:summary", "itunes:subtitle")
_ENCLOSURE_FIX = "an episode has one recording; link to other files in its notes"
_TITLE_FIX = "change the title in its notes if the entities were meant"
_NOTES_FIX = "add it to the notes by hand if listeners need it"
_OMITTED_FIX = "it is not imported; add it by hand if it is an episode"
_GUID_FIX = "give it a guid of its own in the old feed, or add it by hand"


class ItemReader:
    """Converts the items of one feed, with unique slugs and guids."""

    def __init__(
        self,
        show: ImportedShow,
        import_log: ImportLog,
        prompts: PromptStripper,
        site: str = "",
        slugs: Mapping[str, str] | None = None,
    ) -> None:
        self.show = show
        self.import_log = import_log
        self.prompts = prompts
        self.site = site
        self.slugs: set[str] = set()
        self.slug_by_guid = slugs or {}
        self.guids: set[str] = set()

    def read_items(self, nodes: Iterable[Node]) -> Iterator[ImportedEpisode]:
        """The episodes; those without a number are numbered by position. Other items are reported and omitted."""
        for position, node in enumerate(nodes, 1):
            enclosure = self.choose_enclosure(node)
            url, changes = item_recording_url(node, self.site)
            guid = node.child_text("guid").strip() or url  # apps use the enclosure's URL instead
            written_title = single_line(node.child_text("title")) or single_line(node.child_text("itunes:title"))
            title = title_text(written_title)
            name = f"“{title[:MAX_TITLE_SHOWN_LEN]}”" if title else guid or "an item"
            if title != written_title:
                self.import_log.warn(node, f"entities in the title became characters: {name}", _TITLE_FIX)
            if not url:
                reason = (
                    "has no enclosure" if not enclosure.attributes.get("url") else "has an enclosure without a web URL"
                )
                self.import_log.warn(node, f"{name} {reason}", _OMITTED_FIX)
            elif guid in self.guids:
                text = f"{name} has the guid of another item; apps show only one of them, and only one is imported"
                location = self.import_log.feed.location_of(node)
                self.import_log.problems.append(Problem(location, text, _GUID_FIX, "import.guid"))
            else:
                if changes:
                    fix = "download it with --audio" if "password" in changes else "check that it plays"
                    self.import_log.warn(enclosure, f"the URL of the recording of {name} {changes}", fix)
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
        number, number_elements = self.read_number(node, "episode")
        season, season_elements = self.read_number(node, "season")
        written_slug = self.slug_by_guid.get(guid) or self.own_slug(node)
        slug = self.unique_slug(written_slug or f"{number or position:03d}-{episode.slugify_title(title)}")
        page = value_or_default(converters.to_url, node.child_text("link"), self.site)
        notes, summary, text_elements = self.read_texts(node, page)
        artwork = self.read_artwork(node, f"episodes/art/{slug}")
        chapter_list, chapter_elements = self.read_chapters(node)
        transcripts, transcript_elements = self.read_transcripts(node, slug)
        people, person_elements = read_people(node, self.import_log)
        tags, tag_elements = self.read_tags(node)
        explicit = self.read_flag(node, "itunes:explicit")
        mime = single_line(enclosure.attributes.get("type", "")).lower()
        return ImportedEpisode(
            slug=slug,
            title=title or slug,
            guid=guid,
            date=self.read_date(node, title),
            notes=notes,
            summary=summary,
            number=number,
            season=season,
            type=self.read_type(node),
            explicit=None if explicit == self.show.explicit else explicit,
            recording=RequiredFile(
                url, "recording", f"episodes/{slug}{_audio_suffix(url, mime)}", bytes=_parse_length(enclosure)
            ),
            bytes=_parse_length(enclosure),
            mime=mime or guess_content_type(urlsplit(url).path),
            seconds=parse_duration(node.child_text("itunes:duration")) or 0.0,
            artwork=artwork,
            chapters=self.read_chapters_file(node, slug),
            chapter_list=chapter_list,
            transcripts=transcripts,
            people=people,
            tags=tags,
            elements=(
                *self.read_title_elements(node, title),
                *number_elements,
                *season_elements,
                *text_elements,
                *chapter_elements,
                *transcript_elements,
                *person_elements,
                *tag_elements,
                *self.read_other_elements(node, url),
            ),
        )

    def read_date(self, node: Node, title: str) -> datetime | None:
        """The item's date; None, with a warning, if it has none."""
        date, assumed = parse_feed_date(node.child_text("pubDate"))
        if date is None or not MIN_YEAR <= date.year <= MAX_YEAR:
            self.import_log.warn(node, f"“{title}” has no valid date", "it is imported as a draft; set its `date:`")
            return None
        if assumed:
            pub_date = node.child("pubDate") or node
            text = f"the date of “{title[:MAX_TITLE_SHOWN_LEN]}” {assumed}"
            self.import_log.warn(pub_date, text, "correct its `date:` if that is wrong")
        return date

    def read_type(self, node: Node) -> EpisodeType:
        """The item's type; `full`, with a warning, if it has another value."""
        raw = node.child_text("itunes:episodeType")
        try:
            return converters.choice_of(EpisodeType)(raw) if raw else EpisodeType.FULL
        except InvalidValue:
            child = node.child("itunes:episodeType") or node
            self.import_log.warn(child, f"{raw[:MAX_TITLE_SHOWN_LEN]!r} is not an episode type", "`full` is used")
            return EpisodeType.FULL

    def read_flag(self, node: Node, key: str) -> bool | None:
        """A flag; None, with a warning, if it has another value."""
        raw = node.child_text(key)
        flag = parse_flag(raw)
        if raw and flag is None:
            child = node.child(key) or node
            self.import_log.warn(child, f"<{child.name}> is {raw[:MAX_TITLE_SHOWN_LEN]!r}", "write true or false")
        return flag

    def read_number(self, node: Node, name: str) -> tuple[int | None, list[Element]]:
        """The number of the episode or season, and elements for what it cannot express: 0, 204.5, a name."""
        itunes_tag, podcast_tag = f"itunes:{name}", f"podcast:{name}"
        elements: list[Element] = []
        raw = node.child_text(itunes_tag)
        number = parse_count(raw)
        if raw and number is None:
            child = node.child(itunes_tag) or node
            shown = raw[:MAX_TITLE_SHOWN_LEN]
            self.import_log.warn(child, f"<{child.name}> is {shown!r}, not a number; it is left out", "set it by hand")
        if number == 0:  # `number:` and `season:` begin at 1
            elements.append(Element(itunes_tag, "0"))
        podcast_node = node.child(podcast_tag)
        if podcast_node is None:
            return number or None, elements
        podcast_number = _parse_decimal(podcast_node.text)
        if number is None and podcast_number is not None and podcast_number == int(podcast_number):
            number = int(podcast_number)
        if podcast_number is None or podcast_number != number or any(podcast_node.attributes.values()):
            is_same = number and podcast_number == number
            text = "" if is_same else podcast_node.text.strip()
            attributes = tuple((key, value.strip()) for key, value in podcast_node.attributes.items())
            location = self.import_log.feed.location_of(podcast_node)
            elements.append(Element(podcast_tag, text, attributes, (), location))
        return number or None, elements

    def read_texts(self, node: Node, page: str) -> tuple[str, str, list[Element]]:
        """Notes as Markdown, a separate summary, and the elements of texts that neither has."""
        texts = {key: node.child_text(key) for key in _TEXT_TAGS}
        written_short = texts["description"] or texts["itunes:summary"] or texts["itunes:subtitle"]
        written_notes = texts["content:encoded"] or written_short
        full_notes, short = self.prompts.strip(written_notes), self.prompts.strip(written_short)
        summary = "" if short == full_notes else _separate_summary(short, full_notes)
        if len(summary) > MAX_SUMMARY_LEN:
            child = node.child("description") or node
            self.import_log.warn(child, "the description differs from the notes and is left out", "it is too long")
            summary = ""
        if summary and (urls := list_lost_links(short, full_notes)):
            child = node.child("description") or node
            import_fix = "add them to the notes"
            self.import_log.warn(child, f"links in the description become text; left out: {urls}", import_fix)
        elements = []
        for key in ("itunes:summary", "itunes:subtitle"):
            text = texts[key]
            if not text:
                continue
            child = node.child(key) or node
            is_same = text in {written_short, written_notes}
            if is_same or _word_characters(text) in _word_characters(f"{full_notes}\n{summary}"):
                self.import_log.skip_repeated(child)
            else:
                elements.append(Element(key, text, (), (), self.import_log.feed.location_of(child)))
        return self.convert_notes(node, full_notes, page), summary, elements

    def convert_notes(self, node: Node, html: str, page: str) -> str:
        """HTML notes as Markdown; what they cannot have is reported."""
        converted = html_notes.convert_html_notes(html, page)
        if converted.losses:
            shown = ", ".join(converted.losses[:MAX_LOSSES_SHOWN])
            more = f" and {count} more" if (count := len(converted.losses) - MAX_LOSSES_SHOWN) > 0 else ""
            child = node.child("content:encoded") or node.child("description") or node
            self.import_log.warn(child, f"the notes are imported without {shown}{more}", _NOTES_FIX)
        return converted.markdown

    def read_title_elements(self, node: Node, title: str) -> Iterator[Element]:
        """The title and author for Apple, if they differ, and whether it is hidden there."""
        itunes_title = title_text(node.child_text("itunes:title"))
        if itunes_title and itunes_title != title:
            yield Element("itunes:title", itunes_title)
        author = single_line(node.child_text("itunes:author"))
        if author and author != self.show.author:
            yield Element("itunes:author", author)
        if parse_flag(node.child_text("itunes:block")):
            yield Element("itunes:block", "Yes")

    def read_artwork(self, node: Node, path: str) -> RequiredFile | None:
        """The episode's own artwork; None if it is that of the show."""
        image = node.child("itunes:image")
        if image is None:
            return None
        url = image.attributes.get("href", "")
        artwork = required_file(url, "artwork", path, Element("itunes:image", "", (("href", url.strip()),)))
        if artwork is None:
            self.import_log.warn(image, f"the image {url[:200]!r} has no web URL and is left out", "add it by hand")
        if artwork and self.show.artwork and artwork.url == self.show.artwork.url:
            self.import_log.skip_repeated(image)
            return None
        return artwork

    def read_chapters_file(self, node: Node, slug: str) -> RequiredFile | None:
        """The file of podcast:chapters."""
        chapters = node.child("podcast:chapters")
        if chapters is None:
            return None
        url = chapters.attributes.get("url", "")
        element = Element("podcast:chapters", "", tuple(chapters.attributes.items()))
        file = required_file(url, "chapters", f"episodes/{slug}.chapters.json", element)
        if file is None:
            self.import_log.warn(chapters, f"the chapters {url[:200]!r} have no web URL", "they are left out")
        return file

    def read_chapters(self, node: Node) -> tuple[tuple[Mapping[str, str], ...], list[Element]]:
        """The chapters in the item itself, as entries of `chapters:`, or as an element if they do not fit there."""
        psc = node.child("psc:chapters")
        if psc is None:
            return (), []
        entries: list[Mapping[str, str]] = []
        before = -1
        for chapter in psc.children_named("psc:chapter"):
            attributes = {name: value.strip() for name, value in chapter.attributes.items()}
            start = value_or_default(converters.to_milliseconds, attributes.get("start", ""), -1)
            title, url, image = (attributes.get(name, "") for name in ("title", "href", "image"))
            is_valid = start > before and title and attributes.keys() <= {"start", "title", "href", "image"}
            is_valid = is_valid and (not url or value_or_default(converters.to_url, url, "") == url)
            if not is_valid or (image and not value_or_default(converters.to_https_url, image, "")):
                return (), list(to_elements(psc, self.import_log))
            entry = {"start": attributes["start"], "title": single_line(title), "url": url, "image": image}
            entries.append({key: value for key, value in entry.items() if value})
            before = start
        return tuple(entries), []

    def read_transcripts(self, node: Node, slug: str) -> tuple[tuple[RequiredFile, ...], list[Element]]:
        """One file for each language and format, and the elements of all others."""
        files: dict[str, RequiredFile] = {}
        elements: list[Element] = []
        for transcript in node.children_named("podcast:transcript"):
            url = transcript.attributes.get("url", "")
            mime = transcript.attributes.get("type", "").strip().lower()
            language = transcript.attributes.get("language", "").strip()
            language_part = f".{language}" if re.fullmatch(r"[A-Za-z]{2}(?:-[A-Za-z]{2})?", language) else ""
            suffix = TRANSCRIPT_SUFFIX_BY_MIME.get(mime, splitext(url_path(url))[1].lower())
            path = f"episodes/{slug}{language_part}{suffix}"
            element = next(to_elements(transcript, self.import_log), None)
            file = required_file(url, "transcript", path, element)
            if file and suffix in TRANSCRIPT_SUFFIX_BY_MIME.values() and path not in files:
                files[path] = file
            elif element is not None:
                elements.append(element)
        return tuple(files.values()), elements

    def read_tags(self, node: Node) -> tuple[tuple[str, ...], list[Element]]:
        """The item's categories and keywords, and the elements of categories of a domain."""
        tags: list[str] = []
        elements: list[Element] = []
        for category in node.children_named("category"):
            if any(category.attributes.values()):
                elements += to_elements(category, self.import_log)
            else:
                tags.append(category.text)
        tags += [keyword for child in node.children_named("itunes:keywords") for keyword in child.text.split(",")]
        return tuple(dict.fromkeys(filter(None, map(single_line, tags)))), elements

    def read_other_elements(self, node: Node, recording_url: str) -> Iterator[Element]:
        """Elements of any namespace, without those that only repeat the recording or the author."""
        repeated = {self.show.author, self.show.owner_email, f"{self.show.owner_email} ({self.show.author})"}
        children = []
        for child in node.children:
            is_repeated = (child.key in {"dc:creator", "author"} and single_line(child.text) in repeated) or (
                child.key == "media:content"
                and not child.children
                and resolve_url(child.attributes.get("url", ""), self.site)[0] == recording_url
            )
            if is_repeated:
                self.import_log.skip_repeated(child)
            else:
                children.append(child)
        yield from custom_elements(replace(node, children=tuple(children)), "item", self.import_log)

    def own_slug(self, node: Node) -> str:
        """The slug of an episode's page in a feed that podcast_kit wrote, so that the page keeps its address."""
        home = self.prompts.home
        page = node.child_text("link").removesuffix("index.html").strip("/")
        slug = page.removeprefix(f"{home}episodes/") if home and page.startswith(f"{home}episodes/") else ""
        return slug if episode.is_valid_slug(slug) and slug.lower() != "index" else ""

    def unique_slug(self, preferred: str) -> str:
        """A slug that no other episode has."""
        base = preferred[:MAX_BASE_SLUG_LEN].strip("-")
        slug, count = base, 1
        while slug in self.slugs:
            count += 1
            slug = f"{base}-{count}"
        self.slugs.add(slug)
        return slug


def item_recording_url(node: Node, base: str) -> tuple[str, str]:
    """The URL of an item's recording, and what was changed in it; empty if it has none."""
    raw = find_media_enclosure(node).attributes.get("url", "")
    page = value_or_default(converters.to_url, node.child_text("link"), base)
    return resolve_url(raw, page) if raw.strip() else ("", "")


def _parse_length(enclosure: Node) -> int:
    """The bytes of an enclosure; 0 if it does not say them."""
    return parse_count(enclosure.attributes.get("length", "").strip()) or 0


def _parse_decimal(text: str) -> Decimal | None:
    """A number that is not negative; None for other texts."""
    return Decimal(text.strip()) if re.fullmatch(r"\d{1,15}(?:\.\d{1,15})?", text.strip(), re.ASCII) else None


def _separate_summary(short: str, notes: str) -> str:
    """The description on one line if the notes do not have it and do not begin with it; else empty."""
    short_form, notes_form = _word_characters(short), _word_characters(notes)
    first_line = _word_characters(_LINE_END.split(notes.strip(), maxsplit=1)[0])
    is_beginning = notes_form.startswith(short_form) and (len(short_form) >= len(first_line) or short.endswith("…"))
    if not short_form or is_beginning:
        return ""
    return " ".join(html_notes.html_to_text_lines(short).split())


def _word_characters(text: str) -> str:
    """The letters and digits of a text or of some HTML."""
    return _NO_WORD.sub("", html.unescape(_HTML_TAG.sub("", text)))


def _audio_suffix(url: str, mime: str) -> str:
    suffix = splitext(urlsplit(url).path)[1].lower()
    return suffix if suffix in AUDIO_SUFFIX_BY_MIME.values() else AUDIO_SUFFIX_BY_MIME.get(mime, ".mp3")
