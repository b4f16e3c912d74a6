"""Podcast Generator: config.php, and beside each recording in media/ an XML file of the same name.

Its feed (core/feed_generator.php) makes the guid from `<guid>` in that file, else from url, `?`, link, `=` and the
file's name; the date is the time of the recording's file, which a copy may have changed.
"""

from __future__ import annotations

import html
import os
import re
from datetime import UTC, datetime
from posixpath import basename, dirname, splitext

from podcast_kit.errors import InvalidInput, Severity
from podcast_kit.feed.repair import parse_feed_leniently
from podcast_kit.importer.elements import join_url
from podcast_kit.importer.tools.model import NO_SITE_URL, Recognition, ToolEpisode, ToolShow
from podcast_kit.importer.tools.source_folder import SourceFolder
from podcast_kit.io.inside import open_inside
from podcast_kit.io.mime import guess_content_type
from podcast_kit.model import Node
from podcast_kit.text.numbers import parse_count

_SETTING = re.compile(r"^\$([a-z_]+(?:\[\d\])?) *= *\"?(.*?)\"?;", re.MULTILINE | re.IGNORECASE)
"""As the tool itself reads the lines of config.php: nothing is run."""
_MEDIA_SUFFIXES = {".mp3", ".m4a", ".mp4", ".m4v", ".mov", ".ogg", ".oga", ".opus", ".aac", ".wav", ".flac", ".webm"}
_DATED_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})[_-]")
_ROOT = re.compile(rb"<PodcastGenerator\b[^<]*<episode\b", re.IGNORECASE)
_READ_KEYS = {
    "guid", "titlePG", "shortdescPG", "longdescPG", "imgPG", "categoriesPG", "keywordsPG", "explicitPG", "authorPG",
    "fileInfoPG", "customTagsPG", "episodeNumPG", "seasonNumPG", "coverPG", "filename", "moddate",
}  # fmt: skip


def recognize_podcast_generator(folder: SourceFolder) -> Recognition | None:
    """Whether a folder is an installation of Podcast Generator, or a copy of its config.php and media."""
    config = next((path for path in folder.matching("config.php", "*/config.php") if path.count("/") <= 1), "")
    if not config or b"podcastgen_version" not in folder.read_head(config, 20_000):
        return None
    sidecar = next((path for path in folder.matching("*.xml") if _ROOT.search(folder.read_head(path))), "")
    return Recognition("Podcast Generator", tuple(filter(None, (config, sidecar))))


def read_podcast_generator(folder: SourceFolder, recognition: Recognition, _now: datetime) -> ToolShow:
    """The show of an installation."""
    return _PodcastGeneratorReader(folder, recognition).read_show()


class _PodcastGeneratorReader:
    """Reads one installation."""

    def __init__(self, folder: SourceFolder, recognition: Recognition) -> None:
        self.folder = folder
        path = recognition.evidence[0]
        self.root = dirname(path)
        source = folder.read_bytes(path).decode("utf-8", "replace")
        self.config: dict[str, str] = {}
        for match in _SETTING.finditer(source):
            value = "" if match[2] == '"' else match[2].replace("\\", "")
            self.config.setdefault(match[1], html.unescape(value))
        self.url = self.config.get("url", "") or NO_SITE_URL
        self.show = ToolShow(
            recognition=recognition,
            location=folder.location(path),
            guid_rule="<guid> in the file beside each recording, or url, link and the file's name",
        )
        self.categories = self.read_category_names()

    def read_show(self) -> ToolShow:
        """The show and its episodes."""
        show, config = self.show, self.config
        show.title, show.subtitle = config.get("podcast_title", ""), config.get("podcast_subtitle", "")
        show.description = config.get("podcast_description", "") or show.subtitle
        show.author = show.owner_name = config.get("author_name", "")
        show.owner_email = config.get("author_email", "")
        show.language, show.copyright = config.get("feed_language", "")[:2], config.get("copyright", "")
        show.explicit, show.podcast_guid = config.get("explicit_podcast", ""), config.get("podcast_guid", "")
        show.link = "" if self.url == NO_SITE_URL else self.url
        show.feed_url = f"{self.url}{config.get('feed_dir', '')}feed.xml" if show.link else ""
        names = [config.get(f"itunes_category[{number}]", "") for number in range(3)]
        show.categories = tuple(
            (name.partition(":")[0], name.partition(":")[2]) for name in names if name and name != "null"
        )
        show.image_url = f"{self.url}{config.get('img_dir', 'images/')}itunes_image.jpg"
        self.add_file(show.image_url, f"{config.get('img_dir', 'images/')}itunes_image.jpg")
        for path in self.folder.files:
            sidecar = f"{splitext(path)[0]}.xml"
            if splitext(path)[1].lower() not in _MEDIA_SUFFIXES or not self.folder.has(sidecar):
                continue
            try:
                self.read_episode(path, sidecar)
            except InvalidInput as error:
                show.problems += error.problems
        if show.episodes:
            text = "the dates are those of the files, which copying may have changed; the day is in many file names"
            show.warn(show.location, text, "pass the live feed with --feed for the exact dates", Severity.WARNING)
        return show

    def read_category_names(self) -> dict[str, str]:
        """The names of the tool's own categories, by their ids."""
        path = self.folder.find(f"{self.root}/categories.xml", "categories.xml")
        if not path:
            return {}
        try:
            document = parse_feed_leniently(self.folder.read_bytes(path), self.folder.location(path).path)
        except InvalidInput as error:
            self.show.problems += error.problems
            return {}
        return {node.child_text("id"): node.child_text("description") for node in document.root.children}

    def read_episode(self, path: str, sidecar: str) -> None:
        """Read an episode, whose date is only that of the file."""
        location = self.folder.location(sidecar)
        document = parse_feed_leniently(self.folder.read_bytes(sidecar), location.path)
        data = document.root.child("episode") or Node("episode", "episode")
        name, upload = basename(path), self.config.get("upload_dir", "media/")
        info = data.child("fileInfoPG") or Node("fileInfoPG", "fileInfoPG")
        author = data.child("authorPG") or Node("authorPG", "authorPG")
        url = f"{self.url}{upload}{name.replace(' ', '%20')}"
        link = re.sub(r"[?=]|\$url", "", self.config.get("link", "?name="))
        page = f"{self.url}?{link}={name}"
        date = self.read_date(path)
        episode = ToolEpisode(
            location=location,
            slug=_DATED_NAME.sub("", splitext(name)[0]),
            title=html.unescape(data.child_text("titlePG")),
            guid=html.unescape(data.child_text("guid")) or page,
            date=date,
            has_guessed_date=True,
            recording_url=url,
            length=str(self.folder.size_of(path)),
            mime=guess_content_type(name),
            duration=info.child_text("duration"),
            link=page if self.show.link else "",
            summary=data.child_text("shortdescPG"),
            html=data.child_text("longdescPG") or data.child_text("shortdescPG"),
            author=author.child_text("namePG"),
            explicit=data.child_text("explicitPG"),
            number=data.child_text("episodeNumPG") if parse_count(data.child_text("episodeNumPG")) else "",
            season=data.child_text("seasonNumPG") if parse_count(data.child_text("seasonNumPG")) else "",
            tags=tuple(self.read_tags(data)),
            extra=self.read_custom_tags(data),
        )
        image = data.child_text("imgPG") or data.child_text("coverPG")
        episode.image_url = join_url(self.url, image) if image else ""
        if not image:
            stem = f"{self.config.get('img_dir', 'images/')}{splitext(name)[0]}"
            for suffix in (".jpg", ".png"):
                if self.add_file(f"{self.url}{stem}{suffix}", f"{stem}{suffix}"):
                    episode.image_url = f"{self.url}{stem}{suffix}"
        else:
            self.add_file(episode.image_url, episode.image_url.removeprefix(self.url))
        self.show.files[url] = path
        self.show.left_out.update(f"element {node.key}" for node in data.children if node.key not in _READ_KEYS)
        self.show.episodes.append(episode)

    def add_file(self, url: str, path: str) -> bool:
        """Remember the file of a URL, if there is one."""
        local = self.folder.find(f"{self.root}/{path}", path)
        if local:
            self.show.files[url] = local
        return bool(local)

    def read_date(self, path: str) -> str:
        """The time of the file, in UTC, or the day in its name where that differs."""
        try:
            with open_inside(self.folder.path, path) as file:
                changed = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC).replace(microsecond=0)
        except (OSError, ValueError, OverflowError):
            return ""
        named = _DATED_NAME.match(basename(path))
        if named and abs((changed.date() - datetime.fromisoformat(named[1]).date()).days) > 1:
            return f"{named[1]}T00:00:00+00:00"
        return changed.isoformat()

    def read_tags(self, data: Node) -> list[str]:
        """Keywords and the tool's own categories."""
        keywords = [word.strip() for word in data.child_text("keywordsPG").split(",")]
        chosen = data.child("categoriesPG") or Node("categoriesPG", "categoriesPG")
        names = [self.categories.get(node.text.strip(), "") for node in chosen.children]
        return [name for name in dict.fromkeys((*keywords, *names)) if name and name != "uncategorized"]

    def read_custom_tags(self, data: Node) -> tuple[Node, ...]:
        """The elements that were typed into the box for further tags."""
        written = data.child_text("customTagsPG")
        if not written:
            return ()
        wrapped = f'<rss version="2.0"><channel><item>{written}</item></channel></rss>'
        try:
            document = parse_feed_leniently(wrapped.encode("utf-8", "replace"), "custom tags")
        except InvalidInput:
            self.show.left_out["custom tags that are not XML"] += 1
            return ()
        return document.items[0].children if document.items else ()
