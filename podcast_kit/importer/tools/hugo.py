"""Hugo sites: the Castanet theme, and sites with a feed of their own.

Castanet's feed makes the guid of an episode from its parameter `guid`, else from `media_prefix` and `podcast_file`
(layouts/episode/section.rss.xml); other sites have their own template, which cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache, partial
from posixpath import basename, dirname, splitext

from podcast_kit.errors import InvalidInput
from podcast_kit.importer.elements import join_url
from podcast_kit.importer.tools.data_files import Fields, read_fields, split_front_matter
from podcast_kit.importer.tools.model import NO_SITE_URL, Recognition, ToolChapter, ToolEpisode, ToolPerson, ToolShow
from podcast_kit.importer.tools.notes import add_markdown_notes
from podcast_kit.importer.tools.source_folder import SourceFolder, normalize_path
from podcast_kit.importer.tools.template_tags import clean_hugo
from podcast_kit.io.mime import guess_content_type
from podcast_kit.source.yaml import Value, decode_source
from podcast_kit.text.feed_dates import parse_feed_date

_CONFIG_NAMES = ("hugo", "config")
_CONFIG_KINDS = {"toml": "toml", "yaml": "yaml", "yml": "yaml", "json": "json"}
_FILE_FOLDERS = (
    "static", "assets", "static/media", "static/audio", "static/episodes", "static/episode", "media", "audio",
)  # fmt: skip
"""Where the files of a site are."""
_CONFIG_FOLDERS = ("config/_default", "config/production")
_RECORDING_KEYS = (
    "podcast_file", "audio", "audio_file", "mp3", "podcast", "enclosure", "media", "audio_url", "episode_url",
)  # fmt: skip
"""Keys that sites with a template of their own use for the recording."""
_IGNORED_KEYS = {
    "type", "layout", "weight", "lastmod", "expirydate", "outputs", "url", "markup", "kind", "cascade", "build",
}  # fmt: skip
_PERMALINK_TOKEN = re.compile(r":([a-z]+)(?:\[[^\]]*\])?")
_SHOW_SERVICES = {
    "apple_podcasts_subscribe": "apple",
    "itunes_subscribe": "apple",
    "spotify_subscribe": "spotify",
}
_SERVICE_IDS = {
    "apple": re.compile(r"podcasts\.apple\.com/[\w/%.-]*?id(\d{6,12})\b"),
    "spotify": re.compile(r"open\.spotify\.com/show/(\w{22})\b"),
}
_OTHER_PAGE = re.compile(r".*/_index\.|content/(?:host|guest)s?/")
"""Lists of pages, and people, which are read elsewhere."""
_EPISODE_PAGE = re.compile(r"content/(?:[a-z-]{2,5}/)?episodes?/")
_CASTANET = "Hugo with Castanet"
_OTHER = "Hugo"


def recognize_hugo(folder: SourceFolder) -> Recognition | None:
    """Whether a folder is a Hugo site, and by which files."""
    configs = tuple(_config_paths(folder))
    pages = folder.matching("content/*.md", "content/*.markdown")
    if not configs or not pages:
        return None
    theme_files = folder.matching("themes/castanet/*", "themes/castanet*/theme.toml")[:1]
    episodes = [path for path in pages if _EPISODE_PAGE.match(path) and not path.endswith("/_index.md")]
    is_castanet = bool(theme_files) or any(
        b"castanet" in folder.read_bytes(path) or b"media_prefix" in folder.read_bytes(path) for path in configs
    )
    evidence = (*configs[:2], *theme_files, *episodes[:1])
    return Recognition(_CASTANET if is_castanet else _OTHER, evidence or configs)


def read_hugo(folder: SourceFolder, recognition: Recognition, now: datetime) -> ToolShow:
    """The show of a Hugo site."""
    return _HugoReader(folder, recognition, now).read_show()


def _config_paths(folder: SourceFolder) -> Iterator[str]:
    for name in _CONFIG_NAMES:
        for suffix in _CONFIG_KINDS:
            if folder.has(f"{name}.{suffix}"):
                yield f"{name}.{suffix}"
    for path in folder.matching(*(f"{config_folder}/*" for config_folder in _CONFIG_FOLDERS)):
        if path.rpartition(".")[2] in _CONFIG_KINDS and dirname(path) in _CONFIG_FOLDERS:
            yield path


class _HugoReader:
    """Reads one site."""

    def __init__(self, folder: SourceFolder, recognition: Recognition, now: datetime) -> None:
        self.folder = folder
        self.now = now
        self.is_castanet = recognition.tool == _CASTANET
        self.root, self.parts = self.read_config()
        self.params = self.part("params")
        self.base = f"{self.root.text('baseurl').rstrip('/')}/" if self.root.text("baseurl") else ""
        self.media_prefix = self.params.text("media_prefix")
        rule = "the parameter guid, or media_prefix and podcast_file" if self.is_castanet else ""
        configs = list(_config_paths(folder))
        self.show = ToolShow(recognition=recognition, location=folder.location(configs[0]), guid_rule=rule)
        self.show.picture_folders = ("static", "assets", "content")
        self.people: dict[str, ToolPerson] = {}
        pages = folder.matching("content/*.md", "content/*.markdown")
        self.pages_by_name = {self.base_name(path): path for path in reversed(pages)}
        self.link_to = cache(self.find_page_url)

    def read_config(self) -> tuple[Fields, dict[str, Fields]]:
        """The settings at the top level, and those of files such as config/_default/params.toml."""
        root: dict[str, Value] = {}
        parts: dict[str, Fields] = {}
        location = self.folder.location("")
        for path in _config_paths(self.folder):
            stem, _, suffix = basename(path).rpartition(".")
            location = self.folder.location(path)
            fields = read_fields(self.folder.read_bytes(path), location, _CONFIG_KINDS[suffix])
            if stem in _CONFIG_NAMES:
                root = {**root, **fields.entries}
            else:
                name = stem.casefold()
                earlier = parts[name].entries if name in parts else {}
                parts[name] = Fields({**earlier, **fields.entries}, location)
        return Fields(root, location), parts

    def part(self, name: str) -> Fields:
        """The settings below a key, from all files."""
        table = self.root.table(name)
        other = self.parts.get(name)
        return Fields({**table.entries, **other.entries}, other.location) if other else table

    def read_show(self) -> ToolShow:
        """The whole site."""
        self.read_channel()
        self.people = dict(self.read_people())
        skipped = 0
        for path in self.folder.matching("content/*.md", "content/*.markdown"):
            try:
                skipped += not self.read_page(path) and not _OTHER_PAGE.match(path)
            except InvalidInput as error:
                self.show.problems += error.problems
        if skipped:
            self.show.left_out["pages without a recording"] += skipped
        return self.show

    def read_channel(self) -> None:
        show, feed, params = self.show, self.params.table("feed"), self.params
        show.title = self.root.text("title")
        show.link = self.base
        own_feed = f"{self.base}episode/index.xml" if self.is_castanet and self.base else ""
        show.feed_url = params.text("rss_subscribe") or own_feed
        show.description = feed.text("apple_podcasts_summary", "itunes_summary") or params.text("description")
        show.subtitle = feed.text("apple_podcasts_subtitle", "itunes_subtitle")
        show.author = feed.text("apple_podcasts_author", "itunes_author") or params.text("author", "authors")
        show.owner_name = feed.text("apple_podcasts_owner_name", "itunes_owner_name")
        show.owner_email = feed.text("apple_podcasts_owner_email", "itunes_owner_email") or params.text("email")
        show.language = feed.text("language") or self.root.text("languagecode", "defaultcontentlanguage")
        show.copyright = feed.text("copyright") or self.root.text("copyright")
        show.explicit = feed.text("explicit") or params.text("explicit")
        show.podcast_guid = feed.text("podcast_guid", "guid")
        image = feed.text("apple_podcasts_image", "itunes_image") or params.text("image", "cover")
        show.image_url = self.image_url(image)
        top = feed.text("apple_podcasts_top_category", "itunes_top_category")
        subcategories = [
            feed.text(f"{prefix}_{place}_sub_category")
            for prefix in ("apple_podcasts", "itunes")
            for place in ("first", "second")
        ]
        if top:
            show.categories = tuple((top, sub) for sub in filter(None, subcategories)) or ((top, ""),)
        for key, service in _SHOW_SERVICES.items():
            if (match := _SERVICE_IDS[service].search(params.text(key))) and service not in show.listen:
                show.listen[service] = match[1]

    def read_people(self) -> Iterator[tuple[str, ToolPerson]]:
        """The hosts and guests that have pages, by the name of the page's file."""
        folders = ("host", "guest", "hosts", "guests")
        for path in self.folder.matching(*(f"content/{folder}/*.md" for folder in folders)):
            name = self.base_name(path)
            if name in {"", "_index"}:
                continue
            try:
                fields, _, _ = self.read_matter(path)
            except InvalidInput as error:
                self.show.problems += error.problems
                continue
            role = "guest" if "/guest" in path else "host"
            website = fields.text("website", "homepage", "url") or self.profile_url(fields)
            image = self.image_url(fields.text("thumbnail", "image"))
            title = fields.text("title", "name") or name
            yield f"{role} {name}", ToolPerson(name=title, role=role, url=website, image=image)

    @staticmethod
    def profile_url(fields: Fields) -> str:
        """A person's page at a network."""
        for key, prefix in (("twitter", "https://twitter.com/"), ("github", "https://github.com/")):
            if account := fields.text(key):
                return account if "://" in account else f"{prefix}{account.lstrip('@')}"
        return ""

    def read_matter(self, path: str) -> tuple[Fields, str, int]:
        """The front matter of a page, its text, and the line that the text begins on."""
        location = self.folder.location(path)
        return split_front_matter(decode_source(self.folder.read_bytes(path), location.path), location)

    def read_page(self, path: str) -> bool:
        """Read a page; whether it is an episode."""
        fields, text, first_line = self.read_matter(path)
        recording = self.find_recording(fields)
        is_draft = fields.flag("draft") or fields.flag("upcoming")
        if not recording and not (is_draft and _EPISODE_PAGE.match(path) and self.base_name(path) != "_index"):
            return False
        number = fields.text("episode", "episode_number", "number")
        episode = ToolEpisode(
            location=self.folder.location(path, 1),
            slug=fields.text("slug") or self.base_name(path),
            title=self.feed_title(fields.text("title"), number),
            is_draft=is_draft,
            date=self.read_date(fields),
            recording_url=self.recording_url(recording),
            guid=fields.text("guid", "itunes_guid"),
            length=fields.text("podcast_bytes", "audio_bytes", "bytes", "length", "podcast_length"),
            mime=fields.text("mime", "mimetype", "audio_type") or guess_content_type(recording.partition("?")[0]),
            duration=fields.text("podcast_duration", "audio_duration", "duration"),
            link=self.page_url(path, fields.text("slug") or self.base_name(path), fields),
            summary=fields.text("description", "summary"),
            subtitle=fields.text("subtitle"),
            number=number,
            season=fields.text("season", "season_number"),
            type=fields.text("episode_type", "itunes_episode_type").lower(),
            explicit=fields.text("explicit"),
            image_url=self.image_url(fields.text("episode_image", "image", "featured_image", "cover"), path),
            tags=tuple(dict.fromkeys(fields.texts("tags") + fields.texts("categories") + fields.texts("series"))),
            people=tuple(self.episode_people(fields)),
            chapters=tuple(read_chapters(fields)),
            transcripts=tuple(self.read_transcripts(fields, path)),
        )
        if recording:
            self.add_file(episode.recording_url, recording, path)
        if not episode.guid and self.is_castanet and self.media_prefix:
            episode.guid = episode.recording_url
        own = episode.link.removeprefix(self.base) if self.base else ""
        episode.aliases = tuple(dict.fromkeys((*fields.texts("aliases"), *([f"/{own}"] if own else []))))
        add_markdown_notes(self.show, episode, text, first_line, partial(clean_hugo, link_to=self.link_to))
        self.show.left_out.update(f"key {key}" for key in fields.unread() if key not in _IGNORED_KEYS)
        self.show.episodes.append(episode)
        return True

    def recording_url(self, recording: str) -> str:
        """The address of a recording, as Castanet's feed makes it."""
        if not recording or "://" in recording:
            return recording
        if self.media_prefix:
            return f"{self.media_prefix}{recording}"
        return join_url(self.base or NO_SITE_URL, recording)

    def find_recording(self, fields: Fields) -> str:
        """The file or address of the recording; the theme's key first."""
        for key in _RECORDING_KEYS:
            if text := fields.text(key):
                return text
            table = fields.table(key)
            if text := table.text("url", "src", "file", "mp3", "href"):
                return text
        return ""

    def read_date(self, fields: Fields) -> str:
        """The date of the feed; that of publishing while it is in the future."""
        date = fields.text("date") or fields.text("publishdate", "pubdate", "published", "lastmod")
        publish = fields.text("publishdate", "pubdate", "published")
        scheduled = parse_feed_date(publish)[0] if publish else None
        return in_utc(publish if scheduled and scheduled > self.now else date)

    def feed_title(self, title: str, number: str) -> str:
        """The title as Castanet's feed has it, with the number if the site asks for that."""
        style = self.params.text("episode_number_style")
        label = f"{self.params.text('episode_number_prefix')}{number}"
        if not (self.is_castanet and number and style in {"parens", "brackets", "dash"}):
            return title
        return {"parens": f"{title} ({label})", "brackets": f"{title} [{label}]", "dash": f"{title} - {label}"}[style]

    def image_url(self, written: str, page: str = "") -> str:
        """The URL of a picture, whose file is in static/ or assets/, or beside the page."""
        if not written:
            return ""
        url = written if "://" in written else join_url(self.base or NO_SITE_URL, written.lstrip("/"))
        self.add_file(url, written, page)
        return url

    def add_file(self, url: str, written: str, page: str) -> None:
        """Remember the file of a URL, if it is in the site's folder."""
        path = written.removeprefix(self.base) if self.base else written
        if "://" in path:
            path = path.removeprefix(self.media_prefix) if self.media_prefix else ""
            if "://" in path:
                return
        below = (f"{dirname(page)}/{path}",) if page else ()
        if local := self.folder.find(*below, *(f"{folder}/{path}" for folder in _FILE_FOLDERS)):
            self.show.files[url] = local

    def episode_people(self, fields: Fields) -> Iterator[ToolPerson]:
        for role, key in (("host", "hosts"), ("guest", "guests"), ("host", "host"), ("guest", "guest")):
            for name in fields.texts(key):
                yield self.people.get(f"{role} {name}") or ToolPerson(name=name, role=role)

    def read_transcripts(self, fields: Fields, page: str) -> Iterator[tuple[str, str, str]]:
        """The transcripts that are files; a text in the front matter is none."""
        for written in (*fields.texts("transcript", "transcripts"), *fields.texts("transcript_file", "transcript_url")):
            suffix = splitext(written)[1].lower()
            if suffix in {".vtt", ".srt", ".json", ".html", ".txt"} and "\n" not in written:
                url = join_url(self.base or NO_SITE_URL, written)
                self.add_file(url, written, page)
                yield url, {".srt": "application/x-subrip"}.get(suffix, guess_content_type(written)), ""

    def page_url(self, path: str, slug: str, fields: Fields) -> str:
        """The URL of a page; empty where the site's pattern for it cannot be read."""
        if not self.base:
            return ""
        if url := fields.text("url"):
            return join_url(self.base, url.lstrip("/"))
        section = path.split("/")[1] if path.count("/") > 1 else ""
        permalinks = self.part("permalinks")
        pattern = permalinks.text(section) or permalinks.table("page").text(section)
        if not pattern:
            folder = dirname(path).removeprefix("content").strip("/")
            is_bundle = basename(path).startswith("index.")
            parent = dirname(folder) if is_bundle else folder
            return join_url(self.base, "/".join(part for part in (parent, slug.lower()) if part) + "/")
        date = parse_feed_date(in_utc(fields.text("date")))[0]
        values = {
            "contentbasename": self.base_name(path), "filename": self.base_name(path), "slug": slug,
            "slugorcontentbasename": slug, "slugorfilename": slug, "section": section, "sections": section,
        }  # fmt: skip
        if date:
            values |= {"year": f"{date.year:04}", "month": f"{date.month:02}", "day": f"{date.day:02}"}
        tokens = {match[1] for match in _PERMALINK_TOKEN.finditer(pattern)}
        if not tokens <= values.keys():
            return ""
        return join_url(self.base, _PERMALINK_TOKEN.sub(lambda match: values[match[1]].lower(), pattern).lstrip("/"))

    def find_page_url(self, name: str) -> str:
        """The URL of the page that a shortcode `ref` names; the home page if it cannot be read."""
        bare = normalize_path(name.partition("#")[0]).removesuffix(".md")
        path = self.folder.find(f"content/{bare}.md", f"content/{bare}/index.md")
        path = path or self.pages_by_name.get(basename(bare), "")
        if not path:
            return self.base
        try:
            fields, _, _ = self.read_matter(path)
        except InvalidInput:
            return self.base
        return self.page_url(path, fields.text("slug") or self.base_name(path), fields) or self.base

    @staticmethod
    def base_name(path: str) -> str:
        """The name of a page: of its file, or of the folder of an index file."""
        stem = splitext(basename(path))[0]
        return basename(dirname(path)) if stem == "index" else stem


def in_utc(date: str) -> str:
    """A date in ISO 8601, in UTC if it has no zone; other texts unchanged."""
    text = date.strip().replace(" UTC", "Z")
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return date
    return parsed.isoformat() if parsed.tzinfo else f"{parsed.isoformat()}+00:00"


def read_chapters(fields: Fields) -> Iterator[ToolChapter]:
    """Chapters in front matter: texts such as `00:00:00.000 Intro`, or mappings."""
    for value in fields.values("chapters"):
        if isinstance(value.content, str):
            start, _, title = value.content.strip().partition(" ")
            if start and title:
                yield ToolChapter(start=start, title=title.strip())
        elif isinstance(value.content, dict):
            entry = Fields.from_value(value, fields.location)
            start = entry.text("start", "starttime", "start_time", "time")
            title = entry.text("title", "name")
            if start and title:
                url, image = entry.text("url", "href"), entry.text("image", "img")
                yield ToolChapter(start=start, title=title, url=url, image=image)
