"""The show as JSON Feed and as OPML."""

import json
from xml.etree import ElementTree as ET

import pytest

from podcast_kit.feed import render_opml, stream_json_feed
from podcast_kit.model import FeedSettings, Image, Person, RemoteUrl
from tests.support.feed_factories import ARTWORK, SITE, make_episode, make_item, make_show


def render_json_feed(*arguments, **options):
    return b"".join(stream_json_feed(*arguments, **options))


def test_json_feed_has_required_fields_and_every_episode_newest_first():
    items = [make_item(number, episode=make_episode(number, tags=("asking",)), summary="Short.") for number in (1, 2)]
    feed = json.loads(
        render_json_feed(make_show(feed=FeedSettings(hubs=("https://hub.example/",))), items, artwork=ARTWORK)
    )
    assert {name: feed[name] for name in ("version", "title", "home_page_url", "feed_url", "icon", "language")} == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "More Social, Less Media",
        "home_page_url": f"{SITE}index.html",
        "feed_url": f"{SITE}feed.json",
        "icon": ARTWORK.url,
        "language": "en",
    }
    assert feed["authors"] == [{"name": "Ann Lee", "url": f"{SITE}ann"}]
    assert feed["hubs"] == [{"type": "WebSub", "url": "https://hub.example/"}]
    assert "expired" not in feed
    assert [item["id"] for item in feed["items"]] == ["guid-2", "guid-1"]
    assert feed["items"][1] == {
        "id": "guid-1",
        "url": f"{SITE}episodes/001/index.html",
        "title": "Episode 1",
        "content_html": "<p>About &amp; <b>around</b> 1, in full.</p>",
        "summary": "Short.",
        "date_published": "2026-01-06T07:00:00+00:00",
        "tags": ["asking"],
        "attachments": [
            {
                "url": f"{SITE}media/000000000001/001.mp3",
                "mime_type": "audio/mpeg",
                "size_in_bytes": 20_001,
                "duration_in_seconds": 62,
            }
        ],
    }


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_feed_written_item_by_item_has_the_bytes_of_one_document(count):
    people = (Person(name="Bo\u2028Bø"),)
    items = [make_item(number, content="<p>One\n\n  two</p>", people=people) for number in range(1, count + 1)]
    data = render_json_feed(make_show(), items, artwork=ARTWORK)
    document = json.loads(data)
    assert data.decode() == json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    assert len(document["items"]) == count


def test_json_feed_always_has_content_and_no_control_characters():
    item = make_item(description="", content="", episode=make_episode(title="Still\x07 here"))
    feed = json.loads(render_json_feed(make_show(), [item]))
    assert feed["items"][0]["content_text"] == "Still here"


def test_json_feed_of_a_complete_show_is_expired_and_has_people_and_images():
    item = make_item(
        people=(Person(name="Bo", image=RemoteUrl("https://a.example/b.jpg")),), artwork=Image(url=f"{SITE}e.png")
    )
    feed = json.loads(render_json_feed(make_show(complete=True, people=()), [item]))
    assert (feed["expired"], feed["authors"]) == (True, [{"name": "Ann Lee"}])
    assert feed["items"][0]["authors"] == [{"name": "Bo", "avatar": "https://a.example/b.jpg"}]
    assert feed["items"][0]["image"] == f"{SITE}e.png"


def test_json_feed_without_episodes_has_an_empty_list():
    assert json.loads(render_json_feed(make_show(), []))["items"] == []


def test_opml_has_one_subscription():
    data = render_opml(make_show(title="Käse & <Brot>"))
    root = ET.fromstring(data)
    assert (root.tag, root.get("version"), root.findtext("head/title")) == ("opml", "2.0", "Käse & <Brot>")
    (outline,) = root.findall("body/outline")
    assert {name: outline.get(name) for name in ("type", "text", "xmlUrl", "htmlUrl")} == {
        "type": "rss",
        "text": "Käse & <Brot>",
        "xmlUrl": f"{SITE}feed.xml",
        "htmlUrl": f"{SITE}index.html",
    }
