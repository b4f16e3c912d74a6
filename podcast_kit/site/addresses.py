"""Addresses on a page: relative within the show, so that a build looks the same wherever it is served from."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from podcast_kit.model import Show, page_url

TAG = re.compile(r"""<[a-zA-Z](?:[^<>"']|"[^"]*"|'[^']*')*>""")
ATTRIBUTE = re.compile(r"""(\s(?:href|src|poster)=")([^"]*)(")""")
SOURCES = re.compile(r"""(\ssrcset=")([^"]*)(")""")


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses as one page writes them."""

    show: Show
    key: str
    """Of the page that they stand on."""

    @property
    def own(self) -> str:
        """The page's own public address."""
        return page_url(self.show, self.key)

    def to(self, key: str) -> str:
        """A page or a file of the show, from here."""
        return self.here(page_url(self.show, key))

    def here(self, url: str) -> str:
        """A public address as this page writes it: relative where it is the show's own, else as it is."""
        base = self.show.publish.url.rstrip("/") + "/"
        if not url.startswith(base):
            return url
        if url.startswith(self.own + "#"):
            return url[len(self.own) :]
        if self.key == "404.html":  # stands in for any page, so it cannot know how deep it is
            return urlsplit(base).path + url[len(base) :]
        path, mark, rest = _parted(url[len(base) :])
        start = posixpath.dirname(self.key)
        folder = posixpath.relpath(path or ".", start or ".")
        slash = "/" if (path.endswith("/") or not path) and not folder.endswith("/") else ""
        return folder + slash + mark + rest

    def local(self, html: str) -> str:
        """Finished HTML with the addresses in its tags written as this page writes them."""

        def attribute(found: re.Match[str]) -> str:
            return found[1] + self.here(found[2]) + found[3]

        def sources(found: re.Match[str]) -> str:
            return found[1] + ", ".join(self.here(part.strip()) for part in found[2].split(", ")) + found[3]

        return TAG.sub(lambda tag: SOURCES.sub(sources, ATTRIBUTE.sub(attribute, tag[0])), html)


def _parted(url: str) -> tuple[str, str, str]:
    """Path, `?` or `#` or nothing, and what follows it."""
    found = re.search(r"[?#]", url)
    return (url[: found.start()], found[0], url[found.end() :]) if found else (url, "", "")
