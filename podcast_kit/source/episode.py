"""One file of notes, with its front matter, as an Episode."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from posixpath import basename, dirname
from typing import TYPE_CHECKING

from podcast_kit.errors import SourceLocation
from podcast_kit.model import (
    AudioSettings,
    ChapterList,
    ChaptersFromFile,
    ChaptersFromNotes,
    ChapterSource,
    Episode,
    EpisodeType,
    LocalFile,
    Resource,
)
from podcast_kit.source import aliases, chapters, elements, foreign_keys, mastering, people
from podcast_kit.source.notes import lint, markdown
from podcast_kit.source.paths import AUDIO, CHAPTERS, PICTURES, TRANSCRIPTS, Folder
from podcast_kit.source.show import ignored
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.document import Table, Value, Wrong, decode, front_matter, nearest

if TYPE_CHECKING:
    from podcast_kit.errors import Problem

INDEX = "index"
"""The stem of the notes in an episode that is a folder."""
MAX_NOTES = 200_000
"""Bytes; a novella. Beyond it Markdown's worst cases take minutes."""
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Setting:
    """What an episode is read within: its show's time zone and prompts, and what lies beside it."""

    folder: Folder
    path: str
    """Of the notes, relative to the show's folder."""
    beside: Mapping[str, tuple[str, ...]]
    """Names of the audio files in the same folder, sorted, by their stem."""
    timezone: str = "UTC"
    prompts: tuple[str, ...] = ("default", "none")
    mastering: AudioSettings = field(default_factory=AudioSettings)

    @property
    def slug(self) -> str:
        """The file's name, or that of its folder."""
        stem = basename(self.path).rpartition(".")[0]
        return basename(dirname(self.path)) if stem == INDEX and "/" in dirname(self.path) else stem


def read(data: bytes, setting: Setting, problems: list[Problem]) -> Episode:
    """The episode that a file's bytes say; faults go to `problems`, and it is only sound without any.

    Raises InvalidInput where the file cannot be read as YAML and notes at all.
    """
    table, body, first_line = front_matter(decode(data, setting.path), setting.path)
    folder = setting.folder
    draft = table.take("draft", converters.flag, default=False)
    episode = Episode(
        slug=table.take("slug", own_slug, "") or _slug_of_file(table, setting),
        path=setting.path,
        title=table.need("title", converters.line, ""),
        notes=body,
        notes_line=first_line,
        audio=_audio(table, setting),
        date=_date(table, setting.timezone, draft=draft),
        guid=table.take("guid", converters.line, ""),
        number=table.take("number", converters.whole(1), None, also=("episode",)),
        season=table.take("season", converters.whole(1), None),
        type=table.take("type", converters.choice(EpisodeType), EpisodeType.FULL),
        summary=table.take("summary", converters.line, ""),
        image=table.take("image", folder.local_file(PICTURES), None),
        explicit=table.take("explicit", converters.flag, None),
        draft=draft,
        chapters=_chapters(table, folder),
        transcripts=table.each("transcript", folder.path(TRANSCRIPTS), also=("transcripts",)),
        people=people.people(table, folder),
        tags=_tags(table),
        aliases=aliases.take(table),
        listen=people.listen(table),
        mastering=_mastering(table, setting),
        ignore=ignored(table),
        elements=elements.take(table, "item", setting.timezone),
        prompts=table.take("prompts", _prompt_set(setting.prompts), "default"),
        locations=table.places,
    )
    _notes(table, body, first_line, folder, draft=draft)
    table.close(foreign_keys.EPISODE)
    problems.extend(table.problems)
    return episode


def _slug_of_file(table: Table, setting: Setting) -> str:
    return table.read(Value(SourceLocation(setting.path), setting.slug), own_slug, setting.slug, "the file's name")


def own_slug(raw: str) -> str:
    """What the author says shall stand for the episode in its address; raises Wrong."""
    if not is_slug(raw):
        better = slug(raw)
        hint = f"call it {better!r}: letters a-z, digits, '-', '_' and '.'"
        raise Wrong(f"{converters.shown(raw)} cannot stand in an address", hint, "slug.form")
    return raw


def is_slug(text: str) -> bool:
    """Whether it can stand in an address."""
    return bool(_SLUG.fullmatch(text)) and not text.endswith(".")


def slug(title: str) -> str:
    """A title as a slug: ASCII letters in lower case, digits and hyphens."""
    plain = title.lower()
    for letter, ascii_letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("ø", "o"), ("ł", "l")):
        plain = plain.replace(letter, ascii_letters)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"['’]", "", plain)
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-") or "episode"


def _date(table: Table, zone: str, *, draft: bool) -> datetime | None:
    remarks: list[str] = []

    def read_date(raw: str) -> datetime:
        when, remark = converters.moment(raw, zone)
        remarks.append(remark)
        return when

    value = table.value("date")
    if value is None:
        if not draft:
            table.missing("date", "add 'date: 2026-03-01 09:00', or 'draft: true' while it is not to be published")
        return None
    when = table.read(value, read_date, None, "date")
    if when and remarks == ["value.date.gap"]:
        text = f"date: the clocks in {zone} skip this time; it is taken as {when:%H:%M}"
        table.warn(value.place, text, "write the time you mean", remarks[0])
    elif when and remarks == ["value.date.twice"]:
        text = f"date: the clocks in {zone} show this time twice; the first is taken"
        table.warn(value.place, text, f"write {when.isoformat()} to say so, or another offset", remarks[0])
    return when


def _audio(table: Table, setting: Setting) -> Resource | None:
    value = table.value("audio")
    if value is not None and isinstance(value.content, dict):
        value = value.content.get("file")  # beside it stands how this one is to be mastered
    if value is not None:
        return table.read(value, setting.folder.resource(AUDIO, must_exist=False), None, "audio")
    stem = basename(setting.path).rpartition(".")[0]
    found = setting.beside.get(stem, ())
    if stem == INDEX:
        found += setting.beside.get(setting.slug, ())
        found = found or tuple(name for names in setting.beside.values() for name in names)
    if len(found) > 1:
        text = f"several audio files could be meant: {', '.join(found)}"
        table.reject(table.place, text, f"say which, as 'audio: {found[0]}'", "audio.several")
        return None
    try:
        return LocalFile(setting.folder.inside(found[0])) if found else None
    except Wrong as error:
        table.reject(table.place, f"audio: {error}", error.hint, error.code)
        return None


def _mastering(table: Table, setting: Setting) -> AudioSettings | None:
    """`audio: {file: one.wav, loudness: -18}`: this episode otherwise than the show."""
    value = table.value("audio")
    if value is None or not isinstance(value.content, dict):
        return None
    inner = table.table("audio")
    if inner is None:
        return None
    inner.value("file")
    said = mastering.read(inner, setting.folder, setting.mastering)
    inner.close(foreign_keys.AUDIO)
    table.places.update({f"audio.{key}": place for key, place in inner.places.items()})
    return said


def _chapters(table: Table, folder: Folder) -> ChapterSource:
    value = table.value("chapters")
    if value is None:
        return ChaptersFromNotes()
    if isinstance(value.content, list):
        return ChapterList(chapters.listed(table, value.content, folder))
    word = value.content.strip() if isinstance(value.content, str) else ""
    if word in {"auto", "none"}:
        return ChaptersFromNotes() if word == "auto" else ChapterList()
    path = table.read(value, folder.path(CHAPTERS), None, "chapters")
    return ChaptersFromFile(path) if path else ChaptersFromNotes()


def _tags(table: Table) -> tuple[str, ...]:
    value = table.value("tags")
    if value is not None and isinstance(value.content, str):
        return tuple(dict.fromkeys(tag for part in value.content.split(",") if (tag := " ".join(part.split()))))
    return tuple(dict.fromkeys(table.each("tags", converters.line)))


def _prompt_set(known: tuple[str, ...]) -> Callable[[str], str]:
    def read(raw: str) -> str:
        if raw.strip() not in known:
            text = f"{converters.shown(raw)} is not a set of prompts in podcast.yaml"
            raise Wrong(text, nearest(raw, known), "value.unknown")
        return raw.strip()

    return read


def _notes(table: Table, body: str, first_line: int, folder: Folder, *, draft: bool) -> None:
    path = table.place.path
    if len(body.encode("utf-8", "replace")) > MAX_NOTES:
        text = f"the notes are longer than {MAX_NOTES:,} bytes"
        table.reject(SourceLocation(path, first_line), text, "put a transcript into a file of its own", "value.long")
        return
    for doubt in lint.doubts(body, folder.holds):
        if draft and doubt.code == lint.UNWRITTEN:
            continue  # a draft is what is not written yet; what is scheduled goes out by itself
        table.warn(SourceLocation(path, first_line + doubt.line), doubt.text, doubt.hint, doubt.code)
    for picture in markdown.images(body):
        place = SourceLocation(path, first_line + picture.line)
        try:
            folder.path(PICTURES)(picture.source)
        except Wrong as wrong:
            table.reject(place, f"picture: {wrong}", wrong.hint, wrong.code)
        if not picture.alternative:
            text = f"the picture {converters.shown(picture.source)} has no text for who cannot see it"
            table.warn(place, text, "say in the brackets what it shows: ![...](...)", "notes.alt")


def numbers(episodes: tuple[Episode, ...]) -> Mapping[tuple[int | None, int], list[Episode]]:
    """Full episodes by season and number, for those that have one."""
    found: dict[tuple[int | None, int], list[Episode]] = {}
    for episode in episodes:
        if episode.number is not None and episode.type is EpisodeType.FULL and not episode.draft:
            found.setdefault((episode.season, episode.number), []).append(episode)
    return found
