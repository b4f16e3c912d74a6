"""Reads an episode's Markdown file and its front matter into an Episode."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from posixpath import basename, dirname
from typing import TYPE_CHECKING

from podcast_kit.errors import SourceLocation
from podcast_kit.limits import MAX_NOTES_BYTES
from podcast_kit.model import (
    AudioSettings,
    AudioSource,
    ChapterList,
    ChaptersFromFile,
    ChaptersFromNotes,
    ChapterSource,
    Episode,
    EpisodeType,
    LocalFile,
)
from podcast_kit.model.audio_formats import AUDIO_SUFFIXES
from podcast_kit.source import aliases, elements, foreign_keys, people
from podcast_kit.source.audio_settings import audio_settings_from_table
from podcast_kit.source.chapters import chapters_from_list
from podcast_kit.source.notes import lint, markdown
from podcast_kit.source.paths import (
    CHAPTER_SUFFIXES,
    IMAGE_SUFFIXES,
    TRANSCRIPT_SUFFIXES,
    ShowFolder,
    prefer_usual_formats,
)
from podcast_kit.source.private_settings import audience_from_table, members_date_from_table
from podcast_kit.source.show import ignored_rules
from podcast_kit.source.source_text import read_source_text
from podcast_kit.source.yaml import (
    InvalidValue,
    Table,
    Value,
    converters,
    decode_source,
    parse_front_matter,
    suggest_name,
)

if TYPE_CHECKING:
    from podcast_kit.errors import Problem

INDEX_STEM = "index"
"""The stem of the notes of an episode that has its own folder."""
MAX_TITLE_SLUG_LEN = 80
"""Characters of a slug made from a title."""
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class EpisodeFileContext:
    """What reading an episode depends on: the show's time zone and prompts, and the audio files next to the notes."""

    folder: ShowFolder
    path: str
    """Of the notes, relative to the show's folder."""
    audio_by_stem: Mapping[str, tuple[str, ...]]
    """Names of the audio files in the same folder, sorted, by their stem."""
    timezone: str = "UTC"
    prompts: tuple[str, ...] = ("default", "none")
    mastering: AudioSettings = field(default_factory=AudioSettings)
    tiers: tuple[str, ...] = ()
    """Those that podcast.yaml declares, the lowest first."""

    @property
    def slug(self) -> str:
        """The file's stem, or the name of its folder if the file is index.md."""
        stem = basename(self.path).rpartition(".")[0]
        return basename(dirname(self.path)) if stem == INDEX_STEM and "/" in dirname(self.path) else stem

    @property
    def audio_names(self) -> tuple[str, ...]:
        """The audio files beside the notes that may be their recording."""
        return list_audio_beside(self.path, self.audio_by_stem)


def list_audio_beside(path: str, audio_by_stem: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Of the audio files in the folder of notes, by their stem, those that may be their recording."""
    stem = basename(path).rpartition(".")[0]
    if stem == INDEX_STEM:
        return tuple(name for names in audio_by_stem.values() for name in names)
    return audio_by_stem.get(stem, ())


def parse_episode(data: bytes, context: EpisodeFileContext, problems: list[Problem]) -> Episode:
    """The episode in a file's bytes; problems are added to `problems`, and it is valid only without any.

    Raises InvalidInput where the file has no front matter that can be read.
    """
    table, body, first_line = parse_front_matter(decode_source(data, context.path), context.path)
    folder = context.folder
    draft = table.optional("draft", converters.to_flag, default=False)
    date = _episode_date(table, context.timezone, draft=draft)
    audience = audience_from_table(table, context.tiers)
    episode = Episode(
        slug=table.optional("slug", to_slug, "") or _slug_from_path(table, context),
        path=context.path,
        title=table.required("title", converters.to_line, ""),
        notes=body,
        notes_line=first_line,
        audio=_find_recording(table, context),
        date=date,
        audience=audience,
        members_from=members_date_from_table(table, context.timezone, date, audience),
        members_audio=_members_recording(table, context),
        guid=table.optional("guid", converters.to_text, ""),
        number=table.optional("number", converters.whole_number_from(1), None, other_names=("episode",)),
        season=table.optional("season", converters.whole_number_from(1), None),
        type=table.optional("type", converters.choice_of(EpisodeType), EpisodeType.FULL),
        summary=table.optional("summary", converters.to_line, ""),
        image=table.optional("image", folder.file_converter(IMAGE_SUFFIXES), None),
        explicit=table.optional("explicit", converters.to_flag, None),
        draft=draft,
        chapters=_chapter_source(table, folder),
        transcripts=table.list_of(
            "transcript", folder.path_converter(TRANSCRIPT_SUFFIXES), other_names=("transcripts",)
        ),
        people=people.people_from_table(table, folder),
        tags=_episode_tags(table),
        aliases=aliases.aliases_from_table(table),
        listen=people.listen_links_from_table(table, of_show=False),
        mastering=_audio_overrides(table, context),
        ignore=ignored_rules(table),
        elements=elements.elements_from_table(table, "item", context.timezone),
        prompts=table.optional("prompts", prompt_set_converter(context.prompts), "default"),
        locations=table.locations,
        source=read_source_text(table.entries, body),
    )
    check_notes(table, body, first_line, folder, draft=draft)
    table.finish(foreign_keys.FOREIGN_EPISODE_KEYS)
    problems.extend(table.problems)
    return episode


def _slug_from_path(table: Table, context: EpisodeFileContext) -> str:
    value = Value(SourceLocation(context.path), context.slug)
    return table.converted(value, to_slug, context.slug, "the file's name")


def to_slug(raw: str) -> str:
    """A slug that the author wrote; raises InvalidValue for one that cannot be used in a URL."""
    if not is_valid_slug(raw):
        better = slugify_title(raw)
        fix = f"rename it to {better!r} or set `slug: {better}`"
        raise InvalidValue(f"{converters.quote_value(raw)} can't be used in a URL", fix, "slug.form")
    return raw


def is_valid_slug(text: str) -> bool:
    """Whether a text can be used in a URL as it is."""
    return bool(_SLUG.fullmatch(text)) and not text.endswith(".")


def slugify_title(title: str) -> str:
    """A title as a slug: lower-case ASCII letters, digits and hyphens."""
    text = title.lower()
    for letter, ascii_letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("ø", "o"), ("ł", "l")):
        text = text.replace(letter, ascii_letters)
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    text = re.sub(r"['’]", "", text)
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:MAX_TITLE_SLUG_LEN].strip("-") or "episode"


def _episode_date(table: Table, time_zone: str, *, draft: bool) -> datetime | None:
    codes: list[str] = []

    def to_date(raw: str) -> datetime:
        date, code = converters.to_datetime(raw, time_zone)
        codes.append(code)
        return date

    value = table.value("date")
    if value is None:
        if not draft:
            table.report_missing("date", "add 'date: 2026-03-01 09:00', or 'draft: true' to leave it unpublished")
        return None
    date = table.converted(value, to_date, None, "date")
    if date and codes == ["value.date.gap"]:
        text = f"date: clocks in {time_zone} skip this time; {date:%H:%M} is used"
        table.warning(value.location, text, "write the time you mean", codes[0])
    elif date and codes == ["value.date.twice"]:
        text = f"date: clocks in {time_zone} show this time twice; the first is used"
        table.warning(value.location, text, f"write {date.isoformat()} to confirm, or another offset", codes[0])
    return date


def _find_recording(table: Table, context: EpisodeFileContext) -> AudioSource | None:
    """The episode's audio: as written under `audio:`, else the audio file with the stem of the notes."""
    value = table.value("audio")
    if value is not None and isinstance(value.content, dict):
        value = value.content.get("file")  # the other keys are audio settings
    if value is not None:
        return table.converted(value, context.folder.recording_converter(), None, "audio")
    stem = basename(context.path).rpartition(".")[0]
    names = context.audio_by_stem.get(stem, ())
    if stem == INDEX_STEM:
        names += context.audio_by_stem.get(context.slug, ())
        names = names or tuple(name for group in context.audio_by_stem.values() for name in group)
        names = prefer_usual_formats(names)
    if len(names) > 1:
        text = f"more than one audio file matches: {', '.join(names)}"
        table.error(table.location, text, f"choose with `audio: {names[0]}`", "audio.several")
        return None
    try:
        return LocalFile(context.folder.resolve_path(names[0])) if names else None
    except InvalidValue as error:
        table.error(table.location, f"audio: {error}", error.fix, error.code)
        return None


def _members_recording(table: Table, context: EpisodeFileContext) -> LocalFile | None:
    """The recording under `audio: {members: ...}`, which private feeds have instead of the public one."""
    value = table.value("audio")
    if value is None or not isinstance(value.content, dict) or (members := value.content.get("members")) is None:
        return None
    to_path = context.folder.path_converter(AUDIO_SUFFIXES, must_exist=False)
    path = table.converted(members, to_path, None, "audio: members")
    return LocalFile(path) if path else None


def _audio_overrides(table: Table, context: EpisodeFileContext) -> AudioSettings | None:
    """The show's audio settings with those of `audio: {file: one.wav, loudness: -18}`; None without any."""
    value = table.value("audio")
    if value is None or not isinstance(value.content, dict):
        return None
    inner = table.table("audio")
    if inner is None:
        return None
    inner.value("file")
    inner.value("members")
    settings = audio_settings_from_table(inner, context.folder, context.mastering)
    inner.finish(foreign_keys.FOREIGN_AUDIO_KEYS)
    table.locations.update({f"audio.{key}": location for key, location in inner.locations.items()})
    return settings


def _chapter_source(table: Table, folder: ShowFolder) -> ChapterSource:
    value = table.value("chapters")
    if value is None:
        return ChaptersFromNotes()
    if isinstance(value.content, list):
        return ChapterList(chapters_from_list(table, value.content, folder))
    word = value.content.strip() if isinstance(value.content, str) else ""
    if word in {"auto", "none"}:
        return ChaptersFromNotes() if word == "auto" else ChapterList()
    path = table.converted(value, folder.path_converter(CHAPTER_SUFFIXES), None, "chapters")
    return ChaptersFromFile(path) if path else ChaptersFromNotes()


def _episode_tags(table: Table) -> tuple[str, ...]:
    value = table.value("tags")
    if value is not None and isinstance(value.content, str):
        return tuple(dict.fromkeys(tag for part in value.content.split(",") if (tag := " ".join(part.split()))))
    return tuple(dict.fromkeys(table.list_of("tags", converters.to_line)))


def prompt_set_converter(names: tuple[str, ...]) -> Callable[[str], str]:
    """A converter to the name of one of the show's sets of prompts."""

    def convert(raw: str) -> str:
        if raw.strip() not in names:
            text = f"podcast.yaml has no set of prompts called {converters.quote_value(raw)}"
            raise InvalidValue(text, suggest_name(raw, names), "value.unknown")
        return raw.strip()

    return convert


def check_notes(table: Table, body: str, first_line: int, folder: ShowFolder, *, draft: bool) -> None:
    """Report what is wrong with the text below the front matter; a draft may be unfinished."""
    path = table.location.path
    if len(body.encode("utf-8", "replace")) > MAX_NOTES_BYTES:
        text = f"the notes are longer than {MAX_NOTES_BYTES:,} bytes"
        table.error(SourceLocation(path, first_line), text, "move a transcript into its own file", "value.long")
        return
    for note_warning in lint.lint_notes(body, folder.has_file):
        if draft and note_warning.code == lint.PLACEHOLDER_CODE:
            continue  # a draft may be unfinished; a scheduled episode is published without being looked at again
        location = SourceLocation(path, first_line + note_warning.line)
        table.warning(location, note_warning.text, note_warning.fix, note_warning.code)
    for image in markdown.find_local_images(body):
        location = SourceLocation(path, first_line + image.line)
        try:
            folder.path_converter(IMAGE_SUFFIXES)(image.source)
        except InvalidValue as error:
            table.error(location, f"picture: {error}", error.fix, error.code)
        if not image.alt:
            text = f"the picture {converters.quote_value(image.source)} has no alternative text"
            table.warning(location, text, "describe it in the brackets: ![...](...)", "notes.alt")


def group_by_number(episodes: tuple[Episode, ...]) -> Mapping[tuple[int | None, int], list[Episode]]:
    """Full episodes that have a number, by season and number."""
    groups: dict[tuple[int | None, int], list[Episode]] = {}
    for episode in episodes:
        if episode.number is not None and episode.type is EpisodeType.FULL and not episode.draft:
            groups.setdefault((episode.season, episode.number), []).append(episode)
    return groups
