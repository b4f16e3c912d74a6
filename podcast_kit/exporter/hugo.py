"""A show as content and static files of a Hugo site with the Castanet theme.

The keys are those that Castanet documents; `season`, `episode_type`, `chapters` and `transcript_file` it does not show,
but they stay in the files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from html import escape
from pathlib import Path
from posixpath import splitext
from urllib.parse import unquote

from podcast_kit import site
from podcast_kit.builder import Build
from podcast_kit.builder.images import resolve_in_show
from podcast_kit.model import Chapter, Episode, Image, Item, Person, RemoteUrl
from podcast_kit.source.episode import slugify_title
from podcast_kit.source.notes import find_local_images
from podcast_kit.text.timecode import format_timecode

SUBCATEGORY_KEYS = ("apple_podcasts_first_sub_category", "apple_podcasts_second_sub_category")
_PROMPTS_LINE = re.compile(r"^[ \t]*\{\{[ \t]*prompts[ \t]*\}\}[ \t]*$\n?", re.MULTILINE)
_SHORTCODE = re.compile(r"\{\{([<%])(.*?)([>%])\}\}")
_OPEN_SHORTCODE = re.compile(r"\{\{(?=[<%](?!/\*))")
_IMAGE = re.compile(r"(!\[[^\]]*\]\([ \t]*)(<[^<>\n]*>|[^\s()]+)")
_UNESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")


@dataclass(slots=True)
class HugoSite:
    """The files of a site, by path: their bytes, or the file to copy."""

    files: dict[str, bytes | Path] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    """Files that are named and could not be found, each with the reason."""


def render_hugo_site(build: Build, drafts: Sequence[Episode] = ()) -> HugoSite:
    """The site of a build, and of drafts that were not built."""
    writer = _SiteWriter(build)
    for item in build.items:
        writer.add_episode(item)
    for episode in drafts:
        writer.add_draft(episode)
    writer.add_people()
    writer.add_config()
    return writer.site


def toml_text(text: str) -> str:
    """A text as a TOML string."""
    escaped = json.dumps(text, ensure_ascii=False)
    return _UNESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", escaped)


def toml_value(value: object) -> str:
    """A text, number, flag, list or mapping as a TOML value on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case list() | tuple():
            return f"[{', '.join(map(toml_value, value))}]"
        case dict():
            return f"{{{', '.join(f'{key} = {toml_value(entry)}' for key, entry in value.items())}}}"
        case _:
            return toml_text(str(value))


def toml_lines(values: Mapping[str, object]) -> list[str]:
    """A line for each value that is not empty."""
    return [f"{key} = {toml_value(value)}" for key, value in values.items() if value not in ("", None, [], ())]


class _SiteWriter:
    def __init__(self, build: Build) -> None:
        self.build = build
        self.show = build.project.show
        self.site = HugoSite()
        self.media_prefix = f"{self.show.publish.url.rstrip('/')}/"
        self.pages_by_person: dict[tuple[str, Person], str] = {}

    def add_episode(self, item: Item) -> None:
        """The page of a published episode, with its pictures and transcripts."""
        recording = item.enclosure_url.removeprefix(self.media_prefix)
        values = self.shared_values(item.episode) | {
            "Date": item.date.astimezone(UTC).isoformat(),
            "Description": _description(item.summary),
            "podcast_file": recording,
            "podcast_bytes": str(item.enclosure.bytes),
            "podcast_duration": format_timecode(round(item.enclosure.seconds) * 1000, fraction=False),
            "mime": item.enclosure.mime,
            "episode_image": self.add_image(item.artwork, f"img/episode/{item.episode.slug}"),
            "explicit": "yes" if self.is_explicit(item.explicit) else "no",
            "hosts": self.person_names(item.people, "host"),
            "guests": self.person_names(item.people, "guest"),
            "chapters": [_chapter_table(chapter) for chapter in item.chapters if chapter.toc and chapter.title],
            "transcript_file": list(self.add_transcripts(item)),
        }
        self.add_page(item.episode, values)

    def add_draft(self, episode: Episode) -> None:
        """The page of an episode that is not published: without a recording."""
        date = episode.date.astimezone(UTC).isoformat() if episode.date else ""
        explicit = "yes" if self.is_explicit(episode.explicit) else "no"
        values = {"Date": date, "Description": _description(episode.summary), "explicit": explicit, "draft": True}
        self.add_page(episode, self.shared_values(episode) | values)

    def is_explicit(self, flag: bool | None) -> bool:
        return self.show.explicit if flag is None else flag

    def shared_values(self, episode: Episode) -> dict[str, object]:
        aliases = [f"/{alias.removesuffix('index.html')}" for alias in episode.aliases]
        return {
            "Title": episode.title,
            "guid": episode.guid,
            "episode": str(episode.number) if episode.number is not None else "",
            "season": str(episode.season) if episode.season is not None else "",
            "episode_type": str(episode.type),
            "tags": list(episode.tags),
            "aliases": aliases,
        }

    def add_page(self, episode: Episode, values: Mapping[str, object]) -> None:
        text = "\n".join(["+++", *toml_lines(values), "+++", "", self.notes_of(episode)])
        self.site.files[f"content/episode/{episode.slug}.md"] = f"{text.strip()}\n".encode()

    def notes_of(self, episode: Episode) -> str:
        """The notes as Hugo reads them: without our markers, with pictures in static/, shortcodes as text."""
        notes = site.expand_link_markers(self.show, episode, folder=self.build.project.folder)
        notes = _PROMPTS_LINE.sub("", notes)
        paths = dict(self.add_note_images(episode))

        def name_copy(match: re.Match[str]) -> str:
            source = unquote(match[2].removeprefix("<").removesuffix(">"))
            return f"{match[1]}/{paths[source]}" if source in paths else match[0]

        notes = _IMAGE.sub(name_copy, notes)
        notes = _SHORTCODE.sub(r"{{\1/*\2*/\3}}", notes)
        return _OPEN_SHORTCODE.sub(r"\\{\\{", notes)

    def add_note_images(self, episode: Episode) -> Iterator[tuple[str, str]]:
        """The pictures of the notes: as written, and the address in the site."""
        for number, image in enumerate(find_local_images(episode.notes), 1):
            source = resolve_in_show(self.build.project.folder, episode.path, image.source)
            if source is None:
                self.site.left_out.append((f"{episode.path}: {image.source}", "the picture does not exist"))
                continue
            path = f"img/notes/{episode.slug}-{number}{splitext(source.name)[1].lower()}"
            self.site.files[f"static/{path}"] = source
            yield image.source, path

    def add_image(self, image: Image | None, stem: str) -> str:
        """A published picture as a static file; its address in the site, empty without one."""
        if image is None or not image.key:
            return image.url if image else ""
        path = f"{stem}{splitext(image.key)[1]}"
        self.site.files[f"static/{path}"] = self.build.folder / image.key
        return path

    def add_transcripts(self, item: Item) -> Iterator[str]:
        """The transcripts as static files: one of each format."""
        suffixes: set[str] = set()
        for transcript in item.transcripts:
            key = unquote(transcript.url.removeprefix(self.show.publish.url))
            suffix = splitext(key)[1]
            file = self.build.folder / key
            if suffix not in suffixes and file.is_file():
                suffixes.add(suffix)
                path = f"transcripts/{item.episode.slug}{suffix}"
                self.site.files[f"static/{path}"] = file
                yield path

    def person_names(self, people: Sequence[Person], role: str) -> list[str]:
        """The names of pages of those with a role, which are added to the site."""
        return [self.page_of_person(person, role) for person in people if person.role.lower() == role]

    def page_of_person(self, person: Person, role: str) -> str:
        """The name of a person's page; another person of the same name gets another."""
        if (role, person) not in self.pages_by_person:
            base = slugify_title(person.name)
            taken = {name for (other, _), name in self.pages_by_person.items() if other == role}
            candidates = [base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))]
            self.pages_by_person[role, person] = next(name for name in candidates if name not in taken)
        return self.pages_by_person[role, person]

    def add_people(self) -> None:
        """A page for each host and guest."""
        for (role, person), name in self.pages_by_person.items():
            image = person.image.url if isinstance(person.image, RemoteUrl) else ""
            values = {"Title": person.name, "Type": role, "Website": person.url, "Thumbnail": image}
            lines = "\n".join(["+++", *toml_lines(values), "+++"])
            self.site.files[f"content/{role}/{name}.md"] = f"{lines}\n".encode()

    def add_config(self) -> None:
        """The settings of the site."""
        show = self.show
        services = {link.service: link.value for link in show.listen}
        apple, spotify = services.get("apple", ""), services.get("spotify", "")
        cover = self.add_image(self.build.artwork, "img/cover")
        top = show.categories[0].name if show.categories else ""
        subcategories = [category.sub for category in show.categories if category.name == top and category.sub]
        root = {"baseURL": self.media_prefix, "title": show.title, "languageCode": show.language}
        params = {
            "mainSections": ["episode"],
            "description": show.description,
            "copyright_notice": show.copyright or show.author,
            "media_prefix": self.media_prefix,
            "disable_title_caps": "true",
            "apple_podcasts_subscribe": f"https://podcasts.apple.com/podcast/id{apple}" if apple.isdecimal() else "",
            "spotify_subscribe": f"https://open.spotify.com/show/{spotify}" if spotify.isalnum() else "",
        }
        feed_values = {
            "podcast_guid": show.guid,
            "copyright": show.copyright,
            "apple_podcasts_author": show.author,
            "apple_podcasts_summary": show.description,
            "apple_podcasts_owner_name": show.owner_name or show.author,
            "apple_podcasts_owner_email": show.owner_email,
            "apple_podcasts_image": f"{self.media_prefix}{cover}" if cover and "://" not in cover else cover,
            "apple_podcasts_top_category": top,
            **dict(zip(SUBCATEGORY_KEYS, subcategories, strict=False)),
            "language": show.language.lower(),
            "explicit": "true" if show.explicit else "false",
        }
        outputs = {"home": ["HTML", "RSS", "JSON"], "page": ["HTML", "RSS"], "section": ["HTML", "RSS"]}
        lines = [
            *toml_lines(root),
            *("", "[module]", "[[module.imports]]", 'path = "github.com/mattstratton/castanet/v2"'),
            *("", "[outputs]", *toml_lines(outputs)),
            *("", "[permalinks]", 'episode = "/episodes/:contentbasename/"'),
            *("", "[params]", *toml_lines(params)),
            *("", "[params.feed]", *toml_lines(feed_values)),
        ]
        self.site.files["hugo.toml"] = ("\n".join(lines) + "\n").encode()


def _description(summary: str) -> str:
    """A plain text as the theme reads it, which takes signs of HTML for tags."""
    return escape(summary, quote=False) if "<" in summary else summary


def _chapter_table(chapter: Chapter) -> dict[str, str]:
    table = {"start": format_timecode(chapter.start_ms), "title": chapter.title, "url": chapter.url}
    if isinstance(chapter.image, RemoteUrl):
        table["image"] = chapter.image.url
    return {key: value for key, value in table.items() if value}
