"""What lies beside the feed in a build: artwork, recordings, transcripts, chapters, the feed's other forms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from podcast_kit import __version__, audio, feed, images
from podcast_kit.audio import loudness
from podcast_kit.builder import JSON_FEED_KEY, CACHE_DIR, OPML_KEY, Build
from podcast_kit.builder.cache import Cache, open_cache
from podcast_kit.check.rules.artwork import Artwork
from podcast_kit.check.rules.audio import Sound
from podcast_kit.check.rules.chapters import Marks
from podcast_kit.check.rules.links import JsonFeed, Outline, Pages
from podcast_kit.check.rules.transcripts import Script
from podcast_kit.errors import SourceLocation, PodcastKitError, Problem, Severity
from podcast_kit.model import ChaptersFromNotes, Episode, FeedDocument, Item, LocalFile, Project

MOST = 20_000_000
"""Bytes of a text that are read; a transcript of a day has two million."""
SCRIPTS = {".vtt": "text/vtt", ".srt": "application/x-subrip"}


def things(
    made: Build, pages: tuple[FeedDocument, ...], *, platform: str = "", listen: bool = False
) -> Iterator[object]:
    """All that a build holds beside its feed, as rules look at it; `listen` measures each recording's loudness."""
    yield from artworks(made)
    for item in made.items:
        yield from _sound(made, item, measured=platform == "apple", listen=listen)
        yield from _scripts(made.project, item)
        yield from _marks(made, item)
    yield from _forms(made)
    if len(pages) > 1:
        yield Pages(pages, pages[0].location_of())


def alone(data: bytes, path: str) -> object | None:
    """A transcript, a chapters file, a JSON feed or an OPML file by itself; None for what is none of them.

    Raises InvalidInput for OPML that is no XML.
    """
    ending, place = PurePosixPath(path).suffix.lower(), SourceLocation(path)
    if ending == ".opml":
        return Outline(feed.parse(data, path))
    text = data.decode("utf-8", "replace")
    if ending in SCRIPTS:
        return Script(text, SCRIPTS[ending], place)
    if ending == ".json":
        return JsonFeed(text, place) if '"items"' in text else Marks(text, place)
    return None


def oddities(made: Build) -> Iterator[Problem]:
    """What is odd about the recordings that are not out yet, by their bytes; what is out stays as it is.

    Each recording is listened through once; from then on its oddities are remembered by its content.
    """
    project = made.project
    new = [item.episode for item in made.items if not project.lock_entry(item.guid)]
    here = [
        (episode, path)
        for episode in new
        if isinstance(episode.audio, LocalFile) and (path := episode.audio.resolve_in(project.folder)).is_file()
    ]
    with open_cache(Path(project.folder, CACHE_DIR, "checked")) as memory:
        found = [(episode, said) for episode, path in here for said in _inspected(path, memory)]
    for episode, (text, hint, code, severity) in found:
        if code not in project.show.ignore and code not in episode.ignore:
            yield Problem(SourceLocation(str(episode.audio)), text, hint, code, Severity(severity))


def _inspected(path: Path, memory: Cache) -> list[list[str]]:
    """Text, mend, code and severity of each oddity of a recording."""
    key = f"{__version__} {audio.VERSION} {path.suffix} {memory.sha256(path)}"
    known: list[list[str]] | None = memory.get("oddities", key)
    if known is None:
        known = [[one.text, one.fix, one.code, str(one.severity)] for one in audio.inspect(path).problems]
        memory.set("oddities", key, known)
    return known


def artworks(made: Build) -> Iterator[Artwork]:
    """The pictures of the show and of the episodes that are due, by their pixels; the build has opened them all."""
    show = made.project.show
    at = show.locations.get("artwork", SourceLocation("podcast.yaml"))
    named: list[tuple[LocalFile | None, SourceLocation, Episode | None]] = [(show.artwork, at, None)]
    named += [(item.episode.image, item.episode.location_of("image"), item.episode) for item in made.items]
    for picture, place, episode in named:
        if picture and (path := picture.resolve_in(made.project.folder)).is_file():
            yield Artwork(images.probe(path), picture.path, place, episode)


def _sound(made: Build, item: Item, *, measured: bool, listen: bool) -> Iterator[Sound]:
    """The enclosure, where its file is here; its bytes are only measured when somebody asks what they are."""
    output = made.outputs.get(item.enclosure.key)
    path = output.path if output else None
    if path is None or not path.is_file():
        return
    try:
        tags = audio.read_tags(path)
        facts = audio.probe(path) if measured else None
    except PodcastKitError:
        return  # the build has read it a moment ago, and would have said so
    frozen = made.project.lock_entry(item.guid) is not None
    heard = loudness.measure(path) if listen else None
    yield Sound(path.name, item.episode.location_of("audio"), facts, tags, item, heard, frozen)


def _scripts(project: Project, item: Item) -> Iterator[Script]:
    """The transcripts that the podcaster gave; what is made from them needs no looking at."""
    for name in item.episode.transcripts:
        mime = SCRIPTS.get(PurePosixPath(name).suffix.lower(), "")
        path = Path(project.folder, name)
        if mime and path.is_file():
            yield Script(_text(path), mime, SourceLocation(name), item.enclosure.seconds, item.episode)


def _marks(made: Build, item: Item) -> Iterator[Marks]:
    """The file of JSON chapters; its faults are those of where the chapters are written."""
    output = made.outputs.get(unquote(item.chapters_url.removeprefix(made.project.show.publish.url)))
    if output is not None and output.path is not None:
        notes = SourceLocation(item.episode.path, item.episode.notes_line)
        from_notes = isinstance(item.episode.chapters, ChaptersFromNotes)
        place = notes if from_notes else item.episode.location_of("chapters")
        yield Marks(_text(output.path), place, item.enclosure.seconds, item.episode)


def _forms(made: Build) -> Iterator[object]:
    for key, output in made.outputs.items():
        if output.path is None:
            continue
        if key == JSON_FEED_KEY:
            yield JsonFeed(_text(output.path), SourceLocation(f"{made.folder.name}/{key}"))
        elif key == OPML_KEY:
            yield Outline(feed.parse(output.path.read_bytes(), f"{made.folder.name}/{key}"))


def _text(path: Path) -> str:
    with path.open("rb") as source:
        return source.read(MOST).decode("utf-8", "replace")
