"""Invitations that stand in a feed of our own: the new show writes its own, so that they are no part of its notes.

Our feeds say in `generator` who wrote them, and an invitation is a paragraph of one form, which
`templates/prompts/feed.html` gives it: a sentence, a line's end, our words and a colon, and nothing but links.
Where a show's own template or words gave it another, nobody can tell it from notes, and it stays.
"""

from __future__ import annotations

import base64
import html
import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote, urlsplit

from podcast_kit import feed, site
from podcast_kit.importer.elements import line
from podcast_kit.model import Node

FORM = re.compile(r'<p>[^<>]*<br>([^<>]*): (?:<a href="[^"]*">[^<>]*</a>(?: · )?)+</p>\n?')
LINK = re.compile(r'<a href="([^"]*)">([^<>]*)</a>')
OWN_KEY = ("podcasts.apple.com", "open.spotify.com")
"""Hosts of the services whose ids are read from the whole feed."""


@dataclass(slots=True)
class Invitations:
    """Those of one feed; `links` are the services that they lead to, by address, with the words on each."""

    home: str
    """Where the show's pages are; empty where another program wrote the feed, which has no invitations of ours."""
    links: dict[str, str] = field(default_factory=dict)
    found: bool = False
    """Whether any notes had some."""

    @classmethod
    def of(cls, channel: Node) -> Self:
        """What a feed's channel lets expect."""
        ours = channel.child_text("generator") == feed.GENERATOR
        return cls(channel.child_text("link").removesuffix("index.html") if ours else "")

    def left_out(self, notes: str) -> str:
        """Notes as HTML without the invitations."""
        if not self.home:
            return notes
        return FORM.sub(self._kept, notes)

    def _kept(self, paragraph: re.Match[str]) -> str:
        links = {html.unescape(url): line(html.unescape(label)) for url, label in LINK.findall(paragraph[0])}
        ours = html.unescape(paragraph[1]).rstrip() in site.said("follow_free") | site.said("review")
        if not any(url.startswith(f"{self.home}follow/") or (ours and _host(url) in site.hosts()) for url in links):
            return paragraph[0]
        self.found = True
        self.links |= {url: label for url, label in links.items() if self._elsewhere(url)}
        return ""

    def _elsewhere(self, url: str) -> bool:
        """Whether an address is that of the show at a service, which would be lost; not one made of the old feed's."""
        old = self.home.partition(":/")[2]
        whole = self.home.encode()
        begun = base64.urlsafe_b64encode(whole[: len(whole) // 3 * 3]).decode()  # as far as it stays when it goes on
        made = (old, quote(old, safe=""), begun)
        return _host(url) not in OWN_KEY and not any(form in url for form in made)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
