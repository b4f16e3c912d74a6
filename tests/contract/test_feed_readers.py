"""Third-party parsers read every tag of the feed.

For each golden case the feed is parsed with and without the case's elements; the additional values are those that the
parser understood. Every text and attribute must be among them, except for GAPS: what a parser does not support, by
name and with the reason. A gap that is not needed any more fails too, so that the list stays correct.
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

from podcast_kit.feed import render_opml, render_rss, stream_json_feed
from podcast_kit.namespaces import NAMESPACES
from tests.golden.test_namespaces import CASES, feed_of
from tests.support.feed_factories import ARTWORK, SITE, make_item, make_show

NODE = Path(__file__).parents[1] / "node"
OLD_NAMESPACE = "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md"
"""The only URI by which podcastparser knows the podcast namespace."""
PLAIN, JSON_FEED, OPML = "plain", "feed.json", "show.opml"

FLAGS = {"true", "false"}

_OWN_NAMES = dict.fromkeys(
    ("my:mood", "my:why", "q:other", "podcast:future"), "is in a custom namespace, or a custom tag"
)
_ONLY_IN_LIVE = {
    "item/podcast:contentLink": "is read only inside a liveItem",
    "item/podcast:funding": "is read only on the channel",
    "channel/podcast:socialInteract": "is read only on items",
    "podcast:images": "is deprecated and not read",
    "podcast:liveItem/pubDate": "is not part of its liveItem",
}
_WITH_ATTRIBUTES = "the text of an element with attributes is dropped, and only the last of several is kept"
GAPS = {
    # 5.0.0, which the Podcast Index runs
    "partytime": _OWN_NAMES
    | _ONLY_IN_LIVE
    | {
        "itunes:applepodcastsverify": "is only for Apple",
        "itunes:title": "is not read, unlike title",
        "media:rating": "is in a namespace that it does not read",
        "podcast:block@id": "a block for a single service is not read",
        "podcast:image": "is newer than this version",
        "podcast:location[more]": "only the first location is kept",
        "podcast:location@rel": "is newer than this version",
        "podcast:location@country": "is newer than this version",
        "podcast:socialInteract[more]": "only the first that is not `disabled` is kept",
        "podcast:transcript@type": "application/x-subrip is renamed application/srt",
        "podcast:updateFrequency": "is newer than this version",
        "spotify:countryOfOrigin": "is in a namespace that it does not read",
        "spotify:limit": "is in a namespace that it does not read",
    },
    # 3.0.1
    "feedsmith": _OWN_NAMES
    | _ONLY_IN_LIVE
    | dict.fromkeys(
        (f"podcast:liveItem/{name}" for name in ("title", "link", "description", "guid", "enclosure")),
        "in a liveItem it only reads the podcast namespace",
    )
    | {
        "podcast:liveItem/itunes:author": "in a liveItem it only reads the podcast namespace",
        "podcast:liveItem/itunes:image": "in a liveItem it only reads the podcast namespace",
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
        "itunes:explicit": "only the old values yes and clean are known",
        "podcast:liveItem/title": "is read as the channel's, which is set already",
    },
}


def normalize_value(value):
    """A value as text for comparison: numbers as numbers, dates in UTC, words in lower case."""
    if isinstance(value, bool):
        return str(value).lower()
    text = " ".join(str(value).split())
    for convert in (float, lambda raw: parsedate_to_datetime(raw).astimezone(UTC), _iso):
        try:
            return str(convert(text))
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return {"yes": "true", "no": "false"}.get(text.lower(), text.lower())


def _iso(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def leaves(value):
    """Every scalar in a parser's result."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)
    elif value is not None:
        yield normalize_value(value)


def additional_values(parsed, plain):
    """The values that a parser did not find in the feed without the case's elements."""
    return Counter(leaves(parsed)) - Counter(leaves(plain))


def values_of(case):
    """Every value of a case, with the names under which a gap can be listed."""
    channel, item, _ = feed_of(case)
    yield from _values_of_elements(channel, "channel")
    yield from _values_of_elements(item, "item")


def _values_of_elements(elements, parent):
    seen = Counter()
    for element in elements:
        seen[element.name] += 1
        names = [element.name, f"{parent}/{element.name}"]
        names += [f"{element.name}[more]"] if seen[element.name] > 1 else []
        if element.text:
            yield [*names, f"{element.name}#text"], element.text
        for attribute, value in element.attributes:
            yield [*names, f"{element.name}@{attribute}"], value
        yield from _values_of_elements(element.children, element.name)


def feeds():
    plain = render_rss(make_show(people=()), [make_item()], artwork=ARTWORK)
    return {PLAIN: plain} | {case: feed_of(case)[2] for case in CASES}


def other_formats():
    json_feed = b"".join(stream_json_feed(make_show(), [make_item()], artwork=ARTWORK))
    return {JSON_FEED: json_feed, OPML: render_opml(make_show())}


def by_podcastparser(data):
    old = data.replace(NAMESPACES["podcast"].encode(), OLD_NAMESPACE.encode())
    return podcastparser.parse("https://pod.example/feed.xml", BytesIO(old))


def by_feedparser(data):
    parsed = feedparser.parse(data)
    return {"feed": parsed.feed, "entries": parsed.entries}


@pytest.fixture(scope="module")
def node_reads(tmp_path_factory):
    """The results of podcast-partytime and feedsmith for every case, from one run of node."""
    if not shutil.which("node") or not (NODE / "node_modules" / "podcast-partytime").is_dir():
        pytest.skip("needs node, and `npm ci` in tests/node: podcast-partytime and feedsmith are npm packages")
    folder = tmp_path_factory.mktemp("node")
    input_file, output_file = folder / "in.json", folder / "out.json"
    input_file.write_text(
        json.dumps({name: data.decode() for name, data in (feeds() | other_formats()).items()}), "utf-8"
    )
    command = ["node", str(NODE / "feeds.mjs"), str(input_file), str(output_file)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return json.loads(output_file.read_text("utf-8"))


def find_missing(parser, case, parsed, plain):
    """What a parser did not read: the values without a known gap, and the gaps that explain the others."""
    everything = set(leaves(parsed))
    have = set(additional_values(parsed, plain))
    have |= {word for text in have for word in text.split()}
    missing, used_gaps = [], set()
    for names, value in values_of(case):
        expected = normalize_value(value)
        if expected in (everything if expected in FLAGS else have):
            continue
        gaps = GAPS[parser].keys() & set(names)
        used_gaps |= gaps
        if not gaps:
            missing.append((names[-1], value))
    return missing, used_gaps


@pytest.fixture(scope="module")
def reads(request):
    """A parser and its result for every case."""
    documents = feeds()
    results = {
        "podcastparser": {name: by_podcastparser(data) for name, data in documents.items()},
        "feedparser": {name: by_feedparser(data) for name, data in documents.items()},
    }
    if request.param in results:
        return request.param, results[request.param]
    by_case = request.getfixturevalue("node_reads")
    return request.param, {name: read[request.param] for name, read in by_case.items() if request.param in read}


every_parser = pytest.mark.parametrize("reads", GAPS, indirect=True, scope="module")


@every_parser
def test_parsers_read_every_value_that_they_support(reads):
    parser, results = reads
    missing = {case: find_missing(parser, case, results[case], results[PLAIN])[0] for case in CASES}
    assert {case: values for case, values in missing.items() if values} == {}


@every_parser
def test_every_listed_gap_is_needed(reads):
    parser, results = reads
    used = set().union(*(find_missing(parser, case, results[case], results[PLAIN])[1] for case in CASES))
    assert GAPS[parser].keys() - used == set()


def test_feedsmith_reads_json_feed_and_opml(node_reads):
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
