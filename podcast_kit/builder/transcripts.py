"""An episode's transcripts: as given, and in the forms that apps ask for but nobody wrote."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path, PurePosixPath

from podcast_kit.builder import enclosure
from podcast_kit.builder.output_dir import Tree, media_key
from podcast_kit.errors import InvalidInput, Problem
from podcast_kit.model import Cue, Episode, Project, Transcript, Wave, public_url
from podcast_kit.source import transcripts as source
from podcast_kit.source.notes.sanitize import guard_transcript

HTML = (".html", ".htm")
TIMED = {".vtt": source.write_vtt, ".srt": source.write_srt, ".json": source.write_json}
"""Each can be made from each other; from text without times nothing can."""


def of(project: Project, episode: Episode, tree: Tree, shift: float = 0.0) -> tuple[Transcript, ...]:
    """Every transcript with its address: the author's files first, then what could be made from them.

    All cues come `shift` seconds later than they are written, where mastering joined an intro or took silence off; the
    author's own file is then not what listeners need.
    """
    problems: list[Problem] = []
    found: list[Transcript] = []
    languages: dict[str, tuple[Cue, ...]] = {}
    given: set[tuple[str, str]] = set()
    for name in episode.transcripts:
        path = PurePosixPath(name)
        language = _language(path)
        file = enclosure.inside(project.folder, "podcast.yaml", name)
        if file is None:
            text = f"transcript {name!r} is not there"
            problems.append(Problem(episode.location_of("transcript"), text, "mend the path", "tr.missing"))
            continue
        try:
            cues = source.load(project.folder, name)
        except InvalidInput as error:
            problems += error.problems
            continue
        timed = path.suffix.lower() in TIMED
        if timed:
            cues = _shifted(cues, round(shift * 1000))
            languages.setdefault(language, cues)
        if not (timed and shift):
            key = _harmless(file, tree) if path.suffix.lower() in HTML else enclosure.publish(file, tree)
            found.append(_published(project, key, path.suffix.lower(), language, cues))
            given.add((language, path.suffix.lower()))
    if problems:
        raise InvalidInput(problems)
    for language, cues in languages.items():
        for suffix, write in TIMED.items():
            if (language, suffix) not in given:
                data = write(cues).encode()
                name = f"{episode.slug}{f'.{language}' if language else ''}{suffix}"
                key = media_key(hashlib.sha256(data).hexdigest(), name)
                tree.write(key, data, Wave.MEDIA)
                found.append(_published(project, key, suffix, language, cues))
    return tuple(found)


def _harmless(file: Path, tree: Tree) -> str:
    """A transcript as HTML without what could run: it lies on the show's own domain, whoever wrote it."""
    data = guard_transcript(file.read_text("utf-8-sig", "replace")).encode()
    name = file.name.lower().replace(" ", "-")
    return tree.write(media_key(hashlib.sha256(data).hexdigest(), name), data, Wave.MEDIA).key


def words(project: Project, episode: Episode) -> str:
    """The first transcript as plain text, for the tags; what is wrong with it is for `of` to say."""
    for name in episode.transcripts:
        if enclosure.inside(project.folder, "podcast.yaml", name):
            try:
                return source.write_text(source.load(project.folder, name)).strip()
            except InvalidInput:
                break
    return ""


def _shifted(cues: tuple[Cue, ...], by: int) -> tuple[Cue, ...]:
    """Each later by so many milliseconds; what was cut off the head is gone."""
    if not by:
        return cues
    moved = (replace(cue, start_ms=max(0, cue.start_ms + by), end_ms=cue.end_ms + by) for cue in cues)
    return tuple(cue for cue in moved if cue.end_ms > cue.start_ms)


def _published(project: Project, key: str, suffix: str, language: str, cues: tuple[Cue, ...]) -> Transcript:
    mime = source.MIMES.get(suffix.removeprefix("."), "text/plain")
    url = public_url(project.show.publish.url, key)
    return Transcript(url=url, mime=mime, language=language or project.show.language, cues=cues)


def _language(path: PurePosixPath) -> str:
    """`de` of `talk.de.vtt`; empty for the show's own language."""
    middle = PurePosixPath(path.stem).suffix.removeprefix(".")
    return middle if 2 <= len(middle) <= 5 and middle.replace("-", "").isalpha() else ""  # noqa: PLR2004  # ISO 639, region
