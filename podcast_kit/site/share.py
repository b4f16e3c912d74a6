"""Links with which listeners share an episode or a moment of it, each with a text that its network accepts.

Plain links: no scripts of a network, and nothing is requested before the listener follows one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from podcast_kit.model import Soundbite
from podcast_kit.text.fit import fit_text
from podcast_kit.text.timecode import format_filename_timecode

BLUESKY_MAX_LEN = 300
"""Graphemes of a post (https://docs.bsky.app/docs/advanced-guides/posts); fewer than characters, which are counted."""
MASTODON_MAX_LEN = 500
"""Characters of a post on a server with the usual limit; each URL counts as 23."""
MASTODON_URL_LEN = 23
X_MAX_LEN, X_URL_LEN = 280, 23
MIN_SUMMARY_LEN = 30
"""Characters; a shorter part of a summary says nothing."""
MAIL_SUMMARY_MAX_LEN = 300
"""Characters of the summary in a mail; the page has the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedMoment:
    """What is shared: an episode, or a clip of it."""

    title: str
    show: str
    summary: str
    url: str

    @property
    def headline(self) -> str:
        """Title and show; a title without words of its own is the show's."""
        return f"{self.title} – {self.show}" if self.title != self.show else self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLink:
    """Where to share: the network, the text that is prefilled, and the link that does it."""

    network: str
    """Such as `bluesky`; `mastodon` has no link, because the listener's server is asked for first."""
    label: str
    text: str
    """With the URL, unless the network takes it from the page."""
    url: str
    length: int
    """Characters as the network counts them: some count any URL alike."""
    max_len: int = 0
    """Characters that the network allows; 0 if there is no limit that matters."""


def clip_page_key(slug: str, soundbite: Soundbite) -> str:
    """The key of the page of a soundbite, by its moment: an edited title does not change it.

    >>> clip_page_key("001-talk", Soundbite(start_ms=80000, length_ms=15000))
    'clips/001-talk-at-1m20s/index.html'
    """
    return f"clips/{slug}-at-{format_filename_timecode(soundbite.start_ms)}/index.html"


def build_share_links(moment: SharedMoment) -> tuple[ShareLink, ...]:
    """The networks that have a link for sharing, each with its text."""
    return tuple(_iter_share_links(moment))


def _iter_share_links(moment: SharedMoment) -> Iterator[ShareLink]:
    def counted_len(text: str, url_len: int) -> int:
        return len(text) - len(moment.url) + url_len

    encoded_url = _encode(moment.url)
    text = share_text(moment, MASTODON_MAX_LEN, MASTODON_URL_LEN)
    yield ShareLink(
        network="mastodon",
        label="Mastodon",
        text=text,
        url="",
        length=counted_len(text, MASTODON_URL_LEN),
        max_len=MASTODON_MAX_LEN,
    )
    text = share_text(moment, BLUESKY_MAX_LEN)
    yield ShareLink(
        network="bluesky",
        label="Bluesky",
        text=text,
        url=f"https://bsky.app/intent/compose?text={_encode(text)}",
        length=len(text),
        max_len=BLUESKY_MAX_LEN,
    )
    # Facebook and LinkedIn take title, text and picture from the page.
    yield ShareLink(
        network="facebook",
        label="Facebook",
        text=moment.url,
        url=f"https://www.facebook.com/sharer.php?u={encoded_url}",
        length=len(moment.url),
    )
    yield ShareLink(
        network="linkedin",
        label="LinkedIn",
        text=moment.url,
        url=f"https://www.linkedin.com/sharing/share-offsite/?url={encoded_url}",
        length=len(moment.url),
    )
    # These show the summary in their preview of the link.
    words = fit_text(moment.headline, X_MAX_LEN - X_URL_LEN - 1)
    encoded_words = _encode(words)
    text = f"{words} {moment.url}"
    yield ShareLink(
        network="whatsapp", label="WhatsApp", text=text, url=f"https://wa.me/?text={_encode(text)}", length=len(text)
    )
    telegram = f"https://t.me/share/url?url={encoded_url}&text={encoded_words}"
    yield ShareLink(network="telegram", label="Telegram", text=text, url=telegram, length=len(text))
    yield ShareLink(
        network="x",
        label="X",
        text=text,
        url=f"https://x.com/intent/post?text={encoded_words}&url={encoded_url}",
        length=counted_len(text, X_URL_LEN),
        max_len=X_MAX_LEN,
    )
    body = _mail_body(moment)
    mail = f"mailto:?subject={_encode(moment.headline)}&body={_encode(body)}"
    yield ShareLink(network="mail", label="", text=body, url=mail, length=len(body))


def share_text(moment: SharedMoment, max_len: int, url_len: int = 0) -> str:
    """Headline, as much of the summary as fits, and the URL; `url_len` is what the network counts for any URL."""
    room = max_len - (url_len or len(moment.url)) - 1
    headline = fit_text(moment.headline, room)
    rest = room - len(headline) - len(": ")
    summary = fit_text(moment.summary, rest) if rest >= MIN_SUMMARY_LEN else ""
    words = f"{headline}: {summary}" if summary else headline
    return f"{words} {moment.url}"


def _mail_body(moment: SharedMoment) -> str:
    parts = [moment.headline, fit_text(moment.summary, MAIL_SUMMARY_MAX_LEN), moment.url]
    return "\n\n".join(part for part in parts if part)


def _encode(text: str) -> str:
    return quote(text, safe="/:,!")  # what a query may have as it is (RFC 3986)
