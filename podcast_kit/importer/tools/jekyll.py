"""Jekyll sites with Octopod.

Octopod's feed (assets/_layouts/feed.xml) makes the title of an episode from title and subtitle, the address of the
recording from `download_url` and the file's name, and the guid from `url` and the page's path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from posixpath import basename, splitext

from podcast_kit.errors import InvalidInput
from podcast_kit.importer.elements import join_url
from podcast_kit.importer.tools.data_files import Fields, read_fields, split_front_matter
from podcast_kit.importer.tools.hugo import read_chapters
from podcast_kit.importer.tools.model import NO_SITE_URL, Recognition, ToolEpisode, ToolPerson, ToolShow
from podcast_kit.importer.tools.nodes import make_node
from podcast_kit.importer.tools.notes import add_markdown_notes
from podcast_kit.importer.tools.source_folder import SourceFolder
from podcast_kit.importer.tools.template_tags import clean_liquid
from podcast_kit.source.yaml import decode_source
from podcast_kit.text.feed_dates import find_time_zone

_CONFIG_NAMES = ("_config.yml", "_config.yaml")
_POST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})-(.+)\.(?:md|markdown|html)")
_FORMATS = {"mp3": "audio/mpeg", "m4a": "audio/mp4", "ogg": "audio/ogg", "opus": "audio/ogg"}
"""The first one of a post that apps play everywhere is imported; each has a feed of its own."""
_RECORDING_FOLDERS = ("", "episodes", "assets/episodes", "audio", "media")
_PERMALINK_STYLES = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "none": "/:categories/:title:output_ext",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
}
_IGNORED_KEYS = {"layout", "datum", "filesize", "permalink", "image_title", "published", "comments"}
_SITE_VARIABLES = ("url", "title", "description", "author", "email", "baseurl", "subtitle", "download_url")
_PAGE_VARIABLES = ("title", "subtitle", "summary", "author", "duration")


def recognize_jekyll(folder: SourceFolder) -> Recognition | None:
    """Whether a folder is a Jekyll site with posts that have recordings, and by which files."""
    config = folder.find(*_CONFIG_NAMES)
    posts = [path for path in folder.files if "_posts/" in path or "_drafts/" in path]
    if not config or not posts:
        return None
    has_octopod = b"octopod" in folder.read_bytes(config)
    episode = next((path for path in posts if b"\naudio:" in folder.read_head(path)), "")
    if not has_octopod and not episode:
        return None
    return Recognition("Jekyll with Octopod", (config, episode or posts[0]))


def read_jekyll(folder: SourceFolder, recognition: Recognition, now: datetime) -> ToolShow:
    """The show of a Jekyll site."""
    return _JekyllReader(folder, recognition, now).read_show()


class _JekyllReader:
    """Reads one site."""

    def __init__(self, folder: SourceFolder, recognition: Recognition, now: datetime) -> None:
        self.folder = folder
        self.now = now
        config = recognition.evidence[0]
        self.location = folder.location(config)
        self.site = read_fields(folder.read_bytes(config), self.location, "yaml")
        self.url = self.site.text("url").rstrip("/")
        download_url = self.site.text("download_url").rstrip("/")
        self.download_url = download_url or (f"{self.url}/episodes" if self.url else f"{NO_SITE_URL}episodes")
        self.show = ToolShow(recognition=recognition, location=self.location, guid_rule="url and the page's address")

    def read_show(self) -> ToolShow:
        """The whole site."""
        show, site = self.show, self.site
        show.picture_folders = (".", "assets")
        show.title, show.subtitle = site.text("title"), site.text("subtitle")
        show.description = site.text("description") or show.subtitle
        show.author = show.owner_name = site.text("author")
        show.owner_email = site.text("email")
        show.language = site.text("language")
        show.explicit = site.text("explicit")
        show.copyright = site.text("license")
        show.link = self.url
        show.feed_url = f"{self.url}/episodes.mp3.rss" if self.url else ""
        show.categories = tuple((name, "") for name in site.texts("itunes_categories", "itunes_category"))
        keywords = ", ".join(site.texts("keywords"))
        show.extra = (make_node("itunes:keywords", keywords, location=self.location),) if keywords else ()
        if match := re.search(r"/id(\d{6,12})\b", site.text("itunes_url") or site.text("itunes")):
            show.listen["apple"] = match[1]
        if logo := self.folder.find("img/logo-itunes.jpg", "img/logo-itunes.png"):
            show.image_url = f"{self.url or NO_SITE_URL.rstrip('/')}/{logo}"
            show.files[show.image_url] = logo
        for path in self.folder.files:
            match = _POST.fullmatch(basename(path))
            is_draft = "_drafts/" in f"/{path}"
            if ("_posts/" not in path or not match) and not (is_draft and path.endswith((".md", ".markdown"))):
                continue
            try:
                if not self.read_post(path, match, is_draft=is_draft):
                    show.left_out["posts without a recording"] += 1
            except InvalidInput as error:
                show.problems += error.problems
        return show

    def read_post(self, path: str, match: re.Match[str] | None, *, is_draft: bool) -> bool:
        """Read a post; whether it is an episode."""
        location = self.folder.location(path)
        source = decode_source(self.folder.read_bytes(path), location.path)
        fields, text, first_line = split_front_matter(source, location)
        audio = fields.table("audio")
        recordings = {name: audio.text(name) for name in (*_FORMATS, *audio.entries) if audio.text(name)}
        if not recordings and fields.text("audio"):
            recordings = {splitext(fields.text("audio"))[1].lstrip(".").lower(): fields.text("audio")}
        is_draft = is_draft or fields.text("published").casefold() == "false" or fields.flag("draft")
        if not recordings and not is_draft:
            return False
        name = match[4] if match else splitext(basename(path))[0]
        title, subtitle = fields.text("title"), fields.text("subtitle")
        episode = ToolEpisode(
            location=self.folder.location(path, 1),
            slug=fields.text("slug") or name,
            title=f"{title} - {subtitle}" if subtitle else title,
            date=self.read_date(fields, match),
            is_draft=is_draft,
            subtitle=subtitle,
            author=fields.text("author"),
            summary=fields.text("summary", "description"),
            duration=fields.text("duration"),
            explicit=fields.text("explicit"),
            number=fields.text("episode", "number"),
            season=fields.text("season"),
            tags=tuple(dict.fromkeys(split_words(fields, "tags") + split_words(fields, "categories"))),
            people=tuple(self.read_contributors(fields)),
            chapters=tuple(read_chapters(fields)),
        )
        if image := fields.text("image"):
            episode.image_url = image if "://" in image else f"{self.url or NO_SITE_URL.rstrip('/')}/img/{image}"
            self.add_file(episode.image_url, f"img/{image}", image)
        page = self.page_path(fields, match, name)
        episode.link = f"{self.url}{page}" if page and self.url else ""
        episode.guid = fields.text("guid") or episode.link
        episode.aliases = tuple(dict.fromkeys((*([page] if page else []), *fields.texts("redirect_from", "aliases"))))
        for index, (kind, file) in enumerate(recordings.items()):
            url = file if "://" in file else f"{self.download_url}/{file}"
            if not index:
                episode.recording_url, episode.mime = url, _FORMATS.get(kind, "")
                episode.length = fields.table("filesize").text(kind)
                self.add_file(url, *(f"{folder}/{file}".lstrip("/") for folder in _RECORDING_FOLDERS))
            else:
                source_node = make_node("podcast:source", "", {"uri": url}, location=episode.location)
                attributes = {"type": _FORMATS.get(kind, f"audio/{kind}")}
                node = make_node("podcast:alternateEnclosure", "", attributes, (source_node,), episode.location)
                episode.extra = (*episode.extra, node)
        variables = {f"page.{key}": fields.text(key) for key in _PAGE_VARIABLES}
        variables |= {f"site.{key}": self.site.text(key) for key in _SITE_VARIABLES}
        add_markdown_notes(self.show, episode, text, first_line, partial(clean_liquid, variables=variables))
        self.show.left_out.update(f"key {key}" for key in fields.unread() if key not in _IGNORED_KEYS)
        self.show.episodes.append(episode)
        return True

    def add_file(self, url: str, *paths: str) -> None:
        """Remember the file of a URL, if it is in the site's folder."""
        if local := self.folder.find(*paths):
            self.show.files[url] = local

    def read_date(self, fields: Fields, match: re.Match[str] | None) -> str:
        """The date of the front matter, else of the file's name; in the site's time zone.

        A time with seconds and without a zone is in UTC, because Ruby reads it as a timestamp of YAML.
        """
        written = fields.text("date")
        if not written and match:
            written = f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}"
        try:
            parsed = datetime.fromisoformat(re.sub(r" ([+-]\d{2}:?\d{2}|Z|UTC)$", r"\1", written).replace("UTC", "Z"))
        except ValueError:
            return written
        if parsed.tzinfo is None:
            is_timestamp = re.fullmatch(r"\d{4}-\d\d?-\d\d?[ T]\d\d?:\d\d:\d\d(?:\.\d*)?", written)
            zone = find_time_zone("UTC" if is_timestamp else self.site.text("timezone") or "UTC")
            try:
                parsed = parsed.replace(tzinfo=zone)
                offset = parsed.utcoffset()
            except (OverflowError, ValueError):
                return written
            if zone is None or offset is None:
                return f"{parsed.replace(tzinfo=None).isoformat()}+00:00"
        return parsed.isoformat()

    def page_path(self, fields: Fields, match: re.Match[str] | None, name: str) -> str:
        """The path of a post's page; empty where the site's pattern for it cannot be read."""
        if written := fields.text("permalink"):
            return written if ":" not in written else ""
        pattern = self.site.text("permalink") or "date"
        pattern = _PERMALINK_STYLES.get(pattern, pattern)
        if match is None:
            return ""
        values = {
            ":categories": "/".join(word.lower() for word in split_words(fields, "categories")),
            ":year": match[1], ":month": f"{int(match[2]):02}", ":i_month": str(int(match[2])),
            ":day": f"{int(match[3]):02}", ":i_day": str(int(match[3])), ":short_year": match[1][2:],
            ":title": fields.text("slug") or name, ":slug": fields.text("slug") or name, ":output_ext": ".html",
        }  # fmt: skip
        for key in sorted(values, key=len, reverse=True):
            pattern = pattern.replace(key, values[key])
        return "" if ":" in pattern else re.sub(r"/{2,}", "/", f"/{pattern.lstrip('/')}")

    def read_contributors(self, fields: Fields) -> Iterator[ToolPerson]:
        for value in fields.values("contributors"):
            entry = Fields.from_value(value, fields.location)
            name = entry.text("name") or (value.content if isinstance(value.content, str) else "")
            if name:
                yield ToolPerson(name=name, role=entry.text("role"), url=join_url(self.url, entry.text("uri", "url")))


def split_words(fields: Fields, name: str) -> tuple[str, ...]:
    """The words of a list, or of a text with blanks between them, as Jekyll reads tags and categories."""
    value = fields.value(name)
    if value and isinstance(value.content, str):
        return tuple(value.content.replace(",", " ").split())
    return fields.texts(name)
