"""A show as Podlove Publisher imports it: a WordPress export with the posts, and its own export with their data.

WordPress is imported first, then Podlove's file. Podlove makes the address of a recording of the base address, the
episode's slug and the file's extension, so the slugs in its file are paths below the base.
"""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from html import escape
from posixpath import commonprefix

from podcast_kit.builder import Build
from podcast_kit.model import Chapter, Item, Person, RemoteUrl
from podcast_kit.source.episode import slugify_title
from podcast_kit.text.dates import format_rfc2822
from podcast_kit.text.timecode import format_timecode
from podcast_kit.text.xml_clean import clean_xml_text, quote_attribute

PODLOVE_NAMESPACE = "http://podlove.org/podlove-podcast-publisher/export"
PODLOVE_VERSION = "3.8"
"""The version whose tables are written."""
MAX_CATEGORIES = 3
WORDPRESS_FILE, PODLOVE_FILE = "1-wordpress.xml", "2-podlove.xml.gz"
"""In the order in which they are imported."""
_PLAIN_URL = re.compile(r"(https?://[^/?#]+/)([^?#]*)\.([A-Za-z0-9]{1,5})")
_WXR_NAMESPACES = {
    "excerpt": "http://wordpress.org/export/1.2/excerpt/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "wp": "http://wordpress.org/export/1.2/",
}
_FILE_TYPES = {"mp3": "MP3 Audio", "m4a": "MPEG-4 AAC Audio", "opus": "Opus Audio", "ogg": "Ogg Vorbis Audio"}


@dataclass(slots=True)
class PodloveExport:
    """Both files, and the recordings that Podlove cannot name."""

    files: dict[str, bytes] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)


def render_podlove_export(build: Build) -> PodloveExport:
    """The files of a build."""
    writer = _PodloveWriter(build)
    return PodloveExport(
        {WORDPRESS_FILE: writer.render_wordpress(), PODLOVE_FILE: _compress(writer.render_tables())}, writer.left_out
    )


def _compress(data: bytes) -> bytes:
    """Data with gzip, which gives the same bytes each time."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as file:
        file.write(data)
    return buffer.getvalue()


def serialize_php(values: Mapping[str, str]) -> str:
    """Texts as PHP serializes an array of them; as Podlove does, with entities of HTML."""
    pairs = "".join(f"{_php_string(key)}{_php_string(escape(value))}" for key, value in values.items())
    return f"a:{len(values)}:{{{pairs}}}"


def _php_string(text: str) -> str:
    return f's:{len(text.encode())}:"{text}";'


def _cdata(text: str) -> str:
    return f"<![CDATA[{clean_xml_text(text).replace(']]>', ']]]]><![CDATA[>')}]]>"


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(clean_xml_text(text), quote=False)}</{name}>"


class _PodloveWriter:
    def __init__(self, build: Build) -> None:
        self.build = build
        self.show = build.project.show
        self.items = sorted(build.items, key=lambda item: (item.date, item.guid))
        self.left_out: list[tuple[str, str]] = []
        self.base = self.find_base()
        self.extensions: dict[str, str] = {}
        """The MIME type of each extension of the recordings."""
        self.media_by_guid = dict(self.list_media())

    def find_base(self) -> str:
        """The longest folder that all recordings are below."""
        own_base = f"{self.show.publish.url.rstrip('/')}/"
        urls = [item.enclosure_url for item in self.items]
        if all(url.startswith(own_base) for url in urls):
            return own_base
        shared = commonprefix(urls)
        folder = shared[: shared.rfind("/") + 1]
        return folder if re.fullmatch(r"https?://[^/]+/.*", folder) else own_base

    def list_media(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Guid → the slug and the extension that make up the recording's address."""
        for item in self.items:
            match = _PLAIN_URL.fullmatch(item.enclosure_url)
            if not match or not item.enclosure_url.startswith(self.base):
                self.left_out.append((item.episode.path, "Podlove cannot name its recording: it has another address"))
                continue
            extension = match[3]
            self.extensions.setdefault(extension, item.enclosure.mime)
            yield item.guid, (item.enclosure_url.removeprefix(self.base).removesuffix(f".{extension}"), extension)

    def render_wordpress(self) -> bytes:
        """The posts, as WordPress exports them."""
        show = self.show
        declarations = "".join(f" xmlns:{prefix}={quote_attribute(uri)}" for prefix, uri in _WXR_NAMESPACES.items())
        lines = [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<rss version="2.0"{declarations}>',
            "<channel>",
            _element("title", show.title),
            _element("link", show.publish.url),
            _element("description", show.description),
            _element("language", show.language),
            _element("wp:wxr_version", "1.2"),
            _element("wp:base_site_url", show.publish.url),
            _element("wp:base_blog_url", show.publish.url),
            "<wp:author><wp:author_id>1</wp:author_id><wp:author_login>podcast</wp:author_login>",
            f"<wp:author_display_name>{_cdata(show.author)}</wp:author_display_name></wp:author>",
        ]
        for number, item in enumerate(self.items, 1):
            lines += self.post_lines(number, item)
        return "\n".join([*lines, "</channel>", "</rss>", ""]).encode()

    def post_lines(self, number: int, item: Item) -> Iterator[str]:
        """The post of an episode."""
        written = item.date.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        yield "<item>"
        yield _element("title", item.episode.title)
        yield _element("link", item.url)
        yield _element("pubDate", format_rfc2822(item.date))
        yield f"<dc:creator>{_cdata('podcast')}</dc:creator>"
        yield f'<guid isPermaLink="false">{escape(clean_xml_text(item.guid), quote=False)}</guid>'
        yield f"<content:encoded>{_cdata(item.notes)}</content:encoded>"
        yield f"<excerpt:encoded>{_cdata(item.episode.summary)}</excerpt:encoded>"
        values = {
            "post_id": str(number),
            "post_date": written,
            "post_date_gmt": written,
            "comment_status": "closed",
            "ping_status": "closed",
            "post_name": item.episode.slug,
            "status": "publish",
            "post_parent": "0",
            "menu_order": "0",
            "post_type": "podcast",
            "post_password": "",
            "is_sticky": "0",
        }
        yield from (_element(f"wp:{name}", value) for name, value in values.items())
        for tag in item.episode.tags:
            yield f'<category domain="post_tag" nicename={quote_attribute(slugify_title(tag))}>{_cdata(tag)}</category>'
        yield (
            f"<wp:postmeta><wp:meta_key>{_cdata('_podlove_guid')}</wp:meta_key>"
            f"<wp:meta_value>{_cdata(item.guid)}</wp:meta_value></wp:postmeta>"
        )
        yield "</item>"

    def render_tables(self) -> bytes:
        """Podlove's own tables."""
        people = list(dict.fromkeys(person for item in self.items for person in item.people))
        roles = list(dict.fromkeys(person.role.lower() for person in people))
        extensions = list(self.extensions)
        groups = {
            ("episodes", "episode"): (self.episode_row(number, item) for number, item in enumerate(self.items, 1)),
            ("assets", "asset"): (
                {"id": str(number), "title": _file_type_name(extension), "file_type_id": str(number), "suffix": "",
                 "downloadable": "1", "position": str(number), "identifier": extension}
                for number, extension in enumerate(extensions, 1)
            ),
            ("feeds", "feed"): self.feed_rows(extensions),
            ("filetypes", "filetype"): (
                {"id": str(number), "name": _file_type_name(extension), "type": "audio",
                 "mime_type": self.extensions[extension], "extension": extension}
                for number, extension in enumerate(extensions, 1)
            ),
            ("mediafiles", "mediafile"): self.media_rows(extensions),
            ("contributors", "contributor"): map(_contributor_row, range(1, len(people) + 1), people),
            ("contributor-roles", "contributor-role"): (
                {"id": str(number), "slug": slug, "title": slug.title()} for number, slug in enumerate(roles, 1)
            ),
            ("contributor-episode-contributions", "contributor-episode-contribution"): self.contribution_rows(
                people, roles
            ),
        }  # fmt: skip
        lines = [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<wpe:export xmlns:wpe={quote_attribute(PODLOVE_NAMESPACE)}",
            f' version="1.0" podlove-publisher-version="{PODLOVE_VERSION}">',
        ]
        for (group, name), rows in groups.items():
            lines.append(f"<wpe:{group}>")
            lines += (_row_element(name, row) for row in rows)
            lines.append(f"</wpe:{group}>")
        lines.append("<wpe:options>")
        lines += (_element(f"wpe:{name}", value) for name, value in self.options())
        lines += ["</wpe:options>", "</wpe:export>", ""]
        return "\n".join(lines).encode()

    def episode_row(self, number: int, item: Item) -> dict[str, str]:
        """An episode, whose post has the same number."""
        explicit = self.show.explicit if item.explicit is None else item.explicit
        slug = self.media_by_guid[item.guid][0] if item.guid in self.media_by_guid else item.episode.slug
        listed = [chapter for chapter in item.chapters if chapter.toc and chapter.title]
        return {
            "id": str(number),
            "post_id": str(number),
            "title": item.episode.title,
            "summary": item.episode.summary,
            "number": str(item.episode.number) if item.episode.number is not None else "",
            "type": str(item.episode.type),
            "slug": slug,
            "duration": format_timecode(round(item.enclosure.seconds * 1000)),
            "cover_art": item.artwork.url if item.artwork else "",
            "chapters": "\n".join(map(_chapter_line, listed)),
            "explicit": "1" if explicit else "0",
            "guid": item.guid,
        }

    def feed_rows(self, extensions: Iterable[str]) -> Iterator[dict[str, str]]:
        for number, extension in enumerate(extensions, 1):
            yield {
                "id": str(number),
                "name": _file_type_name(extension),
                "slug": extension,
                "episode_asset_id": str(number),
                "format": "rss",
                "enable": "1",
                "discoverable": "1",
                "limit_items": "-1",
            }

    def media_rows(self, extensions: list[str]) -> Iterator[dict[str, str]]:
        for number, item in enumerate(self.items, 1):
            if item.guid in self.media_by_guid:
                asset = extensions.index(self.media_by_guid[item.guid][1]) + 1
                yield {
                    "id": str(number),
                    "episode_id": str(number),
                    "episode_asset_id": str(asset),
                    "size": str(item.enclosure.bytes),
                    "active": "1",
                }

    def contribution_rows(self, people: list[Person], roles: list[str]) -> Iterator[dict[str, str]]:
        pairs = [(number, person) for number, item in enumerate(self.items, 1) for person in item.people]
        for row, (number, person) in enumerate(pairs, 1):
            yield {
                "id": str(row),
                "contributor_id": str(people.index(person) + 1),
                "episode_id": str(number),
                "role_id": str(roles.index(person.role.lower()) + 1),
                "position": str(row),
            }

    def options(self) -> Iterator[tuple[str, str]]:
        """The settings of the show, as WordPress keeps them."""
        show = self.show
        categories = [f"{entry.name} > {entry.sub}" if entry.sub else entry.name for entry in show.categories]
        podcast = {
            "title": show.title,
            "summary": show.description,
            "author_name": show.author,
            "owner_name": show.owner_name or show.author,
            "owner_email": show.owner_email,
            "language": show.language,
            "copyright": show.copyright,
            "explicit": "1" if show.explicit else "0",
            "itunes_type": str(show.type),
            "cover_image": self.build.artwork.url if self.build.artwork else "",
            "guid": show.guid,
            "license_name": show.license,
            "media_file_base_uri": self.base,
        }
        podcast |= {f"category_{number}": name for number, name in enumerate(categories[:MAX_CATEGORIES], 1)}
        yield "podlove_podcast", serialize_php({key: clean_xml_text(value) for key, value in podcast.items() if value})
        template = "%media_file_base_url%%episode_slug%%suffix%.%format_extension%"
        yield "podlove_website", serialize_php({"url_template": template})
        yield "podlove_asset_assignment", serialize_php({"image": "manual", "chapters": "manual"})


def _row_element(name: str, row: Mapping[str, str]) -> str:
    cells = "".join(_element(f"wpe:{key}", value) for key, value in row.items() if value)
    return f"<wpe:{name}>{cells}</wpe:{name}>"


def _file_type_name(extension: str) -> str:
    return _FILE_TYPES.get(extension, f"{extension.upper()} Audio")


def _contributor_row(number: int, person: Person) -> dict[str, str]:
    image = person.image.url if isinstance(person.image, RemoteUrl) else ""
    return {
        "id": str(number),
        "identifier": slugify_title(person.name),
        "publicname": person.name,
        "realname": person.name,
        "avatar": image,
    }


def _chapter_line(chapter: Chapter) -> str:
    """A chapter as mp4chaps writes it."""
    title = " ".join(chapter.title.split())
    return f"{format_timecode(chapter.start_ms)} {title}{f' <{chapter.url}>' if chapter.url else ''}"
