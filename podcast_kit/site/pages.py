"""Items → pages: each a pure function of the show, of what stands on it, and of its templates."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from podcast_kit.model import EpisodeType, Image, Item, Placement, Show, ShowType
from podcast_kit.site import collections, redirects, structured_data, transcript
from podcast_kit.site.i18n import Words, words
from podcast_kit.site.listen_links import Kind, Link, Platform, directories, elsewhere, links
from podcast_kit.site.prompts import prompt_set, prompts
from podcast_kit.site.templates import Templates, templates
from podcast_kit.site.theme import Look, look
from podcast_kit.site.urls import Addresses
from podcast_kit.text.timecode import format_short_timecode


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that can be made: where it goes, what it is made from, and the making."""

    key: str
    digest: str
    """Of all that the page depends on: while it stays, so do the bytes."""
    render: Callable[[], bytes] = field(compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Site:
    """The pages of one show."""

    show: Show
    folder: Path
    """May hold the show's own `templates/`."""
    artwork: Image | None = None
    icons: tuple[Image, ...] = ()
    """Square PNGs made from the cover, of several sizes."""

    def pages(self, items: Sequence[Item]) -> tuple[Page, ...]:
        """Every page and asset, sorted by key; nothing is rendered yet. `items` are newest first."""
        made = [*self._assets(items), *self._episodes(items), *self._index(items), *self._shelves(items)]
        made += [
            self._page("follow/index.html", "follow.html", self._follow()),
            self._page("404.html", "404.html", {}),
            self._data("follow/qr.svg", structured_data.qr(self.show.page_url("follow/index.html"), self.show.title)),
            self._page("robots.txt", "robots.txt", {}),
        ]
        moves = redirects.moved(items, {page.key for page in made} | self._reserved)
        found = [page for page in made if page.key.endswith("index.html") and "/embed/" not in page.key]
        dates = {item.url: item.date for item in items}
        urls = [(url, dates.get(url)) for url in sorted(self.show.page_url(page.key) for page in found)]
        made.append(self._page("sitemap.xml", "sitemap.xml", {"urls": urls}))
        made += [self._moved(one) for one in moves]
        return tuple(sorted(made, key=lambda page: page.key))

    @property
    def _reserved(self) -> set[str]:
        """What is no page, and lies beside the pages all the same."""
        return {"sitemap.xml", self.show.feed.path, "feed.json", "follow/show.opml"}

    def _moved(self, one: redirects.Moved) -> Page:
        """What stands at an address that a page had before."""
        values = {"title": one.item.episode.title, "target": self.show.page_url(one.to)}
        return self._page(one.key, "moved.html", values)

    @cached_property
    def _templates(self) -> Templates:
        return templates(self.folder)

    @cached_property
    def _look(self) -> Look:
        return look(self.show, self.folder, self.artwork)

    @cached_property
    def _words(self) -> Words:
        return words(self.show.language, self.show.timezone, self.folder, self._templates.digest)

    @cached_property
    def _links(self) -> tuple[Link, ...]:
        return links(self.show)

    @cached_property
    def _style(self) -> tuple[str, str]:
        """Key and text of the style sheet."""
        return self._asset("style.css")

    @cached_property
    def _script(self) -> tuple[str, str]:
        """Key and text of the script."""
        return self._asset("site.js")

    def _asset(self, name: str) -> tuple[str, str]:
        given = {"show": self.show, "look": self._look, "t": self._words}
        text = self._templates.render(name, given)
        stem, _, suffix = name.rpartition(".")
        return f"assets/{stem}.{_digest(text)[:10]}.{suffix}", text

    @cached_property
    def _common(self) -> dict[str, Any]:
        """What every template is given."""
        apple = next((link for link in self._links if link.service == "apple" and link.kind is Kind.FOLLOW), None)
        return {
            "show": self.show,
            "artwork": self.artwork,
            "icons": self.icons,
            "look": self._look,
            "style": self._style[1],
            "style_key": self._style[0],
            "script_key": self._script[0],
            "apple": apple,
            "t": self._words,
            "clock": format_short_timecode,
            "slug": collections.slug,
        }

    @cached_property
    def _known(self) -> str:
        """Digest of what every page depends on."""
        assets = [self._style[0], self._script[0], self._look.logo]
        return _digest([self._templates.digest, assets, self.show, self.artwork, self.icons])

    def _assets(self, items: Sequence[Item]) -> Iterator[Page]:
        for key, text in (self._style, self._script):
            yield self._data(key, text)
        for key, raw in self._look.files.items():
            yield self._raw(key, raw)
        scheme = self._look.light
        icons = [(Addresses(self.show, "site.webmanifest").here(icon.url), icon) for icon in self.icons]
        said = structured_data.manifest(self.show, icons, colour=scheme.accent, ground=scheme.ground)
        yield self._data("site.webmanifest", said)
        yield self._data("search.js", self._search(items))

    def _search(self, items: Sequence[Item]) -> str:
        root = Addresses(self.show, "index.html")
        return structured_data.search([(root.here(item.url), item) for item in items], self._words)

    def _episodes(self, items: Sequence[Item]) -> Iterator[Page]:
        for at, item in enumerate(items):
            base = f"episodes/{item.episode.slug}"
            cues = transcript.cues(item)
            long = transcript.is_long(cues)
            more = self.show.page_url(f"{base}/transcript/index.html") if long else ""
            values = {
                "item": item,
                "next": _neighbour(items[at - 1]) if at else None,
                "previous": _neighbour(items[at + 1]) if at + 1 < len(items) else None,
                "transcript_url": more,
            }
            embed = f"{base}/embed/index.html"
            player = self.show.page_url(embed)
            yield self._page(f"{base}/index.html", "episode.html", values, self._spoken(item, player, short=not long))
            yield self._page(embed, "embed.html", {"card": _card(item), "audio": item.enclosure_url}, _only(item))
            yield self._oembed(f"{base}/oembed.json", item, player)
            if long:
                yield self._page(f"{base}/transcript/index.html", "transcript.html", {"item": item}, self._read(item))

    def _oembed(self, key: str, item: Item, player: str) -> Page:
        """How others embed an episode; written only where something that it says has changed."""
        given = [key, self._known, item.episode.title, item.artwork]

        def render() -> bytes:
            said = structured_data.oembed(self.show, item, item.artwork or self.artwork, player)
            return said.encode("utf-8", "replace")

        return Page(key=key, digest=_digest(given), render=render)

    def _spoken(self, item: Item, player: str, *, short: bool) -> Callable[[], dict[str, Any]]:
        return lambda: {
            "elsewhere": elsewhere(self.show, item.episode),
            "frame": structured_data.frame(self.show, item, player),
            "paragraphs": transcript.paragraphs(transcript.cues(item)) if short else (),
            "ld": structured_data.episode_ld(self.show, item, self.artwork),
        }

    def _read(self, item: Item) -> Callable[[], dict[str, Any]]:
        """A transcript in full; it invites where the notes do, or would if the author had not linked to all by hand."""

        def values() -> dict[str, Any]:
            placement = prompt_set(self.show, item.episode).placement
            invited = placement is Placement.END or (
                placement is Placement.MARKER and bool(MARKED.search(item.episode.notes))
            )
            given = prompts(
                self.show,
                item.episode,
                folder=self.folder,
                page_url=item.url,
                written=(),
                digest=self._templates.digest,
            )
            return {
                "paragraphs": transcript.paragraphs(transcript.cues(item)),
                "prompts": given.page_html if invited else "",
            }

        return values

    def _index(self, items: Sequence[Item]) -> Iterator[Page]:
        ordered = tuple(reversed(items)) if self.show.type is ShowType.SERIAL else tuple(items)
        leaves = collections.leaves(ordered)
        trailer = next((item for item in items if item.episode.type is EpisodeType.TRAILER), None)
        shelved = {
            "seasons": [_shelf(shelf) for shelf in collections.seasons(items)],
            "tags": [_shelf(shelf) for shelf in collections.tags(items)],
            "people": [_shelf(shelf) for shelf in collections.people(items)],
        }
        for number, leaf in enumerate(leaves, 1):
            values: dict[str, Any] = {
                "items": [_card(item) for item in leaf],
                "number": number,
                "pages": [collections.leaf_key(page) for page in range(1, len(leaves) + 1)],
                "trailer": _card(trailer) if trailer and number == 1 else None,
                "latest": _playable(items[0]) if items and number == 1 else None,
                "count": len(items),
                **shelved,
            }
            yield self._page(collections.leaf_key(number), "index.html", values, self._series)

    def _series(self) -> dict[str, Any]:
        return {"ld": structured_data.show_ld(self.show, self.artwork, self._links)}

    def _shelves(self, items: Sequence[Item]) -> Iterator[Page]:
        for kind, found in (
            ("season", collections.seasons(items)),
            ("tag", collections.tags(items)),
            ("person", collections.people(items)),
        ):
            for shelf in found:
                values = {
                    "kind": kind,
                    "name": shelf.name,
                    "title": shelf.title,
                    "person": shelf.person,
                    "face": shelf.items[0].images.get(shelf.person.image) if shelf.person and shelf.person.image else None,
                    "items": [_card(item) for item in shelf.items],
                }
                yield self._page(shelf.key, "shelf.html", values)

    def _follow(self) -> dict[str, Any]:
        groups = [
            (platform, tuple(link for link in self._links if link.kind is Kind.FOLLOW and link.platform is platform))
            for platform in Platform
        ]
        return {
            "groups": [(platform, found) for platform, found in groups if found],
            "reviews": tuple(link for link in self._links if link.kind is Kind.REVIEW),
            "checked": directories()["checked"],
        }

    def _data(self, key: str, text: str) -> Page:
        return self._raw(key, text.encode("utf-8", "replace"))

    def _raw(self, key: str, raw: bytes) -> Page:
        return Page(key=key, digest=hashlib.sha256(raw).hexdigest(), render=lambda: raw)

    def _page(
        self,
        key: str,
        template: str,
        values: Mapping[str, Any],
        late: Callable[[], Mapping[str, Any]] = dict,
    ) -> Page:
        """A page from a template; `late` values follow from the others and are made only for rendering."""
        at = Addresses(self.show, key)

        def render() -> bytes:
            given = {**self._common, **values, **late()}
            given |= {"key": key, "url": at.own, "here": at.here, "to": at.to, "local": at.local}
            return self._templates.render(template, given).encode("utf-8", "replace")

        return Page(key=key, digest=_digest([key, template, self._known, values]), render=render)


MARKED = re.compile(r"^[ \t]*\{\{\s*prompts\s*\}\}[ \t]*$", re.MULTILINE)
"""Where the author wants the invitations to stand."""


def render(
    show: Show,
    items: Sequence[Item],
    *,
    folder: Path,
    artwork: Image | None = None,
    icons: tuple[Image, ...] = (),
) -> dict[str, bytes]:
    """Every page of a show by its key; `items` are newest first, `folder` may hold the show's own `templates/`.

    Raises InvalidInput with file and line where one of the show's templates is at fault.
    """
    site = Site(show=show, folder=folder, artwork=artwork, icons=icons)
    return {page.key: page.render() for page in site.pages(items)}


def _only(item: Item) -> Callable[[], dict[str, Any]]:
    return lambda: {"item": item}


def _neighbour(item: Item) -> dict[str, str]:
    return {"title": item.episode.title, "url": item.url}


def _shelf(shelf: collections.Shelf) -> dict[str, Any]:
    return {"name": shelf.name, "title": shelf.title, "key": shelf.key, "count": len(shelf.items)}


def _card(item: Item) -> dict[str, Any]:
    """What a list says of an episode: the little that it depends on."""
    episode = item.episode
    return {
        "title": episode.title,
        "number": episode.number,
        "season": episode.season,
        "type": episode.type,
        "url": item.url,
        "date": item.date,
        "summary": item.summary,
        "seconds": item.enclosure.seconds,
        "artwork": item.artwork,
        "explicit": item.explicit,
    }


def _playable(item: Item) -> dict[str, Any]:
    """A card with what its player needs."""
    return {**_card(item), "audio": item.enclosure_url}


def _digest(known: object) -> str:
    """Of a value's repr: ours leave out where things were written, and transcripts are named by their own digest."""
    return hashlib.sha256(repr(known).encode("utf-8", "surrogatepass")).hexdigest()
