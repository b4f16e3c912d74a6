"""The pages of a network: all shows, their latest episodes, and a search over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from podcast_kit.model import Item, ListedShow, NetworkEpisode
from podcast_kit.site.menu import MenuLink, build_menu
from podcast_kit.site.page_content import PageContent
from podcast_kit.site.pages import Site, SitePage
from podcast_kit.site.search_index import SearchRow, search_row
from podcast_kit.site.sitemaps import SITEMAP_KEY, SitemapUrls
from podcast_kit.site.urls import PageUrls

NETWORK_OPML_KEY = "shows.opml"
MAX_LATEST_EPISODES = 30


@dataclass(frozen=True, kw_only=True)
class NetworkSite(Site):
    """The pages of a network of shows."""

    listed_shows: tuple[ListedShow, ...] = ()

    def build_pages(self, items: Sequence[Item] = ()) -> tuple[SitePage, ...]:
        """Every page and asset, sorted by key; nothing is rendered yet."""
        pages = [
            *self._asset_pages(items),
            self._template_page(PageContent("index.html", "network.html", self._network_values())),
            self._template_page(PageContent("404.html", "404.html", {})),
            self._template_page(PageContent("robots.txt", "robots.txt", {})),
        ]
        redirects = self._add_own_pages(pages, ())
        listed = ["index.html", *(published.page.key for published in self.own_pages)]
        urls: SitemapUrls = [(url, None) for url in sorted(map(self.show.page_url, listed))]
        pages += self._sitemap_pages(urls)
        pages += [self._moved_page(redirect) for redirect in redirects]
        return tuple(sorted(pages, key=lambda page: page.key))

    @property
    def _other_keys(self) -> set[str]:
        return {SITEMAP_KEY, self.show.feed.path, NETWORK_OPML_KEY}

    @cached_property
    def _menu(self) -> tuple[MenuLink, ...]:
        """What follows the shows and their episodes."""
        menu = build_menu(self.show, self.own_pages, self.static_files, self._translations)
        return menu if self.show.menu else menu[1:]

    @property
    def _is_network(self) -> bool:
        return True

    def _network_values(self) -> dict[str, Any]:
        rows = sorted_episodes(self.listed_shows)
        return {
            "listed": [
                {
                    "title": show.title,
                    "description": show.description,
                    "language": show.language,
                    "url": show.url,
                    "feed_url": show.feed_url,
                    "artwork": show.artwork,
                    "count": len(show.episodes),
                    "latest": show.episodes[0].date if show.episodes else None,
                }
                for show in self.listed_shows
            ],
            "latest": [
                {
                    "title": episode.title,
                    "url": episode.url,
                    "date": episode.date,
                    "seconds": episode.seconds,
                    "summary": episode.summary,
                    "show": show.title,
                    "artwork": show.artwork,
                    "language": show.language,
                }
                for show, episode in rows[:MAX_LATEST_EPISODES]
            ],
            "count": len(rows),
            "opml_key": NETWORK_OPML_KEY,
        }

    def _search_entries(self, items: Sequence[Item]) -> Sequence[tuple[ListedShow, NetworkEpisode]]:
        del items
        return sorted_episodes(self.listed_shows)

    def _search_row(self, entry: tuple[ListedShow, NetworkEpisode], urls: PageUrls) -> SearchRow:
        show, episode = entry
        facts = f"{show.title} · {self._translations.date(episode.date)}"
        return search_row(episode.title, urls.relative_url(episode.url), facts, episode.summary, episode.words)


def sorted_episodes(listed_shows: Sequence[ListedShow]) -> list[tuple[ListedShow, NetworkEpisode]]:
    """The episodes of all shows, newest first; those of one time by show."""
    rows = [(show, episode) for show in listed_shows for episode in show.episodes]
    return sorted(rows, key=lambda row: (row[1].date, row[0].name, row[1].guid), reverse=True)
