import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit import site
from podcast_kit.errors import InvalidInput, Severity
from podcast_kit.model import ListenLink
from podcast_kit.site import LinkKind
from podcast_kit.site.listen_links import load_listen_services
from tests.support.site_factories import APPLE, SPOTIFY, make_show


def links_of(*listen, **settings):
    return site.build_listen_links(make_show(listen=listen, **settings))


def url(links, service, kind=LinkKind.FOLLOW):
    return next((link.url for link in links if link.service == service and link.kind is kind), None)


def test_every_service_can_be_linked():
    ids = {
        "apple": "1000000001",
        "podcastindex": "75075",
        "spotify": SPOTIFY.value,
        "amazon": "0" * 36,
        "youtube": "PL0123456789",
    }
    listen = [
        ListenLink(service=row["key"], value=ids.get(row["key"], "12345"))
        for row in load_listen_services()["service"]
        if "id" in row
    ]
    links = links_of(*listen, guid="f01b586c-670f-5983-bb08-a8e5ceb46210")
    assert {row["key"] for row in load_listen_services()["service"]} == {link.service for link in links}
    assert all(urlsplit(link.url).scheme == "https" for link in links)
    assert not [link.url for link in links if "{" in link.url]


def test_the_services_file_has_a_date_and_unique_names():
    rows = [*load_listen_services()["service"], *load_listen_services()["closed"]]
    names = [name for row in rows for name in (row["key"], *row.get("aliases", ()))]
    assert load_listen_services()["checked"].year >= 2026
    assert sorted(names) == sorted(set(names))


def test_a_show_without_ids_has_links_derived_from_its_feed():
    links = links_of()
    feed = "https%3A%2F%2Fpod.example%2Fshow%2Ffeed.xml"
    assert url(links, "antennapod") == f"https://antennapod.org/deeplink/subscribe?url={feed}"
    assert url(links, "podcastaddict") == f"https://podcastaddict.com/feed/{feed}"
    assert url(links, "podlink") == "https://pod.link/aHR0cHM6Ly9wb2QuZXhhbXBsZS9zaG93L2ZlZWQueG1s"
    assert url(links, "apple") is None


@pytest.mark.parametrize(
    "value", ["1000000001", "id1000000001", "https://podcasts.apple.com/at/podcast/talking/id1000000001"]
)
def test_the_apple_podcasts_id_gives_links_to_other_apps(value):
    links = links_of(ListenLink(service="apple", value=value))
    assert url(links, "overcast") == "https://overcast.fm/itunes1000000001"
    assert url(links, "pocketcasts") == "https://pca.st/itunes/1000000001"
    review = "https://podcasts.apple.com/podcast/id1000000001?action=write-review"
    assert url(links, "apple", LinkKind.REVIEW) == review


def test_declared_services_come_first_in_their_order():
    links = links_of(SPOTIFY, APPLE)
    assert [link.service for link in links if link.declared and link.kind is LinkKind.FOLLOW] == ["spotify", "apple"]
    assert all(link.declared for link in links[:4])


def test_a_full_url_is_used_unchanged():
    links = links_of(ListenLink(service="overcast", value="https://overcast.fm/p1-abc", label="Our Overcast"))
    assert [(link.label, link.url) for link in links if link.service == "overcast"] == [
        ("Our Overcast", "https://overcast.fm/p1-abc")
    ]


def test_an_unknown_service_needs_only_a_url():
    links = links_of(ListenLink(service="custom", value="https://club.example/pod", label="The Club"))
    assert (links[0].label, links[0].url) == ("The Club", "https://club.example/pod")


@pytest.mark.parametrize("service", ["stitcher", "google", "stitcher_subscribe"])
def test_a_closed_service_is_a_warning_and_has_no_link(service):
    show = make_show(listen=(ListenLink(service=service, value="https://closed.example/x"),))
    assert [(problem.code, problem.severity) for problem in site.check_listen_links(show)] == [
        ("listen.closed", Severity.WARNING)
    ]
    assert not [link for link in site.build_listen_links(show) if "closed.example" in link.url]


def test_a_closed_service_is_linked_with_keep():
    kept = ListenLink(service="stitcher", value="https://siriusxm.example/x", keep=True)
    assert not list(site.check_listen_links(make_show(listen=(kept,))))
    assert links_of(kept)[0].url == "https://siriusxm.example/x"


def test_all_invalid_entries_are_reported_at_once():
    entries = (
        ListenLink(service="aple", value="12345"),
        ListenLink(service="spotify", value="short"),
        ListenLink(service="overcast", value="javascript:alert(1)"),
    )
    with pytest.raises(InvalidInput) as raised:
        links_of(*entries)
    assert [problem.code for problem in raised.value.problems] == ["listen.unknown", "listen.id", "listen.id"]
    assert raised.value.problems[0].fix == "did you mean 'apple'?"


@given(st.text(max_size=40), st.text(max_size=60))
def test_any_value_gives_a_web_url_or_an_input_error(service, value):
    try:
        links = links_of(ListenLink(service=service, value=value))
    except InvalidInput:
        return
    assert all(re.fullmatch(r"https?://[^\s\"<>]+", link.url) for link in links)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://podcasts.apple.com/at/podcast/x/id123456", "http://podcasts.apple.com/podcast/id123456/"),
        ("https://itunes.apple.com/us/podcast/x/id123456?mt=2", "https://podcasts.apple.com/podcast/id123456"),
        ("https://open.spotify.com/show/abc?si=1", "https://open.spotify.com/show/abc"),
        ("https://www.pod.example/a/", "https://pod.example/a?utm_source=x"),
    ],
)
def test_equivalent_urls_normalize_to_the_same(first, second):
    assert site.normalize_url(first) == site.normalize_url(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://podcasts.apple.com/podcast/id1", "https://podcasts.apple.com/podcast/id1?action=write-review"),
        ("https://podcasts.apple.com/podcast/id1", "https://podcasts.apple.com/podcast/id1?i=2"),
        ("https://pod.example/follow/", "https://pod.example/follow/#review"),
    ],
)
def test_different_urls_normalize_to_different_ones(first, second):
    assert site.normalize_url(first) != site.normalize_url(second)
