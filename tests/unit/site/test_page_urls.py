from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.model import PublishSettings
from podcast_kit.site.urls import PageUrls
from tests.support.site_factories import BASE, make_show

KEYS = st.sampled_from(
    [
        "index.html",
        "follow/index.html",
        "episodes/a b/index.html",
        "episodes/ü/embed/index.html",
        "media/a/b.mp3",
        "feed.xml",
    ]
)


@given(KEYS, KEYS, st.booleans(), st.sampled_from(["", "#t=12", "?a=b", "?a=b#c"]))
def test_relative_url_resolves_to_the_public_one(page, key, clean_urls, suffix):
    show = make_show(publish=PublishSettings(url=BASE, clean_urls=clean_urls))
    urls = PageUrls(show, page)
    public = show.page_url(key) + suffix
    assert urljoin(show.page_url(page), urls.relative_url(public)) == public
    assert "://" not in urls.relative_url(public)


@pytest.mark.parametrize(
    "url", ["https://else.example/", "https://pod.example/other/", "https://pod.example/showing", "#t=1"]
)
def test_urls_outside_the_show_are_unchanged(url):
    assert PageUrls(make_show(), "index.html").relative_url(url) == url


def test_link_within_a_page_is_only_its_fragment():
    assert PageUrls(make_show(), "episodes/a/index.html").relative_url(f"{BASE}episodes/a/index.html#t=7") == "#t=7"


def test_404_page_links_from_the_root_of_the_host():
    assert PageUrls(make_show(), "404.html").url_of("follow/index.html") == "/show/follow/index.html"


@given(st.text())
def test_text_is_never_changed_as_if_it_were_a_url(text):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert PageUrls(make_show(), "index.html").relativize_html(f"<p>{escaped}</p>") == f"<p>{escaped}</p>"
