"""Eleventy sites with the plugin Podcaster (eleventy-plugin-podcaster).

Its feed (src/podcastFeed.njk) makes the guid from `guid` of an episode, else from the address of its page; the address
of a recording is `episodeUrlBase`, or `siteUrl` and `episodes/`, and the file's name.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import partial
from posixpath import basename, dirname, splitext
from urllib.parse import quote

from podcast_kit.errors import InvalidInput
from podcast_kit.importer.elements import join_url
from podcast_kit.importer.tools.data_files import Fields, read_fields, split_front_matter
from podcast_kit.importer.tools.hugo import in_utc
from podcast_kit.importer.tools.model import NO_SITE_URL, Recognition, ToolChapter, ToolEpisode, ToolShow
from podcast_kit.importer.tools.notes import add_markdown_notes
from podcast_kit.importer.tools.source_folder import SourceFolder
from podcast_kit.importer.tools.template_tags import clean_liquid
from podcast_kit.io.mime import guess_content_type
from podcast_kit.source.yaml import decode_source
from podcast_kit.text.numbers import parse_count

_EPISODE_TAG = "podcastepisode"
_EPISODE_FOLDER = re.compile(r"(?:.*/)?(?:episode-posts|episodePosts)/[^/]+\.(?:md|njk|html)")
_DATED_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})-(.+)")
_NUMBERED_NAME = re.compile(r"(?:s(\d{1,4})e(\d{1,5})|(?:episode-|ep|e)(\d{1,5}))", re.IGNORECASE)
_SEASON_AND_NUMBER = re.compile(r"\bs(\d{1,4})\s{0,3}e(\d{1,5})\b")
_NUMBER_IN_NAME = re.compile(r"\b(\d{1,5})\b")
_EXCERPT_MARK = re.compile(r"<!---?\s*(?:end)?excerpt\s*-->")
_IGNORED_KEYS = {"layout", "permalink", "eleventynavigation", "eleventyexcludefromcollections", "topic", "guest"}
_RECORDING_FOLDERS = (
    "episode-files",
    "episodeFiles",
    "src/episode-files",
    "src/episodeFiles",
    "episodes",
    "src/episodes",
)


def recognize_eleventy(folder: SourceFolder) -> Recognition | None:
    """Whether a folder is an Eleventy site with Podcaster, and by which files."""
    data = next(iter(folder.matching("_data/podcast.json", "*/_data/podcast.json")), "")
    if not data:
        return None
    config = folder.find(
        "eleventy.config.js", "eleventy.config.mjs", ".eleventy.js", "eleventy.config.cjs", "package.json"
    )
    episode = next((path for path in folder.files if _EPISODE_FOLDER.fullmatch(path)), "")
    return Recognition("Eleventy with Podcaster", tuple(filter(None, (data, config, episode))))


def read_eleventy(folder: SourceFolder, recognition: Recognition, _now: datetime) -> ToolShow:
    """The show of an Eleventy site."""
    return _EleventyReader(folder, recognition).read_show()


class _EleventyReader:
    """Reads one site."""

    def __init__(self, folder: SourceFolder, recognition: Recognition) -> None:
        self.folder = folder
        path = recognition.evidence[0]
        self.root = dirname(dirname(path))
        self.location = folder.location(path)
        self.podcast = read_fields(folder.read_bytes(path), self.location, "json")
        site_url = self.podcast.text("siteurl") or self.read_data("site").text("url")
        self.url = site_url.rstrip("/")
        self.site = f"{self.url}/" if self.url else NO_SITE_URL
        self.recordings = self.podcast.text("episodeurlbase") or f"{self.site}episodes/"
        self.known_files = self.read_data("episodeData")
        self.files_by_number = self.index_measured_files()
        rule = "guid, or the address of the page"
        self.show = ToolShow(recognition=recognition, location=self.location, guid_rule=rule)

    def read_data(self, name: str) -> Fields:
        """A file of global data; no keys where there is none."""
        path = "/".join(part for part in (self.root, "_data", f"{name}.json") if part)
        location = self.folder.location(path)
        if not self.folder.has(path):
            return Fields({}, location)
        return read_fields(self.folder.read_bytes(path), location, "json")

    def read_show(self) -> ToolShow:
        """The whole site."""
        show, podcast, owner = self.show, self.podcast, self.podcast.table("owner")
        show.picture_folders = (self.root or ".", "public", "src", "assets")
        show.title, show.subtitle = podcast.text("title"), podcast.text("subtitle")
        show.description = podcast.text("description") or podcast.text("summary")
        show.author = podcast.text("author")
        show.owner_name, show.owner_email = owner.text("name"), owner.text("email")
        show.language, show.explicit = podcast.text("language"), podcast.text("explicit")
        show.type = podcast.text("type")
        show.copyright = podcast.text("copyright") or show.author
        show.link = self.url
        show.feed_url = (
            join_url(self.site, (podcast.text("feedpath") or "/feed/podcast.xml").lstrip("/")) if self.url else ""
        )
        if category := podcast.text("category"):
            show.categories = ((category, podcast.text("subcategory")),)
        image = podcast.text("imagepath") or "/img/podcast-logo.jpg"
        show.image_url = join_url(self.site, image.lstrip("/"))
        self.add_file(
            show.image_url, *(f"{folder}{image}".lstrip("/") for folder in ("", self.root, "public", "src", "assets"))
        )
        for path in self.folder.files:
            if not path.endswith((".md", ".njk", ".html")) or basename(path).upper().startswith("README"):
                continue
            try:
                self.read_post(path)
            except InvalidInput as error:
                if _EPISODE_FOLDER.fullmatch(path):
                    show.problems += error.problems
        return show

    def read_post(self, path: str) -> None:
        """Read a post, if it is an episode."""
        location = self.folder.location(path)
        source = decode_source(self.folder.read_bytes(path), location.path)
        if not source.startswith("---"):
            return
        fields, text, first_line = split_front_matter(source, location)
        tags = fields.texts("tags")
        is_episode = _EPISODE_FOLDER.fullmatch(path) or _EPISODE_TAG in {tag.casefold() for tag in tags}
        if not is_episode:
            return
        beside = self.read_beside(path)
        data = fields.table("episode")
        data = Fields({**beside.table("episode").entries, **data.entries}, data.location)
        stem = splitext(basename(path))[0]
        dated = _DATED_NAME.fullmatch(stem)
        name = dated[2] if dated else stem
        numbers = _NUMBERED_NAME.match(name)
        season = data.text("seasonnumber") or (numbers[1] or "" if numbers else "")
        number = data.text("episodenumber") or (numbers[2] or numbers[3] or "" if numbers else "")
        season, number = (str(parse_count(text) or text) for text in (season, number))
        filename = data.text("filename") or self.guess_filename(season, number)
        known = Fields.from_value(self.known_files.value(filename.casefold()), data.location)
        episode = ToolEpisode(
            location=self.folder.location(path, 1),
            slug=fields.text("slug") or name,
            title=fields.text("title"),
            date=in_utc(fields.text("date") or (dated[1] if dated else "")),
            is_draft=fields.flag("draft"),
            summary=_EXCERPT_MARK.sub("", fields.text("excerpt")),
            number=number,
            season=season,
            type=data.text("episodetype", "type").lower(),
            explicit=data.text("explicit") or fields.text("explicit"),
            length=data.text("size") or known.text("size"),
            duration=(data.text("duration") or known.text("duration")).partition(".")[0],
            tags=tuple(tag for tag in tags if tag.casefold() != _EPISODE_TAG),
            mime=guess_content_type(filename),
            image_url=join_url(self.site, data.text("image").lstrip("/")) if data.text("image") else "",
        )
        if filename:
            episode.recording_url = join_url(self.recordings, quote(filename, safe="/:%&,'()+@!$=~"))
            self.add_file(episode.recording_url, *(f"{folder}/{filename}" for folder in _RECORDING_FOLDERS))
        page = self.page_path(fields, season, number)
        episode.link = f"{self.url}{page}" if page and self.url else ""
        guids = (data.text("guid"), fields.text("guid"), episode.link)
        episode.guid = next(filter(None, guids), "")
        episode.aliases = tuple(dict.fromkeys((*([page] if page else []), *fields.texts("redirect_from", "aliases"))))
        self.add_chapters(data, episode)
        variables = {key: fields.text(key) for key in ("title", "excerpt")}
        variables |= {"podcast.title": self.show.title, "podcast.siteUrl": self.url}
        text = _EXCERPT_MARK.sub("", text)
        add_markdown_notes(self.show, episode, text, first_line, partial(clean_liquid, variables=variables))
        self.show.left_out.update(f"key {key}" for key in fields.unread() if key not in _IGNORED_KEYS)
        self.show.left_out.update(f"key episode.{key}" for key in data.unread())
        self.show.episodes.append(episode)

    def read_beside(self, path: str) -> Fields:
        """The data of a file of the same name, in JSON."""
        beside = f"{splitext(path)[0]}.json"
        location = self.folder.location(beside)
        return (
            read_fields(self.folder.read_bytes(beside), location, "json")
            if self.folder.has(beside)
            else Fields({}, location)
        )

    def guess_filename(self, season: str, number: str) -> str:
        """The file that the plugin finds by the numbers in its name, among those that it has measured."""
        return self.files_by_number.get((season, number), "")

    def index_measured_files(self) -> dict[tuple[str, str], str]:
        """The names of measured recordings, by season and number; by number alone with an empty season."""
        names = {
            basename(path).casefold(): basename(path) for path in self.folder.files if path.endswith((".mp3", ".m4a"))
        }
        index: dict[tuple[str, str], str] = {}
        for folded in self.known_files.entries:
            name = names.get(folded, folded)
            if match := _SEASON_AND_NUMBER.search(folded):
                index.setdefault((str(parse_count(match[1])), str(parse_count(match[2]))), name)
            elif match := _NUMBER_IN_NAME.search(folded):
                index.setdefault(("", str(parse_count(match[1]))), name)
        return index

    def page_path(self, fields: Fields, season: str, number: str) -> str:
        """The path of a post's page, as the plugin makes it; empty for one that a template makes."""
        written = fields.text("permalink")
        if written:
            return f"/{written.lstrip('/')}" if "{" not in written else ""
        if season and number:
            return f"/s{season}/e{number}/"
        return f"/{number}/" if number else ""

    def add_chapters(self, data: Fields, episode: ToolEpisode) -> None:
        """The chapters in the front matter or beside; a text is the address of a file."""
        if written := data.text("chapters"):
            episode.chapters_url = join_url(self.site, written.lstrip("/"))
            self.add_file(
                episode.chapters_url, *(f"{folder}{written}".lstrip("/") for folder in ("", self.root, "src"))
            )
            return
        chapters = []
        for value in data.values("chapters"):
            entry = Fields.from_value(value, data.location)
            start, title = entry.text("starttime", "start"), entry.text("title")
            if start and title:
                image, url = entry.text("img", "image"), entry.text("url")
                start = start if ":" in start else seconds_to_start(start)
                chapters.append(ToolChapter(start=start, title=title, url=url, image=image))
        episode.chapters = tuple(chapters)

    def add_file(self, url: str, *paths: str) -> None:
        """Remember the file of a URL, if it is in the site's folder."""
        if local := self.folder.find(*paths):
            self.show.files[url] = local


def seconds_to_start(seconds: str) -> str:
    """A number of seconds as the start of a chapter; other texts unchanged."""
    if not re.fullmatch(r"\d{1,6}(?:\.\d{1,6})?", seconds):
        return seconds
    whole, _, fraction = seconds.partition(".")
    minutes, rest_seconds = divmod(int(whole), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest_seconds:02}" + (f".{fraction[:3]}" if fraction else "")
