"""Addresses on a page: relative within the show, so that a build looks the same wherever it is served from."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from podcast_kit.model import Show

TAG = re.compile(r"""<[a-zA-Z](?:[^<>"']|"[^"]*"|'[^']*')*>""")
ATTRIBUTE = re.compile(r"""(\s(?:href|src|poster)=")([^"]*)(")""")
SOURCES = re.compile(r"""(\ssrcset=")([^"]*)(")""")


class Addresses:
    """The addresses as one page writes them."""

    def __init__(self, show: Show, key: str) -> None:
        self.show = show
        self.own = show.page_url(key)
        """The page's own public address."""
        self._base = show.publish.url.rstrip("/") + "/"
        # The page for lost listeners stands in for any page, so it cannot know how deep it is.
        self._root = urlsplit(self._base).path if key == "404.html" else "../" * key.count("/")

    def to(self, key: str) -> str:
        """A page or a file of the show, from here."""
        return self.here(self.show.page_url(key))

    def here(self, url: str) -> str:
        """A public address as this page writes it: relative where it is the show's own, else as it is."""
        if not url.startswith(self._base):
            return url
        if url.startswith(self.own + "#"):
            return url[len(self.own) :]
        rest = url[len(self._base) :]
        return (self._root or "./") + rest if rest[:1] in {"", "#", "?"} else self._root + rest

    def local(self, html: str) -> str:
        """Finished HTML with the addresses in its tags written as this page writes them."""

        def attribute(found: re.Match[str]) -> str:
            return found[1] + self.here(found[2]) + found[3]

        def sources(found: re.Match[str]) -> str:
            return found[1] + ", ".join(self.here(part.strip()) for part in found[2].split(", ")) + found[3]

        return TAG.sub(lambda tag: SOURCES.sub(sources, ATTRIBUTE.sub(attribute, tag[0])), html)
