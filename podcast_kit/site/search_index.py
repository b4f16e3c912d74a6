"""The search index: a row for each episode and for each of the podcaster's own pages.

It is a script rather than JSON, so that it also loads from a folder on disk.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from podcast_kit.model import Item, PublishedPage
from podcast_kit.site.i18n import Translations

SEARCH_KEY = "search.js"
MAX_SEARCH_SUMMARY_LEN = 200

SearchRow = list[str]
"""Title, URL relative to the site's root, the line below the title, summary, and other words to find it by."""


def episode_row(item: Item, url: str, translations: Translations) -> SearchRow:
    """The row of an episode."""
    words = [*item.episode.tags, *(person.name for person in item.people), str(item.episode.number or "")]
    return search_row(item.episode.title, url, translations.date(item.date), item.summary, " ".join(words))


def page_row(published: PublishedPage, url: str) -> SearchRow:
    """The row of one of the podcaster's own pages."""
    return search_row(published.page.title, url, "", published.summary, "")


def search_row(title: str, url: str, facts: str, summary: str, words: str) -> SearchRow:
    """A row with no more of the summary than results show."""
    return [title, url, facts, summary[:MAX_SEARCH_SUMMARY_LEN], words]


def render_search_index(rows: Iterable[SearchRow]) -> str:
    """Render the script, which leaves the rows in `window.episodes`."""
    return f"window.episodes={json.dumps(list(rows), separators=(',', ':'))};\n"
