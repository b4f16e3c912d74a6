"""Items → pages: each a pure function of the show, of what stands on it, and of its templates."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from podcast_kit.model import Item, Picture, Show, page_url
from podcast_kit.site.addresses import Addresses
from podcast_kit.site.directories import Kind, Platform, directories, links
from podcast_kit.site.templates import templates, templates_digest
from podcast_kit.site.words import clock, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that can be made: where it goes, what it is made from, and the making."""

    key: str
    digest: str
    """Of all that the page depends on: while it stays, so do the bytes."""
    render: Callable[[], bytes] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The pages of one show."""

    show: Show
    folder: Path
    artwork: Picture | None = None

    def pages(self, items: Sequence[Item]) -> tuple[Page, ...]:
        """Every page and asset, sorted by key; nothing is rendered yet. `items` are newest first."""
        common = self._common()
        made = [self._style(common)]
        for at, item in enumerate(items):
            values = {
                "item": item,
                "next": _neighbour(items[at - 1]) if at else None,
                "previous": _neighbour(items[at + 1]) if at + 1 < len(items) else None,
            }
            made.append(self._page(f"episodes/{item.episode.slug}/index.html", "episode.html", values, common))
        made.append(self._page("index.html", "index.html", {"items": tuple(_card(item) for item in items)}, common))
        made.append(self._page("follow/index.html", "follow.html", self._follow(), common))
        made.append(self._page("404.html", "404.html", {}, common))
        indexed = [page_url(self.show, "index.html"), page_url(self.show, "follow/index.html")]
        dated = [(url, None) for url in indexed] + [(item.url, item.date) for item in items]
        made.append(self._page("sitemap.xml", "sitemap.xml", {"urls": dated}, common))
        made.append(self._page("robots.txt", "robots.txt", {}, common))
        return tuple(sorted(made, key=lambda page: page.key))

    def _common(self) -> dict[str, Any]:
        """What every template is given."""
        show = self.show
        style = templates(self.folder).render("style.css", {"show": show})
        return {
            "show": show,
            "artwork": self.artwork,
            "style": style,
            "style_key": f"assets/style.{hashlib.sha256(style.encode()).hexdigest()[:10]}.css",
            "t": words(show.language, show.timezone, self.folder),
            "clock": clock,
            "templates": templates_digest(self.folder),
        }

    def _follow(self) -> dict[str, Any]:
        every = links(self.show)
        groups = [
            (platform, tuple(link for link in every if link.kind is Kind.FOLLOW and link.platform is platform))
            for platform in Platform
        ]
        return {
            "groups": [(platform, found) for platform, found in groups if found],
            "reviews": tuple(link for link in every if link.kind is Kind.REVIEW),
            "checked": directories()["checked"].isoformat(),
        }

    def _style(self, common: Mapping[str, Any]) -> Page:
        data = common["style"].encode()
        return Page(key=common["style_key"], digest=hashlib.sha256(data).hexdigest(), render=lambda: data)

    def _page(self, key: str, template: str, values: Mapping[str, Any], common: Mapping[str, Any]) -> Page:
        at = Addresses(self.show, key)

        def render() -> bytes:
            given = {**common, **values, "key": key, "url": at.own, "here": at.here, "to": at.to, "local": at.local}
            return templates(self.folder).render(template, given).encode()

        known = [key, template, common["templates"], common["style_key"], self.show, self.artwork, values]
        return Page(key=key, digest=_digest(known), render=render)


def render(show: Show, items: Sequence[Item], *, folder: Path, artwork: Picture | None = None) -> dict[str, bytes]:
    """Every page of a show by its key; `items` are newest first, `folder` may hold the show's own `templates/`.

    Raises InvalidInput with file and line where one of the show's templates is at fault.
    """
    return {page.key: page.render() for page in Site(show=show, folder=folder, artwork=artwork).pages(items)}


def _neighbour(item: Item) -> dict[str, str]:
    return {"title": item.episode.title, "url": item.url}


def _card(item: Item) -> dict[str, Any]:
    """What the index says of an episode: the little that it depends on."""
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


def _digest(known: object) -> str:
    said = json.dumps(known, default=_plain, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: object) -> object:
    if hasattr(value, "__dataclass_fields__"):
        return _unplaced(asdict(value))  # type: ignore[call-overload]
    return str(value)


def _unplaced(value: Any) -> Any:  # noqa: ANN401  # whatever asdict made
    if isinstance(value, dict):
        return {key: _unplaced(item) for key, item in value.items() if key not in {"place", "places"}}
    if isinstance(value, list | tuple):
        return [_unplaced(item) for item in value]
    return value
