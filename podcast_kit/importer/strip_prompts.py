"""Strip the follow and review prompts from notes of a feed that podcast_kit wrote, because the new show adds its own.

Such a feed names podcast_kit as its `generator`, and a prompt is a paragraph in the form of
`templates/prompts/feed.html`: a sentence, a line break, a default string and a colon, and only links.
Prompts with the show's own template or wording cannot be distinguished from notes, so they stay.
"""

from __future__ import annotations

import base64
import html
import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote, urlsplit

from podcast_kit import feed, site
from podcast_kit.importer.elements import single_line
from podcast_kit.model import Node

_PROMPT_PARAGRAPH = re.compile(r'<p>[^<>]*<br>([^<>]*): (?:<a href="[^"]*">[^<>]*</a>(?: · )?)+</p>\n?')
_HTML_LINK = re.compile(r'<a href="([^"]*)">([^<>]*)</a>')
_ID_HOSTS = ("podcasts.apple.com", "open.spotify.com")
"""Hosts of services whose ids are read from the whole feed instead."""


@dataclass(slots=True)
class PromptStripper:
    """Strips the prompts of one feed, and collects the services that they link to."""

    home: str
    """The URL of the show's pages; empty for a feed of another program, which has no such prompts."""
    links: dict[str, str] = field(default_factory=dict)
    """Labels of the links to services, by URL."""
    has_stripped: bool = False
    """Whether any notes had prompts."""

    @classmethod
    def for_channel(cls, channel: Node) -> Self:
        """A stripper for a feed's channel."""
        is_own = channel.child_text("generator") == feed.GENERATOR
        return cls(channel.child_text("link").removesuffix("index.html") if is_own else "")

    def strip(self, notes: str) -> str:
        """HTML notes without the prompts."""
        return _PROMPT_PARAGRAPH.sub(self._replace_paragraph, notes) if self.home else notes

    def _replace_paragraph(self, paragraph: re.Match[str]) -> str:
        links = {
            html.unescape(url): single_line(html.unescape(label)) for url, label in _HTML_LINK.findall(paragraph[0])
        }
        default_strings = site.all_translations("follow_free") | site.all_translations("review")
        has_default_string = html.unescape(paragraph[1]).rstrip() in default_strings
        is_prompt = any(
            url.startswith(f"{self.home}follow/")
            or (url.startswith(f"{self.home}episodes/") and url.endswith("#share"))
            or (has_default_string and _host_of_url(url) in site.listen_service_hosts())
            for url in links
        )
        if not is_prompt:
            return paragraph[0]
        self.has_stripped = True
        self.links |= {url: label for url, label in links.items() if self._is_service_link(url)}
        return ""

    def _is_service_link(self, url: str) -> bool:
        """Whether a URL is specific to the show at a service, rather than derived from the old feed's URL."""
        bare_home = self.home.partition(":/")[2]
        home_bytes = self.home.encode()
        # Base64 encodes groups of three bytes; the last, incomplete group depends on what follows it.
        encoded_home = base64.urlsafe_b64encode(home_bytes[: len(home_bytes) // 3 * 3]).decode()
        old_urls = (bare_home, quote(bare_home, safe=""), encoded_home)
        return _host_of_url(url) not in _ID_HOSTS and not any(old_url in url for old_url in old_urls)


def _host_of_url(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
