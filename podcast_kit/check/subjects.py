"""The objects of a build that rules check besides the feed: artwork, audio, transcripts, chapters, JSON Feed, OPML."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from podcast_kit import __version__, audio, feed, images
from podcast_kit.audio import loudness
from podcast_kit.builder import CACHE_DIR, JSON_FEED_KEY, OPML_KEY, Build
from podcast_kit.builder.cache import Cache, CacheKind, open_cache
from podcast_kit.check.rules.artwork import ArtworkFile
from podcast_kit.check.rules.audio import EnclosureFile
from podcast_kit.check.rules.chapters import ChaptersFile
from podcast_kit.check.rules.links import FeedPages, JsonFeedFile, OpmlFile
from podcast_kit.check.rules.transcripts import TranscriptFile
from podcast_kit.errors import PodcastKitError, Problem, Severity, SourceLocation
from podcast_kit.model import ChaptersFromNotes, Episode, FeedDocument, Item, LocalFile
from podcast_kit.writer_versions import TAG_WRITER

MAX_TEXT_BYTES = 20_000_000
"""Bytes of a text file that are read; the transcript of a day of talk has two million."""
PUBLISHED_TRANSCRIPT_TYPES = {".vtt": "text/vtt", ".srt": "application/x-subrip"}
AUDIO_WARNINGS: CacheKind[list[list[str]]] = CacheKind("audio_warnings", list, list)
"""Text, fix, code and severity of each warning about a recording."""


def build_subjects(
    build: Build, pages: tuple[FeedDocument, ...], *, platform: str = "", measure_loudness: bool = False
) -> Iterator[object]:
    """Everything in a build that rules check besides the feed; `measure_loudness` decodes every recording."""
    yield from _artwork_subjects(build)
    for item in build.items:
        yield from _enclosure_subjects(build, item, probe=platform == "apple", measure_loudness=measure_loudness)
        yield from _transcript_subjects(build, item)
        yield from _chapters_subjects(build, item)
    yield from _other_format_subjects(build)
    if len(pages) > 1:
        yield FeedPages(pages, pages[0].location_of())


def file_subject(data: bytes, path: str) -> object | None:
    """A single file as rules check it: chapters, a JSON feed or OPML; None for any other file.

    Raises InvalidInput for OPML that is not well-formed XML.
    """
    suffix, location = PurePosixPath(path).suffix.lower(), SourceLocation(path)
    if suffix == ".opml":
        return OpmlFile(feed.parse_feed(data, path))
    if suffix == ".json":
        text = data.decode("utf-8", "replace")
        return JsonFeedFile(text, location) if '"items"' in text else ChaptersFile(text, location)
    return None


def audio_warnings(build: Build) -> Iterator[Problem]:
    """Problems in the bytes of recordings that are not published yet; published ones are frozen.

    Each recording is scanned once; the result is cached by its content.
    """
    project = build.project
    unpublished = [item.episode for item in build.items if not project.lock_entry(item.guid)]
    recordings = [
        (episode, path)
        for episode in unpublished
        if isinstance(episode.audio, LocalFile) and (path := episode.audio.resolve_in(project.folder)).is_file()
    ]
    with open_cache(project.output_folder / CACHE_DIR, subfolder="checked") as cache:
        warnings = [(episode, row) for episode, path in recordings for row in _inspect_once(path, cache)]
    reported = {(problem.location.path, problem.code) for problem in build.problems}
    for episode, (text, fix, code, severity) in warnings:
        if (str(episode.audio), code) in reported or code == audio.UNPUBLISHABLE_CODE:
            continue  # the build names each chapter, and has converted the recording
        if code not in project.show.ignore and code not in episode.ignore:
            yield Problem(SourceLocation(str(episode.audio)), text, fix, code, Severity(severity))


def _inspect_once(path: Path, cache: Cache) -> list[list[str]]:
    """Text, fix, code and severity of each problem of a recording."""
    key = f"{__version__} {TAG_WRITER} {path.suffix} {cache.sha256(path)}"
    rows = cache.get(AUDIO_WARNINGS, key)
    if rows is None:
        problems = audio.inspect_audio(path).problems
        rows = [[problem.text, problem.fix, problem.code, str(problem.severity)] for problem in problems]
        cache.set(AUDIO_WARNINGS, key, rows)
    return rows


def _artwork_subjects(build: Build) -> Iterator[ArtworkFile]:
    """The artwork of the show and of its built episodes."""
    show, folder = build.project.show, build.project.folder
    show_location = show.locations.get("artwork", SourceLocation("podcast.yaml"))
    artwork: list[tuple[LocalFile | None, SourceLocation, Episode | None]] = [(show.artwork, show_location, None)]
    artwork += [(item.episode.image, item.episode.location_of("image"), item.episode) for item in build.items]
    for file, location, episode in artwork:
        if file and (path := file.resolve_in(folder)).is_file():
            yield ArtworkFile(images.probe_image(path), file.path, location, episode)


def _enclosure_subjects(build: Build, item: Item, *, probe: bool, measure_loudness: bool) -> Iterator[EnclosureFile]:
    """The enclosure, if its file is on this machine; `probe` reads its bit rate and codec too."""
    output = build.outputs.get(item.enclosure.key)
    path = output.path if output else None
    if path is None or not path.is_file():
        return
    try:
        tags = audio.read_tags(path)
        facts = audio.probe_audio(path) if probe else None
    except PodcastKitError:
        return  # the build has read the file and reported the problem
    frozen = build.project.lock_entry(item.guid) is not None
    measured = loudness.measure_loudness(path) if measure_loudness else None
    yield EnclosureFile(path.name, item.episode.location_of("audio"), facts, tags, item, measured, frozen)


def _transcript_subjects(build: Build, item: Item) -> Iterator[TranscriptFile]:
    """The transcripts that the podcaster wrote, as they are published: what apps would not read is repaired then."""
    base = build.project.show.publish.url
    for name in item.episode.transcripts:
        mime = PUBLISHED_TRANSCRIPT_TYPES.get(PurePosixPath(name).suffix.lower(), "")
        path = Path(build.project.folder, name)
        if not mime or not path.is_file():
            continue
        keys = [unquote(script.url.removeprefix(base)) for script in item.transcripts if script.mime == mime]
        outputs = [output for key in keys if (output := build.outputs.get(key)) and output.is_local]
        original = path.read_bytes()
        is_original = any(output.sha256 == hashlib.sha256(original).hexdigest() for output in outputs)
        published = [output.path for output in outputs if output.path]
        text = original.decode("utf-8", "replace") if is_original or not published else _read_text_start(published[0])
        yield TranscriptFile(text, mime, SourceLocation(name), item.enclosure.seconds, item.episode, is_original)


def _chapters_subjects(build: Build, item: Item) -> Iterator[ChaptersFile]:
    """The JSON chapters file, located where the podcaster wrote the chapters."""
    output = build.outputs.get(unquote(item.chapters_url.removeprefix(build.project.show.publish.url)))
    if output is not None and output.path is not None:
        notes = SourceLocation(item.episode.path, item.episode.notes_line)
        from_notes = isinstance(item.episode.chapters, ChaptersFromNotes)
        location = notes if from_notes else item.episode.location_of("chapters")
        yield ChaptersFile(_read_text_start(output.path), location, item.enclosure.seconds, item.episode)


def _other_format_subjects(build: Build) -> Iterator[object]:
    """The JSON feed and the OPML file."""
    for key, output in build.outputs.items():
        if output.path is None:
            continue
        if key == JSON_FEED_KEY:
            yield JsonFeedFile(_read_text_start(output.path), SourceLocation(f"{build.folder.name}/{key}"))
        elif key == OPML_KEY:
            yield OpmlFile(feed.parse_feed(output.path.read_bytes(), f"{build.folder.name}/{key}"))


def _read_text_start(path: Path) -> str:
    with path.open("rb") as source:
        return source.read(MAX_TEXT_BYTES).decode("utf-8", "replace")
