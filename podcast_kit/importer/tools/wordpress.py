"""WordPress exports (WXR), with recordings of PowerPress, Seriously Simple Podcasting or WordPress itself.

An `enclosure` in a post's metadata has the lines URL, length and type; PowerPress adds a line of serialized settings.
Seriously Simple Podcasting has `audio_file` and others. In the feeds of all of them, the guid is that of the post.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from posixpath import basename, dirname
from urllib.parse import unquote, urlsplit

from podcast_kit.errors import InvalidInput, Severity, SourceLocation
from podcast_kit.feed.repair import parse_feed_leniently
from podcast_kit.importer.tools.model import Recognition, ToolEpisode, ToolShow
from podcast_kit.importer.tools.notes import add_html_notes
from podcast_kit.importer.tools.php_serialized import PhpDataError, PhpValue, parse_php_value, php_text
from podcast_kit.importer.tools.source_folder import SourceFolder
from podcast_kit.importer.tools.template_tags import clean_wordpress
from podcast_kit.io.mime import guess_content_type
from podcast_kit.model import FeedDocument, Node

WXR_URI = b"wordpress.org/export/"
MAX_WXR_BYTES = 50_000_000
_DRAFT_STATUSES = {"draft", "pending", "private", "auto-draft"}
_SKIPPED_STATUSES = {"trash", "inherit"}
_SKIPPED_TYPES = {"attachment", "revision", "nav_menu_item", "wp_navigation", "wp_global_styles", "custom_css", "page"}
_READ_META = {
    "enclosure", "audio_file", "duration", "filesize", "filesize_raw", "date_recorded", "explicit", "block",
    "itunes_episode_number", "itunes_season_number", "itunes_episode_type", "itunes_title", "itunes_explicit",
    "cover_image", "episode_type", "transcript_file", "podcast_guid",
}  # fmt: skip
_BLOCK_START = re.compile(
    r"\s*<(?:p|div|ul|ol|li|table|h[1-6]|blockquote|pre|figure|hr|iframe|section|dl|form|style|script)\b", re.IGNORECASE
)
_PARAGRAPH = re.compile(r"<p[\s>]|<!--\s*wp:", re.IGNORECASE)
_ZERO_DATE = "0000-00-00"


def recognize_wordpress(folder: SourceFolder) -> Recognition | None:
    """Whether a folder has a WordPress export, and which plugin it was made with."""
    exports = tuple(find_exports(folder))
    if not exports:
        return None
    data = folder.read_bytes(exports[0], MAX_WXR_BYTES)
    plugin = ""
    if b"<![CDATA[audio_file]]>" in data or b">audio_file<" in data:
        plugin = " with Seriously Simple Podcasting"
    elif b"powerpress" in data.lower() or re.search(rb"\na:\d+:\{s:", data):
        plugin = " with PowerPress"
    return Recognition(f"WordPress{plugin}", exports)


def find_exports(folder: SourceFolder) -> Iterator[str]:
    """The WordPress exports among the XML files at the top of a folder; a file alone may have any name."""
    for path in folder.files:
        is_candidate = path == folder.only or ("/" not in path and path.lower().endswith(".xml"))
        if is_candidate and WXR_URI in folder.read_head(path, 20_000):
            yield path


def read_wordpress(folder: SourceFolder, recognition: Recognition, _now: datetime) -> ToolShow:
    """The show of WordPress exports."""
    show = ToolShow(recognition=recognition, location=folder.location(recognition.evidence[0]))
    show.guid_rule = "the <guid> of each post"
    for path in recognition.evidence:
        reader = WordPressReader(parse_export(folder, path), show)
        reader.read_channel()
        for post in reader.posts.values():
            if episode := reader.read_episode(post):
                show.episodes.append(episode)
        reader.count_leftovers()
    return show


def parse_export(folder: SourceFolder, path: str) -> FeedDocument:
    """The elements of an export; raises InvalidInput."""
    document = parse_feed_leniently(folder.read_bytes(path, MAX_WXR_BYTES), folder.location(path).path)
    if document.channel is None:
        raise InvalidInput([*document.faults])
    return document


class WordPressReader:
    """Reads one export."""

    def __init__(self, document: FeedDocument, show: ToolShow) -> None:
        self.document = document
        self.show = show
        self.channel = document.channel or Node("channel", "channel")
        self.posts: dict[str, Node] = {}
        """By post id."""
        self.attachments: dict[str, str] = {}
        """URLs by post id."""
        self.read_posts: set[str] = set()
        show.problems += document.faults
        for item in document.items:
            post_id, kind = item.child_text("wp:post_id"), item.child_text("wp:post_type")
            if kind == "attachment":
                self.attachments[post_id] = item.child_text("wp:attachment_url") or item.child_text("guid")
            elif kind not in _SKIPPED_TYPES and item.child_text("wp:status") not in _SKIPPED_STATUSES:
                self.posts[post_id or f"line {item.line}"] = item

    def read_channel(self) -> None:
        """What an export says of the show: little."""
        show, channel = self.show, self.channel
        show.title = show.title or channel.child_text("title")
        show.description = show.description or channel.child_text("description")
        show.language = show.language or channel.child_text("language")
        show.link = show.link or channel.child_text("wp:base_blog_url") or channel.child_text("link")
        if show.link and not show.feed_url:
            show.feed_url = f"{show.link.rstrip('/')}/feed/podcast/"
        authors = [author.child_text("wp:author_display_name") for author in channel.children_named("wp:author")]
        show.author = show.author or next(filter(None, authors), "")

    def read_episode(self, post: Node) -> ToolEpisode | None:
        """The episode of a post; None, and counted, for one without a recording."""
        meta = read_post_meta(post)
        settings: dict[str, PhpValue] = {}
        url, length, mime = self.find_recording(post, meta, settings)
        status = post.child_text("wp:status")
        if not url and not (post.child_text("wp:post_type") == "podcast" and status in _DRAFT_STATUSES):
            return None
        self.read_posts.add(post.child_text("wp:post_id") or f"line {post.line}")
        episode = self.start_episode(post)
        episode.recording_url, episode.length = url, length
        episode.mime = mime or guess_content_type(urlsplit_or_empty(url))
        episode.duration = meta.get("duration") or php_text(settings.get("duration"))
        episode.number = meta.get("itunes_episode_number") or php_text(settings.get("episode_no"))
        episode.season = meta.get("itunes_season_number") or php_text(settings.get("season"))
        kind = meta.get("itunes_episode_type") or php_text(settings.get("episode_type"))
        episode.type = kind if kind in {"full", "trailer", "bonus"} else ""
        episode.explicit = self.explicit_text(meta, settings)
        episode.image_url = (
            meta.get("cover_image")
            or php_text(settings.get("itunes_image") or settings.get("image"))
            or self.attachments.get(meta.get("_thumbnail_id", ""), "")
        )
        episode.subtitle = php_text(settings.get("subtitle"))
        episode.summary = episode.summary or php_text(settings.get("summary"))
        episode.author = php_text(settings.get("author"))
        if chapters := php_text(settings.get("pci_chapters_url")):
            episode.chapters_url = chapters
        transcript = meta.get("transcript_file") or php_text(settings.get("pci_transcript_url"))
        if transcript:
            episode.transcripts = ((transcript, guess_content_type(urlsplit_or_empty(transcript)), ""),)
        self.show.left_out.update(
            f"postmeta {key}" for key in meta if key not in _READ_META and not key.startswith("_")
        )
        return episode

    def start_episode(self, post: Node) -> ToolEpisode:
        """What every post has: title, guid, date, text, tags, former addresses."""
        location = self.document.location_of(post)
        status = post.child_text("wp:status")
        has_password = bool(post.child_text("wp:post_password"))
        if has_password or status == "private":
            text = f"“{post.child_text('title')[:60]}” is {'protected by a password' if has_password else 'private'}"
            self.show.warn(location, text, "imported as a draft; remove `draft:` to publish it for everyone")
        episode = ToolEpisode(
            location=location,
            slug=unquote(post.child_text("wp:post_name")),
            title=post.child_text("title"),
            guid=post.child_text("guid"),
            date=post_date(post),
            link=post.child_text("link"),
            summary=post.child_text("excerpt:encoded"),
            is_draft=status in _DRAFT_STATUSES or has_password,
            tags=tuple(self.read_tags(post)),
            aliases=tuple(self.former_addresses(post)),
        )
        content = post.child("content:encoded")
        add_html_notes(
            self.show, episode, content.text if content else "", content.line if content else 0, clean_wordpress
        )
        episode.html = add_paragraphs(episode.html)
        comments = len(post.children_named("wp:comment"))
        if comments:
            self.show.left_out["comments"] += comments
        return episode

    def find_recording(
        self, post: Node, meta: Mapping[str, str], settings: dict[str, PhpValue]
    ) -> tuple[str, str, str]:
        """URL, length and type of the recording; PowerPress's `settings` are added."""
        if meta.get("audio_file"):
            size = meta.get("filesize_raw", "")
            return meta["audio_file"], size if size.isdigit() else "", ""
        chosen = ("", "", "")
        for key, value in iter_post_meta(post):
            if key != "enclosure" and not key.endswith(":enclosure"):
                continue
            lines = value.strip().split("\n", 3)
            url, length, mime = (lines[index].strip() if index < len(lines) else "" for index in range(3))
            is_media = mime.startswith(("audio/", "video/")) or not mime
            if chosen[0] or not is_media or not url:
                self.show.left_out["further enclosures"] += 1
                continue
            chosen = (url, length if length.isdigit() else "", mime)
            if len(lines) > 3 and lines[3].strip():  # noqa: PLR2004
                settings |= self.read_settings(lines[3], self.document.location_of(post))
        return chosen

    def read_settings(self, serialized: str, location: SourceLocation) -> Mapping[str, PhpValue]:
        """PowerPress's settings of an episode; reported if they cannot be read."""
        try:
            value = parse_php_value(serialized.strip().encode("utf-8", "replace"))
        except PhpDataError as error:
            text = f"PowerPress's settings of the episode are left out: {error.text}"
            self.show.warn(location, text, "set number, season and duration by hand")
            return {}
        return value if isinstance(value, dict) else {}

    @staticmethod
    def explicit_text(meta: Mapping[str, str], settings: Mapping[str, PhpValue]) -> str:
        """What the plugins mean: PowerPress has 1 for yes and 2 for clean, the other one `on`."""
        written = meta.get("explicit") or meta.get("itunes_explicit") or php_text(settings.get("explicit"))
        return {"1": "yes", "2": "no", "on": "yes", "yes": "yes", "no": "no", "clean": "no"}.get(written.lower(), "")

    @staticmethod
    def read_tags(post: Node) -> Iterator[str]:
        """The names of categories and tags."""
        names = dict.fromkeys(
            " ".join(node.text.split())
            for node in post.children_named("category")
            if node.attributes.get("domain") in {"category", "post_tag", "keyword", None}
        )
        return (name for name in names if name and name.casefold() != "uncategorized")

    @staticmethod
    def former_addresses(post: Node) -> Iterator[str]:
        """The paths of the post's page, now and under earlier names."""
        try:
            parts = urlsplit(post.child_text("link"))
        except ValueError:
            return
        if parts.query or not parts.path.strip("/"):
            return  # `?p=12` is not a path
        yield parts.path
        for key, value in iter_post_meta(post):
            if key == "_wp_old_slug" and value.strip():
                yield f"{dirname(parts.path.rstrip('/')).rstrip('/')}/{value.strip()}/"

    def count_leftovers(self) -> None:
        """Count the posts and pages that are not imported."""
        unread = Counter(
            item.child_text("wp:post_type") or "post"
            for post_id, item in self.posts.items()
            if post_id not in self.read_posts
        )
        unread += Counter(item.child_text("wp:post_type") for item in self.document.items if is_page(item))
        names = {"post": "posts without a recording", "page": "pages"}
        for kind, count in unread.items():
            self.show.left_out[names.get(kind, f"entries of the type {kind}")] += count
        if self.attachments:
            self.show.left_out["files of the media library"] += len(self.attachments)
        if not self.read_posts:
            text = "no post has a recording: neither an enclosure nor audio_file"
            self.show.warn(self.show.location, text, "export all content, with the podcast's posts", Severity.WARNING)


def is_page(item: Node) -> bool:
    """Whether an item is a page rather than a post."""
    return item.child_text("wp:post_type") == "page"


def iter_post_meta(post: Node) -> Iterator[tuple[str, str]]:
    """Key and value of a post's metadata."""
    for entry in post.children_named("wp:postmeta"):
        value = entry.child("wp:meta_value")
        yield entry.child_text("wp:meta_key"), value.text if value else ""


def read_post_meta(post: Node) -> dict[str, str]:
    """A post's metadata that has a value; the first of each key."""
    meta: dict[str, str] = {}
    for key, value in iter_post_meta(post):
        if value.strip():
            meta.setdefault(key, value.strip())
    return meta


def post_date(post: Node) -> str:
    """When a post was published, in UTC; for a draft, the date that it has in the site's time zone."""
    gmt = post.child_text("wp:post_date_gmt")
    if gmt and not gmt.startswith(_ZERO_DATE):
        return f"{gmt.replace(' ', 'T')}+00:00"
    local = post.child_text("wp:post_date")
    if local and not local.startswith(_ZERO_DATE):
        return f"{local.replace(' ', 'T')}+00:00"
    return post.child_text("pubDate")


def add_paragraphs(text: str) -> str:
    """HTML of the classic editor, whose blank lines are paragraphs and whose line ends are line breaks."""
    if _PARAGRAPH.search(text) or not text.strip():
        return text
    pieces: Iterable[str] = re.split(r"\n[ \t\r]*\n", text.strip())
    return "\n".join(
        piece if _BLOCK_START.match(piece) else f"<p>{piece.strip().replace(chr(10), '<br>')}</p>"
        for piece in pieces
        if piece.strip()
    )


def urlsplit_or_empty(url: str) -> str:
    """The file name of a URL; empty if it is not one."""
    try:
        return basename(urlsplit(url).path)
    except ValueError:
        return ""
