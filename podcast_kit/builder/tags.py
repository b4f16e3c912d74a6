"""The tags (metadata) of an audio file, for players that never saw the feed; the formats write them: `audio/`."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import Any

from podcast_kit import audio, images
from podcast_kit.builder.cache import Cache, CacheKind
from podcast_kit.builder.description import EpisodeText, episode_page_url
from podcast_kit.model import Chapter, Cover, Episode, LocalFile, Project, Soundbite, Tags
from podcast_kit.writer_versions import IMAGES

COVER_SIDE_PX = 1400
"""Of the artwork inside the audio: enough for a car, small beside the audio."""
CHAPTER_IMAGE_SIDE_PX = 800
MAX_KEPT_COVERS = 32
CREATIVE_COMMONS = re.compile(r"CC-(BY(?:-NC)?(?:-ND|-SA)?)-(\d\.\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileTags:
    """The tags of one file, and the pictures to embed, which are opened only when the file is written."""

    tags: Tags
    cover: Path | None
    chapter_images: tuple[tuple[LocalFile, Path], ...] = ()
    """Each chapter's image, and its file on disk."""

    def digest_inputs(self, cache: Cache) -> list[str | int]:
        """What the written tags depend on."""
        cover = cache.sha256(self.cover) if self.cover else ""
        chapter_images = [cache.sha256(path) for _, path in self.chapter_images]
        return [audio.digest_tags(self.tags), cover, COVER_SIDE_PX, *chapter_images]


class EmbeddedImages:
    """Pictures made small enough for a tag; the latest are kept, since most episodes share the show's artwork."""

    def __init__(self, cache: Cache, shared: Path | None = None) -> None:
        """`shared` is the artwork of the show, whose cover the cache keeps for later builds."""
        self._cache = cache
        self._shared = shared
        self._covers: dict[tuple[str, int], Cover] = {}
        """The one that was used last is last."""

    def embed(self, file_tags: FileTags) -> Tags:
        """The tags with their pictures."""
        cover = self._load(file_tags.cover, COVER_SIDE_PX) if file_tags.cover else None
        chapter_images = ((name, self._load(path, CHAPTER_IMAGE_SIDE_PX)) for name, path in file_tags.chapter_images)
        return replace(file_tags.tags, cover=cover, images=tuple(chapter_images))

    def _load(self, source: Path, side: int) -> Cover:
        key = (self._cache.sha256(source), side)
        cover = self._covers.pop(key, None) or self._make_cover(source, side)
        self._covers[key] = cover
        if len(self._covers) > MAX_KEPT_COVERS:
            del self._covers[next(iter(self._covers))]
        return cover

    def _make_cover(self, source: Path, side: int) -> Cover:
        key = f"{IMAGES} {self._cache.sha256(source)} {side}"
        cover = self._cache.get(TAG_COVERS, key) if source == self._shared else None
        if cover is None:
            cover = images.make_tag_cover(source, side)
            if source == self._shared:
                self._cache.set(TAG_COVERS, key, cover)
        return cover


def _cover_from_json(row: list[Any]) -> Cover:
    data, mime, width, height = row
    return Cover(data=base64.b64decode(data), mime=str(mime), width=int(width), height=int(height))


TAG_COVERS: CacheKind[Cover] = CacheKind(
    "tag_cover",
    lambda cover: [base64.b64encode(cover.data).decode("ascii"), cover.mime, cover.width, cover.height],
    _cover_from_json,
    is_large=True,
)


def build_tags(
    project: Project, episode: Episode, text: EpisodeText, chapters: tuple[Chapter, ...], transcript: str
) -> FileTags:
    """The tags of the episode's enclosure."""
    show = project.show
    hosts = [person.name for person in episode.people or show.people if person.role.lower() == "host"]
    tags = Tags(
        title=episode.title,
        show=show.title,
        author=", ".join(hosts) or show.author,
        date=episode.date.astimezone(UTC) if episode.date else None,
        number=episode.number,
        season=episode.season,
        summary=text.summary,
        comment=text.comment,
        description=text.plain,
        transcript=transcript,
        link=episode_page_url(project, episode),
        feed_url=show.feed_url,
        guid=episode.guid,
        language=show.language,
        copyright=show.copyright,
        license_url=_license_url(project, episode),
        explicit=show.explicit if episode.explicit is None else episode.explicit,
        keywords=episode.tags,
        category=show.categories[0].name if show.categories else "",
    )
    return with_chapters(FileTags(tags, embedded_cover(project, episode)), project, chapters)


def with_chapters(file_tags: FileTags, project: Project, chapters: tuple[Chapter, ...]) -> FileTags:
    """The same tags with these chapters; a picture at a URL stays a URL."""
    local_images = dict.fromkeys(chapter.image for chapter in chapters if isinstance(chapter.image, LocalFile))
    chapter_images = tuple((image, image.resolve_in(project.folder)) for image in local_images)
    return replace(file_tags, tags=replace(file_tags.tags, chapters=chapters), chapter_images=chapter_images)


def embedded_cover(project: Project, episode: Episode) -> Path | None:
    """The episode's image, else the show's artwork; None where the file does not exist."""
    image = episode.image or project.show.artwork
    path = image.resolve_in(project.folder) if image else None
    return path if path and path.is_file() else None


def build_soundbite_tags(project: Project, episode: Episode, soundbite: Soundbite) -> FileTags:
    """The tags of a soundbite's file: what it is from, and where the rest can be heard."""
    show = project.show
    tags = Tags(
        title=soundbite.title or episode.title,
        show=show.title,
        author=show.author,
        date=episode.date.astimezone(UTC) if episode.date else None,
        summary=f"{episode.title} – {show.title}",
        link=f"{episode_page_url(project, episode)}#t={soundbite.start_ms // 1000}",
        feed_url=show.feed_url,
        language=show.language,
        copyright=show.copyright,
        explicit=show.explicit if episode.explicit is None else episode.explicit,
    )
    return FileTags(tags, embedded_cover(project, episode))


def _license_url(project: Project, episode: Episode) -> str:
    """The licence's URL: the one given, else that of a Creative Commons licence by its name."""
    elements = (*episode.elements, *project.show.elements)
    license_ = next((element for element in elements if element.name == "podcast:license"), None)
    if license_ is None:
        return ""
    by_name = CREATIVE_COMMONS.fullmatch(license_.text)
    url = f"https://creativecommons.org/licenses/{by_name[1].lower()}/{by_name[2]}/" if by_name else ""
    return dict(license_.attributes).get("url") or url
