"""URLs on a page: relative within the show, so that a build works wherever it is served from."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from podcast_kit.model import Show

TAG_PATTERN = re.compile(r"""<[a-zA-Z](?:[^<>"']|"[^"]*"|'[^']*')*>""")
URL_ATTRIBUTE_PATTERN = re.compile(r"""(\s(?:href|src|poster)=")([^"]*)(")""")
SRCSET_PATTERN = re.compile(r"""(\ssrcset=")([^"]*)(")""")


class PageUrls:
    """URLs as one page writes them."""

    def __init__(self, show: Show, key: str) -> None:
        self.show = show
        self.own_url = show.page_url(key)
        """The page's own public URL."""
        self._base = show.publish.url.rstrip("/") + "/"
        # The 404 page is served at any URL, so it cannot use relative paths.
        self._root = urlsplit(self._base).path if key == "404.html" else "../" * key.count("/")

    def url_of(self, key: str) -> str:
        """The relative URL of a page or file of the show."""
        return self.relative_url(self.show.page_url(key))

    def relative_url(self, url: str) -> str:
        """A URL of the show relative to this page; any other URL unchanged."""
        if not url.startswith(self._base):
            return url
        if url.startswith(self.own_url + "#"):
            return url[len(self.own_url) :]
        path = url[len(self._base) :]
        return (self._root or "./") + path if path[:1] in {"", "#", "?"} else self._root + path

    def relativize_html(self, html: str) -> str:
        """HTML with the URLs in its attributes relative to this page."""
        return TAG_PATTERN.sub(self._relativize_tag, html)

    def _relativize_tag(self, tag: re.Match[str]) -> str:
        if self._base not in tag[0] and "srcset" not in tag[0]:  # as most
            return tag[0]
        return SRCSET_PATTERN.sub(
            self._relativize_srcset, URL_ATTRIBUTE_PATTERN.sub(self._relativize_attribute, tag[0])
        )

    def _relativize_attribute(self, attribute: re.Match[str]) -> str:
        return attribute[1] + self.relative_url(attribute[2]) + attribute[3]

    def _relativize_srcset(self, attribute: re.Match[str]) -> str:
        sources = attribute[2].split(", ")
        return attribute[1] + ", ".join(self.relative_url(source.strip()) for source in sources) + attribute[3]
