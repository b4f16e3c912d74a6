"""Podlove Publisher's export (`wpe:export`, often gzipped), together with a WordPress export of the same site.

Podlove's file has the episodes' data, recordings and contributors; titles, dates and texts are in WordPress's posts.
The guid of an episode is in the post's metadata, as `_podlove_guid`, else it is that of the post.
"""

from __future__ import annotations

import html
import io
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from gzip import GzipFile

from podcast_kit.errors import InvalidInput, Problem
from podcast_kit.feed.reader import parse_feed
from podcast_kit.importer.tools.model import Recognition, ToolChapter, ToolEpisode, ToolPerson, ToolShow
from podcast_kit.importer.tools.nodes import make_node
from podcast_kit.importer.tools.php_serialized import PhpDataError, PhpValue, parse_php_value, php_text
from podcast_kit.importer.tools.source_folder import SourceFolder
from podcast_kit.importer.tools.wordpress import WordPressReader, find_exports, parse_export, read_post_meta
from podcast_kit.model import FeedDocument, Node
from podcast_kit.source import chapters as chapter_files
from podcast_kit.text.timecode import format_timecode

MAX_PODLOVE_BYTES = 50_000_000
_ROOT = re.compile(rb"<wpe:export\b")
_GZIP_MAGIC = b"\x1f\x8b"
_URL_TEMPLATE = "%media_file_base_url%%episode_slug%%suffix%.%format_extension%"
"""Podlove's default."""
_CATEGORY_CODE = re.compile(r"\d\d-\d\d")
_LONE_AMPERSAND = re.compile(r"&(?!#?\w{1,8};)")


def recognize_podlove(folder: SourceFolder) -> Recognition | None:
    """Whether a folder has a Podlove export, and a WordPress export beside it."""
    exports = tuple(path for path in folder.files if _is_podlove_export(folder, path))[:1]
    if not exports:
        return None
    return Recognition("Podlove Publisher", (*exports, *find_exports(folder)))


def _is_podlove_export(folder: SourceFolder, path: str) -> bool:
    is_candidate = path == folder.only or ("/" not in path and path.lower().endswith((".xml", ".xml.gz")))
    if not is_candidate:
        return False
    head = folder.read_head(path)
    if head.startswith(_GZIP_MAGIC):
        try:
            head = zlib.decompressobj(31).decompress(head, 4_096)
        except zlib.error:
            return False
    return bool(_ROOT.search(head))


def read_podlove(folder: SourceFolder, recognition: Recognition, _now: datetime) -> ToolShow:
    """The show of a Podlove export."""
    path = recognition.evidence[0]
    show = ToolShow(recognition=recognition, location=folder.location(path))
    show.guid_rule = "what Podlove keeps with each post in WordPress (_podlove_guid)"
    document = _parse_podlove(folder, path)
    posts = [WordPressReader(parse_export(folder, export), show) for export in recognition.evidence[1:]]
    _PodloveReader(document, show, posts).read_show()
    return show


def _parse_podlove(folder: SourceFolder, path: str) -> FeedDocument:
    data, location = folder.read_bytes(path, MAX_PODLOVE_BYTES), folder.location(path)
    if data.startswith(_GZIP_MAGIC):
        try:
            with GzipFile(fileobj=io.BytesIO(data)) as file:
                data = file.read(MAX_PODLOVE_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            text = f"is compressed, but damaged: {error}"
            raise InvalidInput([Problem(location, text, "export it again", "import")]) from None
    return parse_feed(data, location.path)


@dataclass(slots=True)
class _Tables:
    """The tables of an export: rows by id."""

    assets: dict[str, Node] = field(default_factory=dict)
    filetypes: dict[str, Node] = field(default_factory=dict)
    contributors: dict[str, Node] = field(default_factory=dict)
    roles: dict[str, Node] = field(default_factory=dict)
    mediafiles: Mapping[str, list[Node]] = field(default_factory=dict)
    contributions: Mapping[str, list[Node]] = field(default_factory=dict)
    """Both by the id of the episode."""


class _PodloveReader:
    """Reads one export."""

    def __init__(self, document: FeedDocument, show: ToolShow, exports: list[WordPressReader]) -> None:
        self.document = document
        self.show = show
        self.exports = exports
        self.options = self.read_options()
        self.podcast = self.option_table("podlove_podcast")
        self.url_template = php_text(self.option_table("podlove_website").get("url_template")) or _URL_TEMPLATE
        self.assignment = self.option_table("podlove_asset_assignment")
        self.tables = _Tables(
            assets=self.rows_by_id("assets", "asset"),
            filetypes=self.rows_by_id("filetypes", "filetype"),
            contributors=self.rows_by_id("contributors", "contributor"),
            roles=self.rows_by_id("contributor-roles", "contributor-role"),
            mediafiles=self.rows_by_episode("mediafiles", "mediafile"),
            contributions=self.rows_by_episode("contributor-episode-contributions", "contributor-episode-contribution"),
        )

    def rows(self, group: str, row: str) -> tuple[Node, ...]:
        """The rows of a table."""
        table = self.document.root.child(f"wpe:{group}")
        return table.children_named(f"wpe:{row}") if table else ()

    def rows_by_id(self, group: str, row: str) -> dict[str, Node]:
        return {node.child_text("wpe:id"): node for node in self.rows(group, row)}

    def rows_by_episode(self, group: str, row: str) -> dict[str, list[Node]]:
        by_episode: dict[str, list[Node]] = defaultdict(list)
        for node in self.rows(group, row):
            by_episode[node.child_text("wpe:episode_id")].append(node)
        return by_episode

    def read_options(self) -> dict[str, Node]:
        table = self.document.root.child("wpe:options")
        return {node.name.partition(":")[2]: node for node in (table.children if table else ())}

    def option_table(self, name: str) -> Mapping[str, PhpValue]:
        """An option that is an array; reported if it cannot be read."""
        node = self.options.get(name)
        if node is None or not node.text.strip():
            return {}
        try:
            value = parse_php_value(node.text.strip().encode("utf-8", "replace"))
        except PhpDataError as error:
            text = f"the option {name} is left out: {error.text}"
            self.show.warn(self.document.location_of(node), text, "set what it said by hand")
            return {}
        return value if isinstance(value, dict) else {}

    def setting(self, name: str) -> str:
        """A setting of the show; entities that the export added are resolved."""
        return html.unescape(php_text(self.podcast.get(name)))

    def read_show(self) -> None:
        """The show and its episodes."""
        show = self.show
        for export in self.exports:
            export.read_channel()
        show.title = self.setting("title") or show.title
        show.subtitle = self.setting("subtitle")
        show.description = self.setting("summary") or self.setting("subtitle") or show.description
        show.author = self.setting("author_name") or show.author
        show.owner_name, show.owner_email = self.setting("owner_name"), self.setting("owner_email")
        show.language = self.setting("language") or show.language
        show.copyright = self.setting("copyright")
        show.explicit = {"1": "yes", "2": "no", "0": "no"}.get(self.setting("explicit"), self.setting("explicit"))
        show.type = self.setting("itunes_type")
        show.image_url = self.setting("cover_image")
        show.podcast_guid = self.setting("guid")
        show.feed_url = self.find_feed_url()
        show.categories = tuple(self.read_categories())
        show.extra = tuple(self.show_elements())
        read_groups = {"episodes", "assets", "filetypes", "mediafiles", "feeds", "options"}
        read_groups |= {"contributors", "contributor-roles", "contributor-episode-contributions", "contributor-groups"}
        for group in self.document.root.children:
            name = group.name.partition(":")[2]
            if name not in read_groups and group.children:
                show.left_out[f"table {name}"] += len(group.children)
        for node in self.rows("episodes", "episode"):
            if episode := self.read_episode(node):
                show.episodes.append(episode)
        for export in self.exports:
            export.count_leftovers()

    def show_elements(self) -> Iterator[Node]:
        """The license."""
        name, url = self.setting("license_name"), self.setting("license_url")
        if name:
            yield make_node("podcast:license", name, {"url": url} if url else {}, location=self.show.location)

    def find_feed_url(self) -> str:
        """The address of the first feed, by its slug below the site."""
        slugs = [feed.child_text("wpe:slug") for feed in self.rows("feeds", "feed")]
        site = self.show.link.rstrip("/")
        return f"{site}/feed/{slugs[0]}/" if site and slugs and slugs[0] else ""

    def read_categories(self) -> Iterator[tuple[str, str]]:
        for number in range(1, 4):
            written = self.setting(f"category_{number}")
            if _CATEGORY_CODE.fullmatch(written):
                text = f"category_{number} is the code {written!r}"
                self.show.warn(self.show.location, text, "set it under `categories:`")
            elif written:
                category, _, sub = written.partition(">")
                yield category.strip(), sub.strip()

    def find_post(self, post_id: str) -> tuple[WordPressReader, Node] | None:
        """The post of an episode, in one of the WordPress exports."""
        return next(
            ((export, post) for export in self.exports if (post := export.posts.get(post_id)) is not None), None
        )

    def read_episode(self, node: Node) -> ToolEpisode | None:
        """An episode; None for one whose post was deleted."""
        post_id = node.child_text("wpe:post_id")
        located = self.find_post(post_id)
        if located:
            export, post = located
            export.read_posts.add(post_id)
            episode = export.start_episode(post)
            episode.guid = read_post_meta(post).get("_podlove_guid") or episode.guid
        elif self.exports:
            self.show.left_out["episodes whose post is not in the WordPress export"] += 1
            return None
        else:
            episode = ToolEpisode(location=self.document.location_of(node))
        texts = {
            name: node.child_text(f"wpe:{name}")
            for name in ("title", "subtitle", "summary", "duration", "number", "type")
        }
        texts = {name: html.unescape(_LONE_AMPERSAND.sub("&amp;", text)) for name, text in texts.items()}
        episode.title = texts["title"] or episode.title
        episode.slug = episode.slug or node.child_text("wpe:slug")
        episode.guid = node.child_text("wpe:guid") or episode.guid
        episode.subtitle, episode.summary = texts["subtitle"], texts["summary"] or texts["subtitle"]
        episode.duration, episode.number, episode.type = texts["duration"], texts["number"], texts["type"]
        episode.date = episode.date or self.gmt_date(node)
        explicit = node.child_text("wpe:explicit")
        episode.explicit = {"1": "yes", "2": "no", "0": "no"}.get(explicit, "")
        if self.setting_of_assignment("image") == "manual" or node.child_text("wpe:cover_art").startswith("http"):
            episode.image_url = node.child_text("wpe:cover_art")
        episode.chapters = tuple(self.read_chapters(node))
        episode.people = tuple(self.read_people(node))
        self.add_media(node, episode)
        return episode

    @staticmethod
    def gmt_date(node: Node) -> str:
        """The publication date of the table, which only old exports have; in UTC."""
        written = node.child_text("wpe:publication_date")
        return f"{written.replace(' ', 'T')}+00:00" if written and not written.startswith("0000") else ""

    def setting_of_assignment(self, name: str) -> str:
        """Which asset is an episode's image, chapters or transcript."""
        return php_text(self.assignment.get(name))

    def add_media(self, node: Node, episode: ToolEpisode) -> None:
        """The recording, other formats of it, the transcript and the picture."""
        episode_id, slug = node.child_text("wpe:id"), node.child_text("wpe:slug")
        extra: list[Node] = []
        for row in sorted(self.tables.mediafiles.get(episode_id, ()), key=self.media_order):
            asset = self.tables.assets.get(row.child_text("wpe:episode_asset_id"))
            filetype = self.tables.filetypes.get(asset.child_text("wpe:file_type_id")) if asset else None
            if asset is None or filetype is None or row.child_text("wpe:size") == "0":
                continue
            url, mime = self.media_url(slug, asset, filetype), filetype.child_text("wpe:mime_type")
            size, asset_id = row.child_text("wpe:size"), asset.child_text("wpe:id")
            if mime.startswith(("audio/", "video/")) and not episode.recording_url:
                episode.recording_url, episode.length, episode.mime = url, size, mime
            elif mime.startswith(("audio/", "video/")):
                source = make_node("podcast:source", "", {"uri": url}, location=episode.location)
                attributes = {"type": mime, "length": size, "title": asset.child_text("wpe:title")[:32]}
                attributes = {name: value for name, value in attributes.items() if value}
                extra.append(make_node("podcast:alternateEnclosure", "", attributes, (source,), episode.location))
            elif asset_id == self.setting_of_assignment("image"):
                episode.image_url = url
            elif asset_id == self.setting_of_assignment("transcript") or mime == "text/vtt":
                episode.transcripts = ((url, mime, ""),)
            elif asset_id != self.setting_of_assignment("chapters"):
                self.show.left_out[f"files of the type {mime or 'unknown'}"] += 1
        episode.extra = tuple(extra)

    def media_order(self, row: Node) -> tuple[bool, int, str]:
        """MP3 first, because every app plays it; then as the assets are sorted."""
        asset = self.tables.assets.get(row.child_text("wpe:episode_asset_id"))
        filetype = self.tables.filetypes.get(asset.child_text("wpe:file_type_id")) if asset else None
        position = asset.child_text("wpe:position") if asset else ""
        number = int(float(position)) if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", position) else 0
        return not (filetype and filetype.child_text("wpe:mime_type") == "audio/mpeg"), number, row.child_text("wpe:id")

    def media_url(self, slug: str, asset: Node, filetype: Node) -> str:
        """The address of a file, by the template of the settings."""
        base = self.setting("media_file_base_uri")
        template = self.url_template
        values = {
            "%media_file_base_url%": f"{base.rstrip('/')}/" if base else "",
            "%episode_slug%": slug,
            "%suffix%": asset.child_text("wpe:suffix"),
            "%format_extension%": filetype.child_text("wpe:extension"),
        }
        for name, value in values.items():
            template = template.replace(name, value)
        return template

    def read_chapters(self, node: Node) -> Iterator[ToolChapter]:
        """The chapters that were typed into the episode; reported if they cannot be read."""
        written = node.child("wpe:chapters")
        if written is None or not written.text.strip():
            return
        location = self.document.location_of(written)
        try:
            chapters = chapter_files.parse_chapters(
                html.unescape(written.text).encode("utf-8", "replace"), location.path
            )
        except InvalidInput as error:
            self.show.warn(location, f"the chapters are left out: {error.problems[0].text}", "add them by hand")
            return
        for chapter in chapters:
            image = getattr(chapter.image, "url", "") if chapter.image else ""
            yield ToolChapter(
                start=format_timecode(chapter.start_ms), title=chapter.title, url=chapter.url, image=image
            )

    def read_people(self, node: Node) -> Iterator[ToolPerson]:
        """The contributors of an episode."""
        episode_id = node.child_text("wpe:id")
        for row in self.tables.contributions.get(episode_id, ()):
            contributor = self.tables.contributors.get(row.child_text("wpe:contributor_id"))
            if contributor is None:
                continue
            names = (contributor.child_text(f"wpe:{name}") for name in ("publicname", "realname", "nickname"))
            role = self.tables.roles.get(row.child_text("wpe:role_id"))
            avatar = contributor.child_text("wpe:avatar")
            if name := next(filter(None, names), ""):
                yield ToolPerson(
                    name=html.unescape(name),
                    role=podcast_role(role.child_text("wpe:slug") if role else ""),
                    image=avatar if avatar.startswith("http") else "",
                )


def podcast_role(slug: str) -> str:
    """The role of the podcast namespace for one of Podlove's; host if there is none."""
    roles = {"moderator": "host", "comoderator": "co-host", "co-moderator": "co-host", "guest": "guest"}
    return roles.get(
        slug.lower(), slug.lower() if slug.lower() in {"host", "co-host", "editor", "producer"} else "host"
    )
