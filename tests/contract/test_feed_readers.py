"""What the feed says of every tag is read back by parsers that nobody here wrote.

For each golden case the feed is read with and without the case's elements; whatever values a parser has more of
are what it understood. Every text and attribute must be among them, but for GAPS: what a parser does not
know, by name and with the reason. A gap that has closed fails too, so that the list stays true.
"""

import json
import shutil
import subprocess
from collections import Counter
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from pathlib import Path

import feedparser
import podcastparser
import pytest

from podcast_kit.feed import render_json_feed, render_opml, render_rss
from podcast_kit.namespaces import NAMESPACES
from tests.golden.test_namespaces import CASES, feed_of
from tests.support.feed_factories import ARTWORK, SITE, make_item, make_show

NODE = Path(__file__).parents[1] / "node"
OLD_ADDRESS = "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md"
"""The only one under which podcastparser knows the podcast namespace."""
PLAIN, JSON_FEED, OPML = "plain", "feed.json", "show.opml"

FLAGS = {"true", "false"}

_OWN_NAMES = dict.fromkeys(
    ("my:mood", "my:why", "q:other", "podcast:future"), "is of a namespace or a tag of one's own"
)
_ONLY_IN_LIVE = {
    "item/podcast:contentLink": "is read only inside a liveItem",
    "item/podcast:funding": "is read only on the channel",
    "channel/podcast:socialInteract": "is read only on items",
    "podcast:images": "is deprecated, and read no more",
    "podcast:liveItem/pubDate": "is no part of its liveItem",
}
_WITH_ATTRIBUTES = "of an element with attributes the text is dropped, and of several only the last is kept"
GAPS = {
    # 5.0.0, which the Podcast Index runs
    "partytime": _OWN_NAMES
    | _ONLY_IN_LIVE
    | {
        "itunes:applepodcastsverify": "concerns Apple alone",
        "itunes:title": "is not read; the title is",
        "media:rating": "is of a namespace that it does not read",
        "podcast:block@id": "the block of a single service is not read",
        "podcast:image": "is younger than this version",
        "podcast:location[more]": "only the first location is kept",
        "podcast:location@rel": "is younger than this version",
        "podcast:location@country": "is younger than this version",
        "podcast:socialInteract[more]": "only the first that is not `disabled` is kept",
        "podcast:transcript@type": "application/x-subrip is renamed application/srt",
        "podcast:updateFrequency": "is younger than this version",
        "spotify:countryOfOrigin": "is of a namespace that it does not read",
        "spotify:limit": "is of a namespace that it does not read",
    },
    # 3.0.1
    "feedsmith": _OWN_NAMES
    | _ONLY_IN_LIVE
    | dict.fromkeys(
        (f"podcast:liveItem/{name}" for name in ("title", "link", "description", "guid", "enclosure")),
        "of a liveItem it reads the podcast namespace alone",
    )
    | {
        "podcast:liveItem/itunes:author": "of a liveItem it reads the podcast namespace alone",
        "podcast:liveItem/itunes:image": "of a liveItem it reads the podcast namespace alone",
    },
    "podcastparser": dict.fromkeys(
        (
            *_OWN_NAMES,
            *("media:rating", "ttl", "itunes:applepodcastsverify", "itunes:title"),
            *("spotify:countryOfOrigin", "spotify:limit", "podcast:liveItem"),
            *(f"podcast:liveItem/{name}" for name in ("title", "link", "description", "guid", "enclosure", "pubDate")),
            *(f"podcast:liveItem/{name}" for name in ("itunes:author", "itunes:image", "podcast:person")),
            *("podcast:alternateEnclosure", "podcast:source", "podcast:integrity", "podcast:block", "podcast:chat"),
            *("podcast:contentLink", "podcast:episode", "podcast:guid", "podcast:image", "podcast:images"),
            *("podcast:license", "podcast:location", "podcast:medium", "podcast:remoteItem"),
            *("podcast:season", "podcast:socialInteract", "podcast:soundbite", "podcast:trailer", "podcast:txt"),
            *("podcast:updateFrequency", "podcast:value", "podcast:valueRecipient", "podcast:valueTimeSplit"),
            *(
                "channel/podcast:person",
                "podcast:locked@owner",
                "podcast:chapters@type",
            ),
        ),
        "is not in its MAPPING",
    )
    | {
        "podcast:transcript": "only the last transcript is kept",
        "podcast:funding": "only the last funding is kept, without its text",
    },
    "feedparser": dict.fromkeys(
        (
            *("my:mood", "q:other", "podcast:block", "podcast:contentLink", "podcast:episode", "podcast:funding"),
            *("podcast:license", "podcast:location", "podcast:locked", "podcast:person", "podcast:remoteItem"),
            *("podcast:season", "podcast:socialInteract", "podcast:soundbite", "podcast:source", "podcast:trailer"),
            *("podcast:transcript", "podcast:txt", "podcast:updateFrequency", "podcast:valueRecipient"),
            "podcast:valueTimeSplit",
        ),
        _WITH_ATTRIBUTES,
    )
    | {
        "itunes:block": "is turned into a number",
        "itunes:explicit": "only the old words yes and clean are known",
        "podcast:liveItem/title": "is taken for the channel's, which stands already",
    },
}


def spelled(value):
    """A value as text that two parsers agree on: numbers as numbers, dates as instants, words without case."""
    if isinstance(value, bool):
        return str(value).lower()
    text = " ".join(str(value).split())
    for read in (float, lambda raw: parsedate_to_datetime(raw).astimezone(UTC), _iso):
        try:
            return str(read(text))
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return {"yes": "true", "no": "false"}.get(text.lower(), text.lower())


def _iso(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def leaves(value):
    """Every scalar in what a parser returned, also the words of lists that it made of one text."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)
    elif value is not None:
        yield spelled(value)


def understood(read, plain):
    """What a parser has more of than in a feed without the case's elements."""
    return Counter(leaves(read)) - Counter(leaves(plain))


def said(case):
    """Of all that a case says: the names under which a gap can be listed, and the value."""
    channel, item, _ = feed_of(case)
    yield from _said(channel, "channel")
    yield from _said(item, "item")


def _said(found, parent):
    seen = Counter()
    for element in found:
        seen[element.name] += 1
        names = [element.name, f"{parent}/{element.name}"]
        names += [f"{element.name}[more]"] if seen[element.name] > 1 else []
        if element.text:
            yield [*names, f"{element.name}#text"], element.text
        for attribute, value in element.attributes:
            yield [*names, f"{element.name}@{attribute}"], value
        yield from _said(element.children, element.name)


def feeds():
    plain = render_rss(make_show(people=()), [make_item()], artwork=ARTWORK)
    return {PLAIN: plain} | {case: feed_of(case)[2] for case in CASES}


def other_forms():
    return {JSON_FEED: render_json_feed(make_show(), [make_item()], artwork=ARTWORK), OPML: render_opml(make_show())}


def by_podcastparser(data):
    old = data.replace(NAMESPACES["podcast"].encode(), OLD_ADDRESS.encode())
    return podcastparser.parse("https://pod.example/feed.xml", BytesIO(old))


def by_feedparser(data):
    read = feedparser.parse(data)
    return {"feed": read.feed, "entries": read.entries}


@pytest.fixture(scope="module")
def node_reads(tmp_path_factory):
    """What podcast-partytime and feedsmith make of every case, in one run of node."""
    if not shutil.which("node") or not (NODE / "node_modules" / "podcast-partytime").is_dir():
        pytest.skip("needs node, and `npm ci` in tests/node: podcast-partytime and feedsmith are npm packages")
    folder = tmp_path_factory.mktemp("node")
    given, made = folder / "in.json", folder / "out.json"
    given.write_text(json.dumps({name: data.decode() for name, data in (feeds() | other_forms()).items()}), "utf-8")
    command = ["node", str(NODE / "feeds.mjs"), str(given), str(made)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return json.loads(made.read_text("utf-8"))


def lost(parser, case, read, plain):
    """What a parser did not read back: the values without a known gap, and the gaps that excused others."""
    everything = set(leaves(read))
    have = set(understood(read, plain))
    have |= {word for one in have for word in one.split()}
    missing, excused = [], set()
    for names, value in said(case):
        want = spelled(value)
        if want in (everything if want in FLAGS else have):
            continue
        gaps = GAPS[parser].keys() & set(names)
        excused |= gaps
        if not gaps:
            missing.append((names[-1], value))
    return missing, excused


@pytest.fixture(scope="module")
def reads(request):
    """What each parser makes of every case: {parser: {case: what it returned}}."""
    written = feeds()
    made = {
        "podcastparser": {name: by_podcastparser(data) for name, data in written.items()},
        "feedparser": {name: by_feedparser(data) for name, data in written.items()},
    }
    if request.param in made:
        return request.param, made[request.param]
    found = request.getfixturevalue("node_reads")
    return request.param, {name: read[request.param] for name, read in found.items() if request.param in read}


every_parser = pytest.mark.parametrize("reads", GAPS, indirect=True, scope="module")


@every_parser
def test_every_value_that_a_parser_knows_is_read_back(reads):
    parser, made = reads
    found = {case: lost(parser, case, made[case], made[PLAIN])[0] for case in CASES}
    assert {case: values for case, values in found.items() if values} == {}


@every_parser
def test_no_gap_is_listed_in_vain(reads):
    parser, made = reads
    used = set().union(*(lost(parser, case, made[case], made[PLAIN])[1] for case in CASES))
    assert GAPS[parser].keys() - used == set()


def test_the_other_forms_are_read_back(node_reads):
    feed = node_reads[JSON_FEED]["feedsmith"]
    assert (feed["title"], feed["feed_url"], feed["icon"]) == (make_show().title, f"{SITE}feed.json", ARTWORK.url)
    (item,) = feed["items"]
    assert (item["id"], item["title"], item["content_html"]) == ("guid-1", "Episode 1", make_item().content)
    assert item["attachments"] == [
        {
            "url": make_item().enclosure_url,
            "mime_type": "audio/mpeg",
            "size_in_bytes": 20_001,
            "duration_in_seconds": 62,
        }
    ]
    (outline,) = node_reads[OPML]["feedsmith"]["body"]["outlines"]
    assert (outline["type"], outline["xmlUrl"], outline["htmlUrl"]) == ("rss", f"{SITE}feed.xml", f"{SITE}index.html")
