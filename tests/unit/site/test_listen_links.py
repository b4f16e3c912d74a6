import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit import site
from podcast_kit.errors import InvalidInput, Severity
from podcast_kit.model import ListenLink
from podcast_kit.site import Kind
from podcast_kit.site.listen_links import directories
from tests.support.site_factories import APPLE, SPOTIFY, make_show


def links_of(*listen, **said):
    return site.links(make_show(listen=listen, **said))


def url(links, service, kind=Kind.FOLLOW):
    return next((link.url for link in links if link.service == service and link.kind is kind), None)


def test_every_service_of_the_data_file_can_be_linked_to():
    known = {
        "apple": "1000000001",
        "podcastindex": "75075",
        "spotify": SPOTIFY.value,
        "amazon": "0" * 36,
        "youtube": "PL0123456789",
    }
    listen = [
        ListenLink(service=row["key"], value=known.get(row["key"], "12345"))
        for row in directories()["service"]
        if "id" in row
    ]
    found = links_of(*listen, guid="f01b586c-670f-5983-bb08-a8e5ceb46210")
    assert {row["key"] for row in directories()["service"]} == {link.service for link in found}
    assert all(urlsplit(link.url).scheme == "https" for link in found)
    assert not [link.url for link in found if "{" in link.url]


def test_the_data_file_says_when_it_was_checked_and_names_nothing_twice():
    rows = [*directories()["service"], *directories()["closed"]]
    names = [name for row in rows for name in (row["key"], *row.get("aliases", ()))]
    assert directories()["checked"].year >= 2026
    assert sorted(names) == sorted(set(names))


def test_a_new_show_has_apps_on_the_first_day():
    found = links_of()
    feed = "https%3A%2F%2Fpod.example%2Fshow%2Ffeed.xml"
    assert url(found, "antennapod") == f"https://antennapod.org/deeplink/subscribe?url={feed}"
    assert url(found, "podcastaddict") == f"https://podcastaddict.com/feed/{feed}"
    assert url(found, "podlink") == "https://pod.link/aHR0cHM6Ly9wb2QuZXhhbXBsZS9zaG93L2ZlZWQueG1s"
    assert url(found, "apple") is None


@pytest.mark.parametrize(
    "value", ["1000000001", "id1000000001", "https://podcasts.apple.com/at/podcast/talking/id1000000001"]
)
def test_apples_number_is_enough_for_the_apps_that_use_it(value):
    found = links_of(ListenLink(service="apple", value=value))
    assert url(found, "overcast") == "https://overcast.fm/itunes1000000001"
    assert url(found, "pocketcasts") == "https://pca.st/itunes/1000000001"
    review = "https://podcasts.apple.com/podcast/id1000000001?action=write-review"
    assert url(found, "apple", Kind.REVIEW) == review


def test_what_the_podcaster_lists_comes_first_and_in_their_order():
    found = links_of(SPOTIFY, APPLE)
    assert [link.service for link in found if link.declared and link.kind is Kind.FOLLOW] == ["spotify", "apple"]
    assert all(link.declared for link in found[:4])


def test_a_whole_address_is_taken_as_it_is():
    found = links_of(ListenLink(service="overcast", value="https://overcast.fm/p1-abc", label="Our Overcast"))
    assert [(link.label, link.url) for link in found if link.service == "overcast"] == [
        ("Our Overcast", "https://overcast.fm/p1-abc")
    ]


def test_an_unheard_of_service_needs_an_address_and_no_more():
    found = links_of(ListenLink(service="custom", value="https://club.example/pod", label="The Club"))
    assert (found[0].label, found[0].url) == ("The Club", "https://club.example/pod")


@pytest.mark.parametrize("service", ["stitcher", "google", "stitcher_subscribe"])
def test_a_closed_service_is_told_of_and_gets_no_button(service):
    show = make_show(listen=(ListenLink(service=service, value="https://closed.example/x"),))
    assert [(problem.code, problem.severity) for problem in site.faults(show)] == [("listen.closed", Severity.WARNING)]
    assert not [link for link in site.links(show) if "closed.example" in link.url]


def test_unless_the_podcaster_insists():
    kept = ListenLink(service="stitcher", value="https://siriusxm.example/x", keep=True)
    assert not list(site.faults(make_show(listen=(kept,))))
    assert links_of(kept)[0].url == "https://siriusxm.example/x"


def test_all_wrong_entries_are_told_at_once():
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
def test_whatever_is_written_becomes_a_web_address_or_our_error(service, value):
    try:
        found = links_of(ListenLink(service=service, value=value))
    except InvalidInput:
        return
    assert all(re.fullmatch(r"https?://[^\s\"<>]+", link.url) for link in found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://podcasts.apple.com/at/podcast/x/id123456", "http://podcasts.apple.com/podcast/id123456/"),
        ("https://itunes.apple.com/us/podcast/x/id123456?mt=2", "https://podcasts.apple.com/podcast/id123456"),
        ("https://open.spotify.com/show/abc?si=1", "https://open.spotify.com/show/abc"),
        ("https://www.pod.example/a/", "https://pod.example/a?utm_source=x"),
    ],
)
def test_one_place_is_one_address_however_it_is_written(one, other):
    assert site.same(one) == site.same(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://podcasts.apple.com/podcast/id1", "https://podcasts.apple.com/podcast/id1?action=write-review"),
        ("https://podcasts.apple.com/podcast/id1", "https://podcasts.apple.com/podcast/id1?i=2"),
        ("https://pod.example/follow/", "https://pod.example/follow/#review"),
    ],
)
def test_other_places_stay_apart(one, other):
    assert site.same(one) != site.same(other)
