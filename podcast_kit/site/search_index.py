"""The search index: a row for each episode and for each of the podcaster's own pages.

Its files are scripts rather than JSON, so that they also load from a folder on disk. A show of ordinary length has one
file. Of a large one, older episodes are in shards, numbered from the oldest: `search-1.js` has the first episodes. A
new shard is only split off when search.js still keeps a full one afterwards, so a newer episode changes search.js
alone, and an edit one file. One that is added with an older date, or removed, changes the shards that are newer than
it. The page's script loads search.js first, then the shards from the newest to the oldest until it has found enough.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TypeVar

from podcast_kit.model import Item, PublishedPage
from podcast_kit.site.i18n import Translations

SEARCH_KEY = "search.js"
EPISODES_PER_SHARD = 500
SHARDS_VARIABLE = "searchShards"
"""Where search.js leaves the keys of the shards; a script that does not read it knows only one file."""
MAX_SEARCH_TITLE_LEN = 300
MAX_SEARCH_SUMMARY_LEN = 200
MAX_SEARCH_WORDS_LEN = 2_000

_Entry = TypeVar("_Entry")

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
    """A row of bounded length, with no more of the summary than results show."""
    row = [title[:MAX_SEARCH_TITLE_LEN], url, facts]
    return [*row, summary[:MAX_SEARCH_SUMMARY_LEN], words[:MAX_SEARCH_WORDS_LEN]]


def split_search_index(entries: Sequence[_Entry]) -> tuple[Sequence[_Entry], dict[str, Sequence[_Entry]]]:
    """The entries of search.js itself, and those of each shard by its key, the newest first; all newest first."""
    count = max(0, len(entries) // EPISODES_PER_SHARD - 1)
    start = len(entries) - count * EPISODES_PER_SHARD
    shards = {}
    for number in range(count, 0, -1):
        shards[search_shard_key(number)] = entries[start : start + EPISODES_PER_SHARD]
        start += EPISODES_PER_SHARD
    return entries[: len(entries) - count * EPISODES_PER_SHARD], shards


def search_shard_key(number: int) -> str:
    """The key of a shard; 1 has the oldest episodes. At the root, where no show of a network can be."""
    return f"search-{number}.js"


def render_search_index(rows: Iterable[SearchRow], shard_keys: Iterable[str] = ()) -> str:
    """Render search.js or a shard: a script that leaves the rows in `window.episodes`, and search.js the shards."""
    text = f"window.episodes={_encode_json(list(rows))};\n"
    keys = list(shard_keys)
    return f"{text}window.{SHARDS_VARIABLE}={_encode_json(keys)};\n" if keys else text


def _encode_json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
