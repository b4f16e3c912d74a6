from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.model import PublishSettings
from podcast_kit.site.urls import Addresses
from tests.support.site_factories import BASE, make_show

keys = st.sampled_from(
    [
        "index.html",
        "follow/index.html",
        "episodes/a b/index.html",
        "episodes/ü/embed/index.html",
        "media/a/b.mp3",
        "feed.xml",
    ]
)


@given(keys, keys, st.booleans(), st.sampled_from(["", "#t=12", "?a=b", "?a=b#c"]))
def test_a_relative_address_leads_where_the_public_one_does(page, key, clean, rest):
    show = make_show(publish=PublishSettings(url=BASE, clean_urls=clean))
    at = Addresses(show, page)
    public = show.page_url(key) + rest
    assert urljoin(show.page_url(page), at.here(public)) == public
    assert "://" not in at.here(public)


@pytest.mark.parametrize(
    "url", ["https://else.example/", "https://pod.example/other/", "https://pod.example/showing", "#t=1"]
)
def test_what_is_not_the_shows_stays_as_it_is(url):
    assert Addresses(make_show(), "index.html").here(url) == url


def test_a_place_on_the_page_itself_is_its_mark_alone():
    assert Addresses(make_show(), "episodes/a/index.html").here(f"{BASE}episodes/a/index.html#t=7") == "#t=7"


def test_the_page_for_lost_listeners_counts_from_the_root_of_the_host():
    assert Addresses(make_show(), "404.html").to("follow/index.html") == "/show/follow/index.html"


@given(st.text())
def test_text_is_never_taken_for_an_address(text):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert Addresses(make_show(), "index.html").local(f"<p>{escaped}</p>") == f"<p>{escaped}</p>"
