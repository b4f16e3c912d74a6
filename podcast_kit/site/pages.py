"""The pages of the show's site. Each depends only on the show, its own content, and its templates."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from podcast_kit.errors import InvalidInput
from podcast_kit.model import (
    Image,
    Item,
    Placement,
    PublishedPage,
    Show,
    Soundbite,
)
from podcast_kit.site import structured_data
from podcast_kit.site.chapter_list import place_chapters
from podcast_kit.site.collections import slugify_name
from podcast_kit.site.comments import arrange_comments
from podcast_kit.site.i18n import Translations, load_translations
from podcast_kit.site.list_pages import EpisodeLists, player_values
from podcast_kit.site.listen_links import (
    Link,
    LinkKind,
    Platform,
    build_episode_links,
    build_listen_links,
    load_listen_services,
)
from podcast_kit.site.menu import MenuLink, build_menu, find_dead_entries
from podcast_kit.site.page_content import PageContent
from podcast_kit.site.prompts import build_contact_links, find_prompt_set, render_prompts
from podcast_kit.site.redirects import Redirect, find_redirects, find_taken_pages
from podcast_kit.site.search_index import (
    SEARCH_KEY,
    SHARDS_VARIABLE,
    SearchRow,
    episode_row,
    page_row,
    render_search_index,
    split_search_index,
)
from podcast_kit.site.share import SharedMoment, build_share_links, clip_page_key
from podcast_kit.site.sitemaps import SITEMAP_KEY, SitemapUrls, newest_date, sitemap_part_key, split_sitemap
from podcast_kit.site.templates import Templates, load_templates
from podcast_kit.site.theme import SiteTheme, resolve_theme
from podcast_kit.site.transcript import group_into_paragraphs, needs_own_page, shown_cues
from podcast_kit.site.urls import PageUrls
from podcast_kit.text.timecode import format_short_timecode

_PROMPTS_MARKER = re.compile(r"^[ \t]*\{\{\s*prompts\s*\}\}[ \t]*$", re.MULTILINE)
"""Where the author of the notes places the prompts."""


_SHOW_PAGES = frozenset({"index.html", "follow/index.html"})
"""Pages about the show as a whole."""


@dataclass(slots=True, kw_only=True)
class SitePage:
    """A page or asset that can be rendered. Not frozen: there are thousands, and these take four times as long."""

    key: str
    digest: str
    """Of everything that the page depends on: the same digest gives the same bytes."""
    render: Callable[[], bytes] = field(compare=False, repr=False)
    own_digest: str = ""
    """Of what the page says, without its look and listeners' comments; empty for what search engines do not list."""
    item: Item | None = field(default=None, compare=False, repr=False)
    """The episode that alone has the page."""
    moved_to: str = ""
    """The key of the page to which it redirects; empty for any other page."""


@dataclass(frozen=True, slots=True)
class _PageRecipe:
    """What a page is made of; nothing is worked out yet."""

    key: str
    digest: Callable[[], tuple[str, str]]
    """The digest and the own digest of `SitePage`."""
    render: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page as it was listed before."""

    key: str
    digest: str
    own_digest: str


@dataclass(frozen=True, slots=True)
class KeptPages:
    """The pages that an episode has for itself, and what they depended on besides the episode."""

    links: tuple[dict[str, str] | None, ...]
    """To the next newer and the next older episode."""
    common_digest: str
    pages: tuple[KeptPage, ...]


@dataclass(frozen=True, kw_only=True)
class Site:
    """The pages of one show."""

    show: Show
    folder: Path
    """The show's folder, which may have its own `templates/`."""
    shared: Path | None = None
    """The folder of its network, which may have `templates/`, too."""
    artwork: Image | None = None
    icons: tuple[Image, ...] = ()
    """Favicons and home-screen icons: square PNGs of several sizes."""
    own_pages: tuple[PublishedPage, ...] = ()
    static_files: frozenset[str] = frozenset()
    """Keys of files that are published as they are, to which the menu can lead."""
    kept_pages: dict[str, KeptPages] = field(default_factory=dict, compare=False, repr=False)
    """By guid, the pages of episodes that are exactly as they were; after `build_pages` those of all episodes."""
    expected_keys: frozenset[str] = frozenset()
    """Keys of pages that are missing only because something is wrong with what they show."""

    def build_pages(self, items: Sequence[Item]) -> tuple[SitePage, ...]:
        """Every page and asset, sorted by key; nothing is rendered yet. `items` are newest first."""
        pages = [
            *self._asset_pages(items),
            *self._episode_pages(items),
            *self._list_pages(items),
            self._template_page(PageContent("follow/index.html", "follow.html", self._follow_values())),
            self._template_page(PageContent("404.html", "404.html", {})),
            self._qr_page(),
            self._template_page(PageContent("robots.txt", "robots.txt", {})),
        ]
        if key := self.show.notify.indexnow_key:
            pages.append(self._text_page(indexnow_key_file(key), key))
        redirects = self._add_own_pages(pages, items)
        listed = [page for page in pages if page.own_digest]
        dates = {item.url: item.date for item in items}
        urls = [(url, dates.get(url)) for url in sorted(self.show.page_url(page.key) for page in listed)]
        pages += self._sitemap_pages(urls)
        pages += [self._moved_page(redirect) for redirect in redirects]
        return tuple(sorted(pages, key=lambda page: page.key))

    def _sitemap_pages(self, urls: SitemapUrls) -> Iterator[SitePage]:
        """The sitemap; of a site with more pages than one can list, its parts, and their index in its place."""
        parts = split_sitemap(urls)
        if len(parts) == 1:
            yield self._template_page(PageContent(SITEMAP_KEY, "sitemap.xml", {"urls": urls}))
            return
        keys = [sitemap_part_key(number) for number in range(1, len(parts) + 1)]
        for key, part in zip(keys, parts, strict=True):
            yield self._template_page(PageContent(key, "sitemap.xml", {"urls": part}))
        sitemaps = [(self.show.page_url(key), newest_date(part)) for key, part in zip(keys, parts, strict=True)]
        yield self._template_page(PageContent(SITEMAP_KEY, "sitemap-index.xml", {"sitemaps": sitemaps}))

    @property
    def _other_keys(self) -> set[str]:
        """Keys that are not pages of `build_pages`, and cannot be redirects either."""
        return {SITEMAP_KEY, self.show.feed.path, "feed.json", "follow/show.opml"}

    def _add_own_pages(self, pages: list[SitePage], items: Sequence[Item]) -> tuple[Redirect, ...]:
        """Add the podcaster's own pages to all others; returns the redirects.

        Raises InvalidInput with everything that is wrong with the addresses of pages, the menu and aliases.
        """
        own_pages = [published.page for published in self.own_pages]
        problems = list(find_taken_pages(own_pages, {page.key for page in pages} | self._other_keys))
        pages += self._render_own_pages()
        keys = {page.key for page in pages} | self._other_keys
        problems += find_dead_entries(self._menu, keys | self.static_files | self.expected_keys, self.own_pages)
        redirects, alias_problems = find_redirects(items, keys, own_pages)
        problems += alias_problems
        if problems:
            raise InvalidInput(problems)
        return redirects

    def _render_own_pages(self) -> list[SitePage]:
        return [
            self._template_page(
                PageContent(
                    published.page.key,
                    published.page.template,
                    {
                        "page": published.page,
                        "content": published.content,
                        "summary": published.summary,
                        "image": published.image,
                    },
                )
            )
            for published in self.own_pages
        ]

    @cached_property
    def _menu(self) -> tuple[MenuLink, ...]:
        return build_menu(self.show, self.own_pages, self.static_files, self._translations)

    def _moved_page(self, redirect: Redirect) -> SitePage:
        values = {"title": redirect.title, "target": self.show.page_url(redirect.to)}
        return replace(self._template_page(PageContent(redirect.key, "moved.html", values)), moved_to=redirect.to)

    @cached_property
    def _templates(self) -> Templates:
        return load_templates(self.folder, shared=self.shared)

    @cached_property
    def _theme(self) -> SiteTheme:
        return resolve_theme(self.show, self.folder, self.artwork, self.shared)

    @cached_property
    def _translations(self) -> Translations:
        return load_translations(
            self.show.language, self.show.timezone, self.folder, self._templates.digest, self.shared
        )

    @cached_property
    def _links(self) -> tuple[Link, ...]:
        return build_listen_links(self.show)

    @cached_property
    def _style(self) -> tuple[str, str]:
        """Key and text of the style sheet."""
        return self._render_asset("style.css")

    @cached_property
    def _script(self) -> tuple[str, str]:
        """Key and text of the script."""
        return self._render_asset("site.js", search_script=self._search_script[0].rpartition("/")[2])

    @cached_property
    def _search_script(self) -> tuple[str, str]:
        """Key and text of the script that searches, which the other loads on pages that have a search."""
        return self._render_asset("episode-search.js")

    def _render_asset(self, name: str, **values: str) -> tuple[str, str]:
        values_of_all = {"show": self.show, "look": self._theme, "t": self._translations}
        text = self._templates.render(name, values_of_all | values)
        stem, _, suffix = name.rpartition(".")
        text = _minify(text, suffix)
        return f"assets/{stem}.{_digest_value(text)[:10]}.{suffix}", text

    @cached_property
    def _common_values(self) -> dict[str, Any]:
        """The values that every template gets."""
        apple = next((link for link in self._links if link.service == "apple" and link.kind is LinkKind.FOLLOW), None)
        return {
            "show": self.show,
            "artwork": self.artwork,
            "icons": self.icons,
            "look": self._theme,
            "style": self._style[1],
            "style_key": self._style[0],
            "script_key": self._script[0],
            "apple": apple,
            "menu": self._menu,
            "t": self._translations,
            "clock": format_short_timecode,
            "slug": slugify_name,
            "is_network": self._is_network,
        }

    @property
    def _is_network(self) -> bool:
        """Whether the pages are those of a network instead of a show."""
        return False

    @cached_property
    def _common_digest(self) -> str:
        """Of everything that every page depends on."""
        assets = [self._style[0], self._script[0], self._theme.logo]
        inputs = [self._templates.digest, assets, self.show, self.artwork, self.icons]
        return _digest_value([*inputs, self._menu] if self.own_pages or self.show.menu else inputs)

    @property
    def _own_values(self) -> list[object]:
        """What the pages of the show say about it."""
        show = self.show
        return [show.title, show.description, show.author, show.people, show.listen, show.contact, show.reviews]

    def _asset_pages(self, items: Sequence[Item]) -> Iterator[SitePage]:
        for key, text in (self._style, self._script, self._search_script):
            yield self._text_page(key, text)
        for key, data in self._theme.files.items():
            yield self._bytes_page(key, data)
        scheme = self._theme.light
        urls = PageUrls(self.show, "site.webmanifest")
        icons = [(urls.relative_url(icon.url), icon) for icon in self.icons]
        manifest = structured_data.render_web_manifest(self.show, icons, colour=scheme.accent, background=scheme.ground)
        yield self._text_page("site.webmanifest", manifest)
        yield from self._search_pages(items)

    def _search_pages(self, items: Sequence[Item]) -> Iterator[SitePage]:
        """The search index; scripts of the show's own may know only one file."""
        entries = self._search_entries(items)
        newest, shards = split_search_index(entries) if self._knows_shards else (entries, {})
        yield self._late_text_page(
            SEARCH_KEY, partial(self._render_search_index, newest, self.own_pages, tuple(shards))
        )
        for key, shard in shards.items():
            yield self._late_text_page(key, partial(self._render_search_index, shard))

    @property
    def _knows_shards(self) -> bool:
        key, text = self._search_script
        return SHARDS_VARIABLE in text and key.rpartition("/")[2] in self._script[1]

    def _render_search_index(
        self, entries: Sequence[Any], own_pages: Sequence[PublishedPage] = (), shard_keys: Sequence[str] = ()
    ) -> str:
        urls = PageUrls(self.show, "index.html")
        rows = [self._search_row(entry, urls) for entry in entries]
        rows += [page_row(published, urls.url_of(published.page.key)) for published in own_pages]
        return render_search_index(rows, shard_keys)

    def _search_entries(self, items: Sequence[Item]) -> Sequence[Any]:
        """What `_search_row` takes, newest first."""
        return items

    def _search_row(self, item: Any, urls: PageUrls) -> SearchRow:  # noqa: ANN401  # of a network, a pair
        return episode_row(item, urls.relative_url(item.url), self._translations)

    def _list_pages(self, items: Sequence[Item]) -> Iterator[SitePage]:
        own_keys = {published.page.key for published in self.own_pages} | self.static_files
        lists = EpisodeLists(self.show, items, self._templates, own_keys)
        yield from map(self._template_page, lists.list_index_pages(self._show_values))
        yield from map(self._template_page, lists.list_overview_pages())
        yield from map(self._template_page, lists.list_collection_pages())

    def _episode_pages(self, items: Sequence[Item]) -> Iterator[SitePage]:
        links = [None, *map(_link_values, items), None]
        for index, (item, newer, older) in enumerate(with_neighbours(items)):
            yield from self._list_episode_pages(item, newer, older, (links[index], links[index + 2]))

    def build_episode_pages(self, item: Item, newer: Item | None, older: Item | None) -> Iterator[SitePage]:
        """The pages that an episode has for itself, which link to its neighbours."""
        links = _link_values(newer) if newer else None, _link_values(older) if older else None
        return self._list_episode_pages(item, newer, older, links)

    def _list_episode_pages(
        self,
        item: Item,
        newer: Item | None,
        older: Item | None,
        links: tuple[dict[str, str] | None, dict[str, str] | None],
    ) -> Iterator[SitePage]:
        kept = self.kept_pages.get(item.guid)
        if kept is None or (kept.links, kept.common_digest) != (links, self._common_digest):
            recipes = self._pages_of_episode(item, newer, older)
            rows = tuple(KeptPage(recipe.key, *recipe.digest()) for recipe in recipes)
            self.kept_pages[item.guid] = kept = KeptPages(links, self._common_digest, rows)
        for row in kept.pages:
            render = partial(self._render_page_of_episode, row.key, item, newer, older)
            yield SitePage(key=row.key, digest=row.digest, own_digest=row.own_digest, item=item, render=render)

    def render_episode_pages(
        self, keys: Container[str], item: Item, newer: Item | None, older: Item | None
    ) -> Iterator[tuple[str, bytes]]:
        """Those of `build_episode_pages` that have these keys, rendered."""
        for recipe in self._pages_of_episode(item, newer, older):
            if recipe.key in keys:
                yield recipe.key, recipe.render()

    def _render_page_of_episode(self, key: str, item: Item, newer: Item | None, older: Item | None) -> bytes:
        """One of the pages, of which a show has too many to keep what each is made of until it is rendered."""
        return next(recipe for recipe in self._pages_of_episode(item, newer, older) if recipe.key == key).render()

    def _pages_of_episode(self, item: Item, newer: Item | None, older: Item | None) -> Iterator[_PageRecipe]:
        base = f"episodes/{item.episode.slug}"
        is_long = needs_own_page(shown_cues(item))
        values = {
            "item": item,
            "next": _link_values(newer) if newer else None,
            "previous": _link_values(older) if older else None,
            "transcript_url": self.show.page_url(f"{base}/transcript/index.html") if is_long else "",
        }
        embed = f"{base}/embed/index.html"
        player_url = self.show.page_url(embed)
        late_values = partial(self._episode_values, item, player_url, with_transcript=not is_long)
        yield self._template_recipe(
            PageContent(f"{base}/index.html", "episode.html", values, late_values, item.comments)
        )
        embed_values = player_values(item)
        yield self._template_recipe(PageContent(embed, "embed.html", embed_values, partial(dict, item=item)))
        yield self._oembed_page(f"{base}/oembed.json", item, player_url)
        yield from self._clip_pages(item)
        if is_long:
            transcript_values = partial(self._transcript_values, item)
            transcript = f"{base}/transcript/index.html"
            yield self._template_recipe(PageContent(transcript, "transcript.html", {"item": item}, transcript_values))

    def _clip_pages(self, item: Item) -> Iterator[_PageRecipe]:
        """A page for each soundbite: what is after # in a link never reaches those who make link previews."""
        for soundbite in item.soundbites:
            key = clip_page_key(item.episode.slug, soundbite)
            values = {
                "item": replace(item, chapters=(), transcripts=(), content="", page="", description=""),
                "clip": soundbite,
                "name": soundbite.title or item.episode.title,
            }
            late_values = partial(self._clip_values, item, soundbite, key)
            yield self._template_recipe(PageContent(key, "clip.html", values, late_values))

    def _clip_values(self, item: Item, soundbite: Soundbite, key: str) -> dict[str, Any]:
        url = self.show.page_url(key)
        name = soundbite.title or item.episode.title
        moment = SharedMoment(title=name, show=self.show.title, summary=item.summary, url=url)
        return {
            "shares": build_share_links(moment),
            "ld": structured_data.clip_json_ld(self.show, item, soundbite, url),
        }

    def _oembed_page(self, key: str, item: Item, player_url: str) -> _PageRecipe:
        """The oEmbed response; its digest has only what the response depends on."""

        def digest() -> tuple[str, str]:
            return _digest_value([key, self._common_digest, item.episode.title, item.artwork]), ""

        def render() -> bytes:
            image = item.artwork or self.artwork
            return structured_data.render_oembed(self.show, item, image, player_url).encode("utf-8", "replace")

        return _PageRecipe(key, digest, render)

    def _episode_values(self, item: Item, player_url: str, *, with_transcript: bool) -> dict[str, Any]:
        return {
            "elsewhere": build_episode_links(self.show, item.episode),
            "shares": build_share_links(
                SharedMoment(title=item.episode.title, show=self.show.title, summary=item.summary, url=item.url)
            ),
            "clip_urls": [self.show.page_url(clip_page_key(item.episode.slug, clip)) for clip in item.soundbites],
            "frame": structured_data.embed_code(self.show, item, player_url),
            "notes": place_chapters(item.page, item.chapters),
            "paragraphs": group_into_paragraphs(shown_cues(item)) if with_transcript else (),
            "contact": build_contact_links(self.show, item.episode),
            "threads": arrange_comments(item.comments),
            "ld": structured_data.episode_json_ld(self.show, item, self.artwork),
        }

    def _transcript_values(self, item: Item) -> dict[str, Any]:
        """A transcript's page has prompts where the notes have them, whatever links the notes have."""
        placement = find_prompt_set(self.show, item.episode).placement
        has_prompts = placement is Placement.END or (
            placement is Placement.MARKER and bool(_PROMPTS_MARKER.search(item.episode.notes))
        )
        prompts = render_prompts(
            self.show,
            item.episode,
            folder=self.folder,
            page_url=item.url,
            linked=(),
            digest=self._templates.digest,
            shared=self.shared,
        )
        return {
            "paragraphs": group_into_paragraphs(shown_cues(item)),
            "prompts": prompts.page_html if has_prompts else "",
        }

    def _show_values(self) -> dict[str, Any]:
        return {"ld": structured_data.show_json_ld(self.show, self.artwork, self._links)}

    def _follow_values(self) -> dict[str, Any]:
        follow_links = [link for link in self._links if link.kind is LinkKind.FOLLOW]
        groups = [
            (platform, tuple(link for link in follow_links if link.platform is platform)) for platform in Platform
        ]
        return {
            "groups": [(platform, links) for platform, links in groups if links],
            "reviews": tuple(link for link in self._links if link.kind is LinkKind.REVIEW),
            "checked": load_listen_services()["checked"],
        }

    def _qr_page(self) -> SitePage:
        """The QR code of the follow page, which is drawn only where its address or the title has changed."""
        url, title = self.show.page_url("follow/index.html"), self.show.title
        return SitePage(
            key="follow/qr.svg",
            digest=_digest_value(["QR code", url, title]),
            render=lambda: structured_data.render_qr_code(url, title).encode("utf-8", "replace"),
        )

    def _text_page(self, key: str, text: str) -> SitePage:
        return self._bytes_page(key, text.encode("utf-8", "replace"))

    def _late_text_page(self, key: str, render: Callable[[], str]) -> SitePage:
        """A page that is not kept until it is written: it is rendered for its digest, and again if that is new."""

        def encode() -> bytes:
            return render().encode("utf-8", "replace")

        return SitePage(key=key, digest=hashlib.sha256(encode()).hexdigest(), render=encode)

    def _bytes_page(self, key: str, data: bytes) -> SitePage:
        return SitePage(key=key, digest=hashlib.sha256(data).hexdigest(), render=lambda: data)

    def _template_page(self, content: PageContent) -> SitePage:
        recipe = self._template_recipe(content)
        digest, own_digest = recipe.digest()
        return SitePage(key=content.key, digest=digest, own_digest=own_digest, render=recipe.render)

    def _template_recipe(self, content: PageContent) -> _PageRecipe:
        key = content.key

        def digest() -> tuple[str, str]:
            about_show = self._own_values if key in _SHOW_PAGES else ()
            own_digest = _digest_value([key, content.template, content.values, about_show])
            return (
                _digest_value([own_digest, self._common_digest, content.comments]),
                own_digest if _is_listed(key) else "",
            )

        def render() -> bytes:
            urls = PageUrls(self.show, key)
            context = {**self._common_values, **content.values, **content.late_values()}
            context |= {"key": key, "url": urls.own_url, "here": urls.relative_url, "to": urls.url_of}
            context |= {"local": urls.relativize_html}
            return self._templates.render(content.template, context).encode("utf-8", "replace")

        return _PageRecipe(key, digest, render)


def with_neighbours(items: Sequence[Item]) -> Iterator[tuple[Item, Item | None, Item | None]]:
    """Each of the items, which are newest first, with the next newer and the next older one."""
    for index, item in enumerate(items):
        newer = items[index - 1] if index else None
        older = items[index + 1] if index + 1 < len(items) else None
        yield item, newer, older


def indexnow_key_file(key: str) -> str:
    """The key of the file in which search engines find the show's key of IndexNow, and nothing else."""
    return f"{key}.txt"


def _is_listed(key: str) -> bool:
    """Whether search engines list a page."""
    return key.endswith("index.html") and "/embed/" not in key


def render_site(
    show: Show,
    items: Sequence[Item],
    *,
    folder: Path,
    artwork: Image | None = None,
    icons: tuple[Image, ...] = (),
    own_pages: tuple[PublishedPage, ...] = (),
) -> dict[str, bytes]:
    """Render every page of a show; the result maps keys to bytes.

    `items` are newest first; `folder` may have the show's own `templates/`.
    Raises InvalidInput with file and line for an error in one of the show's templates.
    """
    site = Site(show=show, folder=folder, artwork=artwork, icons=icons, own_pages=own_pages)
    return {page.key: page.render() for page in site.build_pages(items)}


def _minify(text: str, suffix: str) -> str:
    """A style sheet or a script without comments and whitespace."""
    if suffix == "css":
        import rcssmin

        return str(rcssmin.cssmin(text))
    import rjsmin

    return str(rjsmin.jsmin(text))


def _link_values(item: Item) -> dict[str, str]:
    return {"title": item.episode.title, "url": item.url}


def _digest_value(value: object) -> str:
    """Hex digest of a value's repr, which for our types has no source locations, and a transcript's URL but no cues."""
    return hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()
