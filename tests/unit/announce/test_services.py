"""Hubs, the Podcast Index, Podping and search engines are told what is new, each once, and what they refuse is said."""

import hashlib
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from podcast_kit.announce import indexnow
from podcast_kit.announce.podping import choose_reason, find_medium, list_live_broadcasts
from podcast_kit.announce.service_answers import parse_pause_end
from podcast_kit.announce.services import DELAYED, ServiceRecord, list_services, notify_services
from podcast_kit.io.checked_connection import CheckedConnection
from podcast_kit.model import Element, FeedSettings, NotifySettings, Output, PublishSettings, Wave
from tests.support.feed_factories import make_show
from tests.support.services import PUBLISHED, TOKEN, run_services, take_services, use_services

NOW = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)
KEY = "0123456789abcdef"
FEED = hashlib.sha256(b"feed").hexdigest()


@pytest.fixture
def services(monkeypatch):
    with run_services() as server:
        use_services(monkeypatch, server.url)
        yield server


@pytest.fixture
def show(services):
    notify = NotifySettings(podcast_index=True, podping=True)
    feed = FeedSettings(hubs=(f"{services.url}/hub/a", f"{services.url}/hub/b"))
    return make_show(publish=PublishSettings(url=services.url + PUBLISHED), feed=feed, notify=notify)


NOTHING_TOLD = ServiceRecord()


def notify(show, record=NOTHING_TOLD, *, feed=FEED, pages=(), stored=(), now=NOW, is_partial=False):
    """The new record and the outcomes."""
    running = notify_services(
        show, feed_sha256=feed, pages=pages, stored_keys=stored, record=record, now=now, is_partial=is_partial
    )
    outcomes = []
    while True:
        try:
            outcomes.append(next(running))
        except StopIteration as end:
            return end.value, outcomes


def make_page(key, text="a"):
    return Output(
        key=key,
        size=1,
        sha256="",
        content_type="text/html",
        cache_control="",
        wave=Wave.PAGES,
        own_digest=hashlib.sha256(text.encode()).hexdigest(),
    )


def test_every_service_is_told_once_of_each_feed(services, show):
    record, outcomes = notify(show)
    assert [outcome.error for outcome in outcomes] == [""] * 4
    assert {request.service: request.query.get("url") for request in services.requests} == {
        "hub/a": None,
        "hub/b": None,
        "index": show.feed_url,
        "podping": show.feed_url,
    }
    take_services(services)
    assert notify(show, record) == (record, [])
    assert take_services(services) == []
    assert notify(show, record, feed="0" * 64)[0] != record
    assert take_services(services) == ["hub/a", "hub/b", "index", "podping"]


def test_a_service_that_is_no_longer_named_is_forgotten(show):
    record, _ = notify(show)
    show = make_show(publish=show.publish, feed=FeedSettings(hubs=show.feed.hubs[:1]))
    record, outcomes = notify(show, record)
    assert (list(record.announced), outcomes) == ([show.feed.hubs[0]], [])


@pytest.mark.parametrize(
    ("service", "answer", "trouble", "fix"),
    [
        ("hub/a", (500, {}, ""), "answers 500, an error of its own", "next publish tells this hub again"),
        ("hub/a", (307, {"Location": "/b\x1b[31m"}, ""), "redirects to '/b [31m'", "under feed: hub:"),
        ("hub/a", (404, {}, "<html>"), "answers 404", "next publish"),
        ("hub/a", (429, {"Retry-After": "600"}, ""), "try again after 2026-11-28 20:10 UTC", "publish after"),
        ("hub/a", (503, {"Retry-After": "Sat, 28 Nov 2026 21:00:00 GMT"}, ""), "answers 503: try again after", "21:00"),
        (
            "index",
            (400, {}, {"status": "false", "description": "Feed\x07 unknown"}),
            "Feed unknown",
            "add the feed once",
        ),
        ("index", (200, {}, {"status": "false"}), "does not accept the feed", "podcastindex.org/add"),
        ("index", (200, {}, "<html>portal</html>"), "a web page instead of JSON", "next publish"),
        ("index", (200, {}, b"\xff" * 50_000), "JSON that can be read", "next publish"),
        ("index", (200, {}, "[" * 15_000), "JSON that can be read", "next publish"),
        ("podping", (401, {}, TOKEN), "does not accept the token (HTTP 401)", "PODCAST_KIT_PODPING_TOKEN"),
        ("podping", (403, {}, TOKEN), "does not accept the token (HTTP 403)", "PODCAST_KIT_PODPING_TOKEN"),
        ("podping", (302, {"Location": "https://evil.example/"}, TOKEN), "redirects to", "sent to no other address"),
        ("podping", (200, {}, "<!doctype html>"), "a web page instead", "next publish"),
    ],
)
def test_what_a_service_refuses_is_reported_and_tried_again(services, show, service, answer, trouble, fix):
    services.answers[service] = answer
    record, outcomes = notify(show)
    (failed,) = [outcome for outcome in outcomes if outcome.error]
    assert trouble in failed.error
    assert fix in failed.fix
    assert TOKEN not in f"{failed}{record}"
    assert len(record.announced) == 3
    take_services(services)
    services.answers.clear()
    record, outcomes = notify(show, record, now=NOW + timedelta(hours=2))
    assert take_services(services) == [service]
    assert [outcome.error for outcome in outcomes] == [""]
    assert record.retry_after == {}


def test_a_service_is_not_asked_before_the_time_that_it_gave(services, show):
    services.answers["index"] = (429, {"Retry-After": "600"}, "")
    record, _ = notify(show)
    take_services(services)
    record, (outcome,) = notify(show, record, now=NOW + timedelta(minutes=9))
    assert take_services(services) == []
    assert outcome.error == "the Podcast Index asked to wait until 2026-11-28 20:10 UTC"
    services.answers.clear()
    assert notify(show, record, now=NOW + timedelta(minutes=11))[0].retry_after == {}
    assert take_services(services) == ["index"]
    far = ServiceRecord(retry_after={"Podcast Index": "2036-01-01T00:00:00+00:00", "Podping": "soon"})
    assert notify(show, far)[0].retry_after == {}
    assert "index" in take_services(services)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("99999999999999", 86_400),
        ("Sat, 28 Nov 2026 20:00:30 GMT", 30),
        ("Sat, 28 Nov 2020 20:00:30 GMT", 0),
        ("Thu, 28 Nov 2041 20:00:30 GMT", 86_400),
    ],
)
def test_retry_after_is_read_in_both_forms_and_at_most_a_day(text, seconds):
    assert parse_pause_end(text, NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", " ", "soon", "-1", "1.5", "9" * 40])
def test_retry_after_that_is_no_time_is_ignored(text):
    assert parse_pause_end(text, NOW) is None


def test_a_service_that_does_not_answer_does_not_hold_up_the_others(services, show, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port, seconds_left = silent.getsockname()[1], CheckedConnection.seconds_left
        monkeypatch.setattr(
            CheckedConnection, "seconds_left", lambda self: min(seconds_left(self), 0.5 if self.port == port else 60)
        )
        hubs = [f"http://127.0.0.1:{port}/{number}" for number in range(6)]
        slow = replace(show, feed=FeedSettings(hubs=(*hubs, *show.feed.hubs)))
        record, outcomes = notify(slow)
    failed = {outcome.key: outcome.error for outcome in outcomes if outcome.error}
    assert failed.keys() == set(hubs)
    assert all("does not answer within" in error for error in failed.values())
    assert take_services(services) == ["hub/a", "hub/b", "index", "podping"]
    assert record.announced.keys() == {*show.feed.hubs, "Podcast Index", "Podping"}


def test_podping_without_a_token_says_which_variable_to_set(services, show, monkeypatch):
    monkeypatch.delenv("PODCAST_KIT_PODPING_TOKEN")
    record, outcomes = notify(show)
    (failed,) = [outcome for outcome in outcomes if outcome.error]
    assert "PODCAST_KIT_PODPING_TOKEN is not set" in failed.error
    assert take_services(services) == ["hub/a", "hub/b", "index"]
    assert "Podping" not in record.announced
    monkeypatch.setenv("PODCAST_KIT_PODPING_TOKEN", "canary-a\r\nX-Evil: 1")
    (outcome,) = notify(show, record)[1]
    assert "characters that no token has" in outcome.error
    assert "Evil" not in f"{outcome}"
    assert take_services(services) == []


def make_broadcast(guid, status):
    return Element("podcast:liveItem", attributes=(("status", status),), children=(Element("guid", guid),))


def test_podping_says_when_a_broadcast_starts_and_ends(services, show):
    def reason_of(feed, *elements):
        nonlocal record
        live = make_show(publish=show.publish, notify=NotifySettings(podping=True), elements=elements)
        record, _ = notify(live, record, feed=feed)
        (request,) = services.requests
        services.requests.clear()
        return request.query["reason"], request.query["medium"]

    record = ServiceRecord()
    medium = Element("podcast:medium", "music")
    assert reason_of("1", make_broadcast("a", "pending")) == ("update", "podcast")
    assert reason_of("2", make_broadcast("a", "live"), medium) == ("live", "music")
    assert reason_of("3", make_broadcast("a", "live")) == ("update", "podcast")
    assert reason_of("4", make_broadcast("a", "ended"), make_broadcast("b", "live")) == ("live", "podcast")
    assert reason_of("5", make_broadcast("b", "ended")) == ("liveEnd", "podcast")
    assert reason_of("6") == ("update", "podcast")
    assert (choose_reason("", ""), find_medium(show), list_live_broadcasts(show)) == ("update", "podcast", "")


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/",
        "http://192.168.1.5/",
        "https://pod.example/",
        "https://feeds.example.com/a/",
        "https://example.org/",
        "http://nas.local/",
        "http://[::1]/",
        "https://show.invalid/",
    ],
)
def test_services_of_the_world_are_not_told_of_a_show_that_they_cannot_reach(url):
    notify_settings = NotifySettings(podcast_index=True, podping=True, indexnow_key=KEY)
    hubs = ("https://hub.test/", "https://pubsubhubbub.appspot.com/")
    show = make_show(publish=PublishSettings(url=url), feed=FeedSettings(hubs=hubs), notify=notify_settings)
    assert list_services(show) == ("https://hub.test/",)
    show = make_show(
        publish=PublishSettings(url="https://pod.fm/"), feed=FeedSettings(hubs=hubs), notify=notify_settings
    )
    assert list_services(show) == (*hubs, "Podcast Index", "Podping", "IndexNow")


def find(pages, recorded, stored=(), *, now=NOW, is_partial=False):
    return indexnow.find_page_updates(pages, recorded, stored, now, is_partial=is_partial)


def test_a_page_is_told_when_it_changes_and_at_most_once_a_day():
    first = find([make_page("index.html"), make_page("a/index.html")], {})
    assert first.keys == ("a/index.html", "index.html")
    assert find([make_page("index.html"), make_page("a/index.html")], first.recorded).keys == ()
    changed = [make_page("index.html", "b"), make_page("a/index.html")]
    same_day = find(changed, first.recorded, now=NOW + timedelta(hours=3))
    assert (same_day.keys, same_day.is_delayed, same_day.recorded) == ((), True, first.recorded)
    next_day = find(changed, same_day.recorded, now=NOW + timedelta(hours=4))
    assert (next_day.keys, next_day.is_delayed) == (("index.html",), False)
    assert find(changed, next_day.recorded, now=NOW + timedelta(days=9)).keys == ()


def test_a_page_that_leaves_the_show_is_told_then_and_once_more_when_it_is_deleted():
    recorded = find([make_page("a/index.html"), make_page("b/index.html")], {}).recorded
    pages, stored = [make_page("b/index.html")], {"a/index.html", "b/index.html"}
    assert find(pages, recorded, stored, is_partial=True, now=NOW + timedelta(days=1)).keys == ()
    retired = find(pages, recorded, stored, now=NOW + timedelta(days=1))
    assert retired.keys == ("a/index.html",)
    assert find(pages, retired.recorded, stored, now=NOW + timedelta(days=2)).keys == ()
    deleted = find(pages, retired.recorded, {"b/index.html"}, now=NOW + timedelta(days=40))
    assert deleted.keys == ("a/index.html",)
    assert "a/index.html" not in deleted.recorded
    assert find(pages, deleted.recorded, {"b/index.html"}, now=NOW + timedelta(days=41)).keys == ()
    back = find([*pages, make_page("a/index.html")], retired.recorded, stored, now=NOW + timedelta(days=2))
    assert back.keys == ("a/index.html",)


def test_files_that_search_engines_do_not_list_are_not_told():
    plain = Output(key="site.js", size=1, sha256="", content_type="", cache_control="", wave=Wave.PAGES)
    assert find([plain], {}).keys == ()


@pytest.mark.parametrize(
    ("answer", "trouble", "fix"),
    [
        ((403, {}, ""), "does not find the key", f"{KEY}.txt is public"),
        ((422, {}, ""), "do not belong to the key", "publish.url"),
        ((400, {}, ""), "does not understand", "report it"),
        ((429, {}, ""), "limits requests", "next publish"),
        ((429, {"Retry-After": "60"}, ""), "limits requests: try again after 2026-11-28 20:01 UTC", "publish after"),
        ((500, {}, "<html>"), "an error of its own", "next publish"),
    ],
)
def test_refusal_of_indexnow_is_explained_and_made_up_for(services, show, answer, trouble, fix, monkeypatch):
    show = make_show(publish=show.publish, notify=NotifySettings(indexnow_key=KEY))
    monkeypatch.setattr("tests.support.services._Handler.check_indexnow", lambda *_: 200)
    services.answers["indexnow"] = answer
    record, (outcome,) = notify(show, pages=[make_page("index.html")])
    assert outcome.error.startswith("IndexNow (for 1 page) ")
    assert trouble in outcome.error
    assert fix in outcome.fix
    assert record.indexed == {}
    services.answers.clear()
    record, (outcome,) = notify(show, record, pages=[make_page("index.html")], now=NOW + timedelta(minutes=2))
    assert not outcome.error
    assert list(record.indexed) == ["index.html"]
    assert notify(show, record, pages=[make_page("index.html", "b")])[1][0].action == DELAYED


def test_more_pages_than_a_request_takes_are_sent_in_several(services, show, monkeypatch):
    show = make_show(publish=show.publish, notify=NotifySettings(indexnow_key=KEY))
    monkeypatch.setattr("tests.support.services._Handler.check_indexnow", lambda *_: 202)
    pages = [make_page(f"episodes/{number}/index.html") for number in range(10_001)]
    _, (outcome,) = notify(show, pages=pages)
    assert not outcome.error
    assert [len(request.urls) for request in services.requests] == [10_000, 1]
    assert len({url for request in services.requests for url in request.urls}) == 10_001
