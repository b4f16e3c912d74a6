"""Images as pages need them: thumbnails, icons (favicon and home screen), and social cards.

Each is drawn once for each content and cached; the files are published next to their image, under their own digests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from podcast_kit import images, site
from podcast_kit.builder.cache import CacheKind, dataclass_kind, text_kind
from podcast_kit.builder.output_dir import OutputDir, StoredFile, media_key
from podcast_kit.model import Cover, Image, Item, Output, OwnPage, Project, Resource, Show, Wave, public_url
from podcast_kit.writer_versions import IMAGES

IMAGE_WIDTHS_PX = (80, 160, 320, 640, 960)
PORTRAIT_WIDTHS_PX = (80, 160, 320)
"""Of people's and chapters' pictures."""
MAX_KEPT_BACKGROUNDS = 8
"""Covers whose social cards can be drawn without opening them again."""
IMAGE_SUFFIX_BY_TYPE = {"image/jpeg": ".jpg", "image/png": ".png"}


def _stored_files(rows: list[dict[str, Any]]) -> tuple[StoredFile, ...]:
    return tuple(StoredFile(**row) for row in rows)


IMAGE_SETS: CacheKind[tuple[StoredFile, ...]] = CacheKind(
    "image_set", lambda files: [asdict(file) for file in files], _stored_files
)
SOCIAL_CARDS = dataclass_kind("social_card", StoredFile)
ACCENT_COLOURS = text_kind("colour")


def add_page_images(
    project: Project,
    items: Sequence[Item],
    artwork: Image | None,
    out: OutputDir,
    start_picturing: Callable[[ItemPictures, Sequence[Item]], Iterator[Item]],
) -> tuple[tuple[Item, ...], Image | None, tuple[Image, ...]]:
    """Items, artwork and icons as pages show them: with thumbnails, and a social card for each episode.

    `start_picturing` calls `ItemPictures.picture_item` for each, or has workers do so, which may draw while the show's
    own pictures are made here.
    """
    show, base_url = project.show, project.show.publish.url
    cover = show.artwork.resolve_in(project.folder) if artwork and show.artwork else None
    whole = replace(artwork, colour=_find_colour(cover, out)) if cover and artwork else None
    scheme = site.resolve_theme(show, project.folder, whole, project.shared_folder).light
    colours = {"ground": scheme.tint, "ink": scheme.ink, "soft": scheme.soft, "accent": scheme.fill}
    with_images = start_picturing(ItemPictures(project.folder, show, cover, colours, out), items)
    icons: tuple[Image, ...] = ()
    if cover and whole:
        show_cards = SocialCards("", colours, out, base_url)
        card = show_cards.write_card(cover, show.title, "")
        whole = replace(add_thumbnails(cover, whole, out, base_url), social_card=card)
        icons = write_favicons(cover, out, base_url)
    return tuple(with_images), whole, icons


class ItemPictures:
    """The pictures of episodes' pages: each episode depends only on its own files and on the show's."""

    def __init__(self, folder: Path, show: Show, cover: Path | None, colours: dict[str, str], out: OutputDir) -> None:
        self.folder = folder
        self.show = show
        self.cover = cover
        """The show's artwork."""
        self.colours = colours
        """Of social cards."""
        self.out = out
        self._cards = SocialCards(show.title, colours, out, show.publish.url)
        self._thumbnails = Thumbnails(out, show.publish.url)
        inputs = [IMAGES, str(folder), str(cover), show.title, show.publish.url, sorted(colours.items())]
        self.digest = hashlib.sha256(repr(inputs).encode("utf-8", "surrogatepass")).hexdigest()
        """Of what the pictures depend on besides the episode and the files."""

    def list_sources(self, item: Item) -> tuple[Output, ...]:
        """The published files that `picture_item` makes smaller for an episode."""
        return self._thumbnails.find_sources(item)

    def picture_item(self, item: Item) -> Item:
        """An episode with thumbnails and social cards."""
        base_url = self.show.publish.url
        image = item.episode.image
        own = image.resolve_in(self.folder) if item.artwork and image else None
        pictured = own or self.cover
        page = f"episodes/{item.episode.slug}/"
        return replace(
            item,
            artwork=add_thumbnails(own, item.artwork, self.out, base_url) if own and item.artwork else None,
            social_card=self._cards.write_card(pictured, item.episode.title, page) if pictured else None,
            images=self._thumbnails.write_thumbnails(item),
            clip_cards={
                clip.start_ms: self._cards.write_card(pictured, _quote(clip.title or item.episode.title), folder)
                for clip in item.soundbites
                for folder in [site.clip_page_key(item.episode.slug, clip).removesuffix("index.html")]
            }
            if pictured
            else {},
        )


def write_page_card(project: Project, source: Path, artwork: Image | None, page: OwnPage, out: OutputDir) -> Image:
    """The social card of a page of the podcaster's own: a picture with the page's title."""
    show, base_url = project.show, project.show.publish.url
    cover = show.artwork.resolve_in(project.folder) if artwork and show.artwork else None
    whole = add_thumbnails(cover, artwork, out, base_url) if cover and artwork else None
    scheme = site.resolve_theme(show, project.folder, whole, project.shared_folder).light
    colours = {"ground": scheme.tint, "ink": scheme.ink, "soft": scheme.soft, "accent": scheme.fill}
    return SocialCards(show.title, colours, out, base_url).write_card(source, page.title, f"{page.slug}/")


def draw_posters(project: Project, item: Item, title: str) -> dict[str, Cover]:
    """Pictures of cover and title for networks that take no links, by name of their format; none without a cover."""
    show = project.show
    image = item.episode.image or show.artwork
    source = image.resolve_in(project.folder) if image else None
    if source is None or not source.is_file():
        return {}
    scheme = site.resolve_theme(show, project.folder, None, project.shared_folder).light
    colours = {"ground": scheme.tint, "ink": scheme.ink, "soft": scheme.soft, "accent": scheme.fill}
    card = images.SocialCard(source, show.title, **colours)
    return {poster.name: card.render_poster(title, poster) for poster in images.POSTER_FORMATS}


def _quote(title: str) -> str:
    """A clip's title as a quotation."""
    return title if title.startswith(("“", "„", "«", '"')) else f"“{title}”"


def add_thumbnails(source: Path, image: Image, out: OutputDir, base_url: str) -> Image:
    """A published image with its thumbnails and its accent colour."""
    thumbnails = _write_thumbnails(source, IMAGE_WIDTHS_PX, out, base_url)
    return replace(image, thumbnails=thumbnails, colour=_find_colour(source, out))


def _find_colour(source: Path, out: OutputDir) -> str:
    key = f"{IMAGES} {out.cache.sha256(source)}"
    colour = out.cache.get(ACCENT_COLOURS, key)
    if colour is None:
        colour = images.dominant_colour(source)
        out.cache.set(ACCENT_COLOURS, key, colour)
    return colour


def write_favicons(source: Path, out: OutputDir, base_url: str) -> tuple[Image, ...]:
    """The cover as favicon and home-screen icons."""
    key = f"{IMAGES} icons {out.cache.sha256(source)}"
    cached = _stored_set(key, out, base_url)
    return cached if cached is not None else _write_set(key, images.make_favicons(source), "icon", out, base_url)


class Thumbnails:
    """Thumbnails of images that are already published under their own URLs: people's and chapters'."""

    def __init__(self, out: OutputDir, base_url: str) -> None:
        self.out = out
        self.base_url = base_url
        self._by_url: dict[str, Image | None] = {}

    def write_thumbnails(self, item: Item) -> dict[Resource, Image]:
        """Those of an episode by URL; images on other people's servers are not shown."""
        pairs = ((url, self._thumbnail(str(url))) for url in _picture_urls(item))
        return {url: image for url, image in pairs if image}

    def find_sources(self, item: Item) -> tuple[Output, ...]:
        """The published files that `write_thumbnails` makes smaller for an episode."""
        sources = (self._find_output(str(url)) for url in _picture_urls(item))
        return tuple(output for output in sources if output)

    def _find_output(self, url: str) -> Output | None:
        key = unquote(url.removeprefix(public_url(self.base_url, "")))
        output = self.out.outputs.get(key)
        return output if output and url == public_url(self.base_url, key) else None

    def _thumbnail(self, url: str) -> Image | None:
        if url not in self._by_url:
            output = self._find_output(url)
            source = output.path if output else None
            self._by_url[url] = self._with_thumbnails(url, source) if source else None
        return self._by_url[url]

    def _with_thumbnails(self, url: str, source: Path) -> Image:
        thumbnails = _write_thumbnails(source, PORTRAIT_WIDTHS_PX, self.out, self.base_url)
        width, height = (thumbnails[-1].width, thumbnails[-1].height) if thumbnails else (0, 0)
        return Image(url=url, width=width, height=height, thumbnails=thumbnails)


def _picture_urls(item: Item) -> list[Resource]:
    """The pictures of an episode's chapters and people, each once."""
    resources = [chapter.image for chapter in item.chapters] + [person.image for person in item.people]
    return [url for url in dict.fromkeys(resources) if url]


class SocialCards:
    """The social cards of one show; the background is drawn once for each cover, and only when a card is missing."""

    def __init__(self, show: str, colours: dict[str, str], out: OutputDir, base_url: str) -> None:
        self.show = show
        self.colours = colours
        """`ground`, `ink`, `soft` and `accent` as `#rrggbb`."""
        self.out = out
        self.base_url = base_url
        self._backgrounds: dict[Path, images.SocialCard] = {}

    def write_card(self, source: Path, title: str, page: str) -> Image:
        """The card with a cover and a title, next to its page: an edited title replaces it, as it does the page."""
        inputs = [IMAGES, self.out.cache.sha256(source), self.show, sorted(self.colours.items()), title, page]
        key = hashlib.sha256(repr(inputs).encode("utf-8", "surrogatepass")).hexdigest()
        stored = self.out.cache.get(SOCIAL_CARDS, key)
        if stored is None or not self.out.add_if_unchanged(stored, Wave.PAGES):
            card = self._draw(source, title)
            output = self.out.write(f"{page}card{IMAGE_SUFFIX_BY_TYPE[card.mime]}", card.data, Wave.PAGES, card.mime)
            stored = StoredFile(output.key, output.sha256, output.size, card.mime, card.width, card.height)
            self.out.cache.set(SOCIAL_CARDS, key, stored)
        return _image(stored, self.base_url)

    def _draw(self, source: Path, title: str) -> Cover:
        card = self._backgrounds.pop(source, None) or images.SocialCard(source, self.show, **self.colours)
        self._backgrounds[source] = card
        if len(self._backgrounds) > MAX_KEPT_BACKGROUNDS:
            del self._backgrounds[next(iter(self._backgrounds))]
        return card.render(title)


def _write_thumbnails(source: Path, widths: tuple[int, ...], out: OutputDir, base_url: str) -> tuple[Image, ...]:
    key = f"{IMAGES} smaller {widths} {out.cache.sha256(source)}"
    cached = _stored_set(key, out, base_url)
    return (
        cached
        if cached is not None
        else _write_set(key, images.make_thumbnails(source, widths), source.stem, out, base_url)
    )


def _stored_set(key: str, out: OutputDir, base_url: str) -> tuple[Image, ...] | None:
    """Published copies that an earlier build wrote; None where one of them is missing."""
    files = out.cache.get(IMAGE_SETS, key)
    if files is None or not all(out.add_if_unchanged(file, Wave.MEDIA) for file in files):
        return None
    return tuple(_image(file, base_url) for file in files)


def _write_set(key: str, covers: tuple[Cover, ...], name: str, out: OutputDir, base_url: str) -> tuple[Image, ...]:
    files = tuple(_write_copy(cover, name, out) for cover in covers)
    out.cache.set(IMAGE_SETS, key, files)
    return tuple(_image(file, base_url) for file in files)


def _write_copy(cover: Cover, name: str, out: OutputDir) -> StoredFile:
    sha256 = hashlib.sha256(cover.data).hexdigest()
    safe_name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name.lower())
    key = media_key(sha256, f"{safe_name}-{cover.width}{IMAGE_SUFFIX_BY_TYPE[cover.mime]}")
    output = out.write(key, cover.data, Wave.MEDIA, cover.mime)
    return StoredFile(key, sha256, output.size, cover.mime, cover.width, cover.height)


def _image(file: StoredFile, base_url: str) -> Image:
    return Image(url=public_url(base_url, file.key), key=file.key, width=file.width, height=file.height, mime=file.mime)
