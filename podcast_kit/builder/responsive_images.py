"""Pictures as pages need them: smaller copies, icons, and the cards that social networks show.

Each is made once for each content and remembered; the copies lie beside their picture under their own digests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from podcast_kit import images, site
from podcast_kit.builder.output_dir import Tree, media_key
from podcast_kit.model import Cover, Item, Image, Project, Wave, public_url

VERSION = 2
"""Raised when the same picture would come out otherwise."""
WIDTHS = (80, 160, 320, 640, 960)
THUMBS = (80, 160, 320)
"""Widths of people's faces and of chapters' pictures."""
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png"}


def dressed(
    project: Project, items: Sequence[Item], artwork: Image | None, tree: Tree
) -> tuple[tuple[Item, ...], Image | None, tuple[Image, ...]]:
    """Items, artwork and icons as pages want them: with smaller copies, and a card for each episode."""
    show, base = project.show, project.show.publish.url
    cover = project.folder / show.artwork if artwork else None
    whole = responsive(cover, artwork, tree, base) if cover and artwork else None
    scheme = site.look(show, project.folder, whole).light
    colours = {"ground": scheme.tint, "ink": scheme.ink, "soft": scheme.soft, "accent": scheme.fill}
    cards = Cards(show.title, colours, tree, base)
    thumbs = Thumbs(tree, base)
    made = []
    for item in items:
        own = project.folder / item.episode.image if item.artwork else None
        face = own or cover
        made.append(
            replace(
                item,
                artwork=responsive(own, item.artwork, tree, base) if own and item.artwork else None,
                social_card=cards.of(face, item.episode.title, f"episodes/{item.episode.slug}/") if face else None,
                images=thumbs.of(item),
            )
        )
    if cover and whole:
        whole = replace(whole, social_card=Cards("", colours, tree, base).of(cover, show.title, ""))
    return tuple(made), whole, icons(cover, tree, base) if cover else ()


def responsive(source: Path, picture: Image, tree: Tree, base: str) -> Image:
    """A published picture with its smaller copies and its colour."""
    sha256 = tree.memory.sha256(source)
    smaller = _made(f"smaller {WIDTHS} {sha256}", source.stem, tree, base, lambda: images.smaller(source, WIDTHS))
    colour = tree.memory.recall("colour", f"{VERSION} {sha256}")
    if colour is None:
        colour = images.colour(source)
        tree.memory.keep("colour", f"{VERSION} {sha256}", colour)
    return replace(picture, thumbnails=smaller, colour=colour)


def icons(source: Path, tree: Tree, base: str) -> tuple[Image, ...]:
    """The cover as icons for tabs and home screens."""
    sha256 = tree.memory.sha256(source)
    return _made(f"icons {sha256}", "icon", tree, base, lambda: images.icons(source))


class Thumbs:
    """Small copies of the pictures that are published already under their own addresses: people's and chapters'."""

    def __init__(self, tree: Tree, base: str) -> None:
        self.tree = tree
        self.base = base
        self._made: dict[str, Image | None] = {}

    def of(self, item: Item) -> dict[str, Image]:
        """Those of an episode by address; what lies with somebody else is none of ours, and is not shown."""
        shown = [chapter.image for chapter in item.chapters] + [person.image for person in item.people]
        found = ((url, self._thumb(url)) for url in dict.fromkeys(shown) if url)
        return {url: picture for url, picture in found if picture}

    def _thumb(self, url: str) -> Image | None:
        if url not in self._made:
            key = unquote(url.removeprefix(public_url(self.base, "")))
            output = self.tree.outputs.get(key)
            source = output.path if output and url == public_url(self.base, key) else None
            self._made[url] = self._copied(url, source) if source else None
        return self._made[url]

    def _copied(self, url: str, source: Path) -> Image:
        what = f"smaller {THUMBS} {self.tree.memory.sha256(source)}"
        copies = _made(what, source.stem, self.tree, self.base, lambda: images.smaller(source, THUMBS))
        width, height = (copies[-1].width, copies[-1].height) if copies else (0, 0)
        return Image(url=url, width=width, height=height, thumbnails=copies)


class Cards:
    """The cards of one show; a blank is drawn once for each cover, and only when a card is missing."""

    def __init__(self, show: str, colours: dict[str, str], tree: Tree, base: str) -> None:
        self.show = show
        self.colours = colours
        """`ground`, `ink`, `soft` and `accent` as `#rrggbb`."""
        self.tree = tree
        self.base = base
        self._blanks: dict[Path, images.Card] = {}

    def of(self, source: Path, title: str, page: str) -> Image:
        """The card with a cover and a title, beside its page: a mended title replaces it, as it replaces the page."""
        said = [VERSION, self.tree.memory.sha256(source), self.show, sorted(self.colours.items()), title, page]
        recipe = hashlib.sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()
        known: dict[str, Any] | None = self.tree.memory.recall("card", recipe)
        if known and self.tree.holds(known["key"], known["sha256"]):
            self.tree.add(known["key"], known["size"], known["sha256"], Wave.PAGES, known["mime"])
        else:
            card = self._drawn(source, title)
            output = self.tree.write(f"{page}card{SUFFIXES[card.mime]}", card.data, Wave.PAGES, card.mime)
            known = {"key": output.key, "sha256": output.sha256, "size": output.size, **_facts(card)}
            self.tree.memory.keep("card", recipe, known)
        return _picture(known, self.base)

    def _drawn(self, source: Path, title: str) -> Cover:
        if source not in self._blanks:
            self._blanks[source] = images.Card(source, self.show, **self.colours)
        return self._blanks[source].of(title)


def _made(what: str, name: str, tree: Tree, base: str, make: Callable[[], tuple[Cover, ...]]) -> tuple[Image, ...]:
    """Published copies: as memory has them, where the build's folder still does, else made anew."""
    known: list[dict[str, Any]] | None = tree.memory.recall("copies", f"{VERSION} {what}")
    if known and all(tree.holds(entry["key"], entry["sha256"]) for entry in known):
        for entry in known:
            tree.add(entry["key"], entry["size"], entry["sha256"], Wave.MEDIA, entry["mime"])
    else:
        known = [_write(cover, name, tree) for cover in make()]
        tree.memory.keep("copies", f"{VERSION} {what}", known)
    return tuple(_picture(entry, base) for entry in known)


def _picture(entry: dict[str, Any], base: str) -> Image:
    key, width, height, mime = (entry[name] for name in ("key", "width", "height", "mime"))
    return Image(url=public_url(base, key), key=key, width=width, height=height, mime=mime)


def _write(cover: Cover, name: str, tree: Tree) -> dict[str, Any]:
    sha256 = hashlib.sha256(cover.data).hexdigest()
    plain = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name.lower())
    key = media_key(sha256, f"{plain}-{cover.width}{SUFFIXES[cover.mime]}")
    output = tree.write(key, cover.data, Wave.MEDIA, cover.mime)
    return {"key": key, "sha256": sha256, "size": output.size, **_facts(cover)}


def _facts(cover: Cover) -> dict[str, Any]:
    return {"width": cover.width, "height": cover.height, "mime": cover.mime}
