"""Share links: plain links with a text that each network accepts, and a page for each clip."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit import site
from podcast_kit.model import Image, Media, Soundbite
from podcast_kit.site.share import MASTODON_URL_LEN, X_URL_LEN, SharedMoment, build_share_links, clip_page_key
from tests.support.site_factories import BASE, make_episode, make_item, make_show

URL = f"{BASE}episodes/001-one/index.html"
TEXT = st.text(st.characters(codec="utf-8"), max_size=900)
CLIP = Soundbite(
    start_ms=80_000,
    length_ms=15_000,
    title="Say <hello> & mean it",
    url=f"{BASE}media/a/one.mp3",
    media=Media(key="media/a/one.mp3", sha256="a" * 64, bytes=1000, mime="audio/mpeg", seconds=15),
)


def make_moment(title="More social", summary="What makes media social.", show="Talking Back"):
    return SharedMoment(title=title, show=show, summary=summary, url=URL)


@given(TEXT, TEXT, TEXT)
def test_texts_keep_the_limits_of_their_networks(title, summary, show):
    links = {link.network: link for link in build_share_links(make_moment(title, summary, show))}
    assert len(links["bluesky"].text) <= 300
    assert len(links["mastodon"].text.replace(URL, "u" * MASTODON_URL_LEN)) <= 500
    assert len(links["x"].text.replace(URL, "u" * X_URL_LEN)) <= 280
    assert all(URL in link.text for link in links.values())


@given(TEXT, TEXT)
def test_texts_arrive_unchanged_in_the_address(title, summary):
    links = {link.network: link for link in build_share_links(make_moment(title, summary))}
    assert all(link.url.isascii() and not re.search(r"[\s\"'<>]", link.url) for link in links.values())
    assert parse_qs(urlsplit(links["bluesky"].url).query, keep_blank_values=True)["text"] == [links["bluesky"].text]
    assert parse_qs(urlsplit(links["whatsapp"].url).query)["text"] == [links["whatsapp"].text]
    assert parse_qs(urlsplit(links["telegram"].url).query)["url"] == [URL]
    assert parse_qs(urlsplit(links["mail"].url).query)["body"] == [links["mail"].text]


def test_a_long_summary_is_cut_at_a_sentence():
    summary = "Friends tell friends. " * 30
    [bluesky] = [link for link in build_share_links(make_moment(summary=summary)) if link.network == "bluesky"]
    assert re.fullmatch(r"More social – Talking Back: (Friends tell friends\. ?)+ https://\S+", bluesky.text)


@pytest.fixture
def pages(tmp_path):
    item = make_item(1, episode=make_episode(1, title="One"), summary="About one.", soundbites=(CLIP,))
    return site.render_site(make_show(title="Talking Back"), [item], folder=tmp_path)


def test_each_episode_has_links_to_share_it(pages):
    page = pages["episodes/001-one/index.html"].decode()
    hosts = set(re.findall(r'<li><a href="(?:https://([^/?"]+)|mailto:)', page))
    assert hosts == {"bsky.app", "www.facebook.com", "www.linkedin.com", "wa.me", "t.me", "x.com", ""}
    assert 'data-mastodon="One – Talking Back: About one. https://' in page
    loaded = r'<(?:script|img|iframe|link rel="(?:stylesheet|preconnect))[^>]+https://(?!pod\.example)'
    assert not re.search(loaded, page)


def test_each_clip_has_a_page_of_its_own(pages):
    key = clip_page_key("001-one", CLIP)
    assert key == "clips/001-one-at-1m20s/index.html"
    page = pages[key].decode()
    assert "<h1>Say &lt;hello&gt; &amp; mean it</h1>" in page
    assert f'<link rel="canonical" href="{BASE}{key}">' in page
    assert '<meta property="og:title" content="Say &lt;hello&gt; &amp; mean it">' in page
    assert f'<meta property="og:audio" content="{CLIP.url}">' in page
    assert 'href="../../episodes/001-one/index.html#t=80"' in page
    data = json.loads(re.search(r'ld\+json">(.*?)</script>', page)[1])
    assert (data["@type"], data["startOffset"], data["endOffset"]) == ("Clip", 80, 95)
    assert data["partOfEpisode"]["url"] == URL
    assert f"{BASE}{key}" in pages["sitemap.xml"].decode()
    assert f'href="../../{key}"' in pages["episodes/001-one/index.html"].decode()


def test_the_card_of_a_clip_is_described_by_its_quote_and_a_cover_by_its_episode(tmp_path):
    episode = make_episode(1, title="One")
    card = Image(url=f"{BASE}media/1/card.jpg", width=1200, height=630, mime="image/jpeg")
    item = make_item(1, episode=episode, soundbites=(CLIP,), clip_cards={CLIP.start_ms: card})
    page = site.render_site(make_show(), [item], folder=tmp_path)[clip_page_key("001-one", CLIP)].decode()
    assert '<meta property="og:image:alt" content="Say &lt;hello&gt; &amp; mean it – One">' in page
    item = make_item(1, episode=episode, soundbites=(CLIP,), artwork=card)
    page = site.render_site(make_show(), [item], folder=tmp_path)[clip_page_key("001-one", CLIP)].decode()
    assert '<meta property="og:image:alt" content="Cover art for One">' in page


def test_a_clip_without_a_file_plays_its_part_of_the_episode(tmp_path):
    clip = Soundbite(start_ms=80_000, length_ms=15_000)
    item = make_item(1, episode=make_episode(1, title="One"), soundbites=(clip,))
    page = site.render_site(make_show(), [item], folder=tmp_path)[clip_page_key("001-one", clip)].decode()
    assert re.search(r'<audio id="player"[^>]+\.mp3#t=80,95"', page)
    assert "<h1>One</h1>" in page
