"""Mastodon when something goes wrong: each fault in words, a token that goes to no other host, and doubts as doubts."""

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

import pytest

from podcast_kit.announce.api import PostError
from podcast_kit.announce.mastodon import MastodonNetwork
from podcast_kit.announce.networks import Draft
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import NetworkSettings, PostRecord, PostStatus

TOKEN = "token-of-a-test"
URL = "https://pod.example/episodes/001-talk/index.html"
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
STATUS = {"id": "7", "uri": "https://social.example/users/show/statuses/7", "url": "https://social.example/@show/7"}


@contextmanager
def serve(answers):
    """A server that gives one answer after the other, (status, headers, document); None closes the connection."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            requests.append((f"{self.command} {self.path}", dict(self.headers), parse_qs(body)))
            answer = answers.pop(0) if answers else (404, {}, {})
            if answer is None:
                return
            status, headers, document = answer
            data = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", requests
        server.shutdown()
        thread.join()


@contextmanager
def network(*answers, token=TOKEN, **options):
    """The network with a server that gives these answers, and its requests."""
    with serve(list(answers)) as (url, requests), HttpClient(NetworkPolicy.trust(url)) as http:
        settings = NetworkSettings(
            name="mastodon", options={"account": "@show@social.example", "server": url} | options
        )
        yield MastodonNetwork(settings, http, {"PODCAST_KIT_MASTODON_TOKEN": token}), requests


DRAFT = Draft(
    guid="guid-1",
    slug="001-talk",
    title="Talk",
    summary="",
    url=URL,
    show_guid="show",
    language="de-AT",
    date=NOON,
    text=f"Talk {URL}",
    intended_at=NOON,
)


def test_post_has_its_text_language_visibility_and_key():
    with network((200, {}, STATUS), (200, {}, STATUS), (200, {}, STATUS), visibility="unlisted") as (place, requests):
        sent = place.send(DRAFT)
        place.send(DRAFT)
        place.send(replace(DRAFT, attempt=2))
    assert (sent.id, sent.uri, sent.url) == ("7", STATUS["uri"], STATUS["url"])
    assert requests[0][2] == {"status": [DRAFT.text], "language": ["de"], "visibility": ["unlisted"]}
    keys = [headers["Idempotency-Key"] for _, headers, _ in requests]
    assert keys[0] == keys[1] != keys[2]
    assert all(headers["Authorization"] == f"Bearer {TOKEN}" for _, headers, _ in requests)


@pytest.mark.parametrize(
    ("answer", "words", "is_doubtful"),
    [
        ((401, {}, {"error": "The access token is invalid"}), "does not accept PODCAST_KIT_MASTODON_TOKEN", False),
        ((403, {}, {"error": "This action is outside the authorized scopes"}), "outside the authorized scopes", False),
        ((422, {}, {"error": "Text limit of 500 exceeded"}), "answers 422: Text limit of 500 exceeded", False),
        ((429, {"Retry-After": "3600"}, {}), "limits requests: try again in 60 min", False),
        ((429, {}, b"<html>slow down</html>"), "limits requests: try again in some minutes", False),
        ((503, {}, b"<html><h1>Down</h1></html>"), "answers 503", True),
        ((200, {}, b"<html>Welcome</html>"), "does not answer with JSON", True),
        ((200, {}, b"[" * 100_000), "does not answer with JSON", True),
        ((200, {}, {"id": 7}), "does not say which post it made", True),
        ((400, {}, {"error": "\u202eno\x1b[31m"}), "answers 400: no [31m", False),
        (None, "does not answer correctly", True),
    ],
)
def test_fault_is_said_in_words_and_whether_it_may_be_posted(answer, words, is_doubtful):
    with network(answer) as (place, requests), pytest.raises(PostError) as caught:
        place.send(DRAFT)
    assert words in caught.value.text
    assert caught.value.is_doubtful == is_doubtful
    assert len(requests) == 1
    assert TOKEN not in f"{caught.value.text} {caught.value.fix}"
    assert "<" not in caught.value.text


def test_post_that_comes_too_soon_is_sent_again_after_the_time_that_the_server_names():
    with network((429, {"Retry-After": "0"}, {}), (200, {}, STATUS)) as (place, requests):
        assert place.send(DRAFT).id == "7"
    assert len(requests) == 2


def test_token_does_not_follow_a_redirect():
    with serve([]) as (other, strayed), network((307, {"Location": f"{other}/api/v1/statuses"}, {})) as (place, _):
        with pytest.raises(PostError, match="nothing was sent there") as caught:
            place.send(DRAFT)
        assert not caught.value.is_doubtful
    assert strayed == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"token": ""}, "PODCAST_KIT_MASTODON_TOKEN is not set"),
        ({"token": "two\nlines"}, "has characters that it cannot have"),
        ({"server": "http://social.example"}, "is not asked over http://"),
        ({"server": "https://social.invalid"}, "cannot be resolved"),
    ],
)
def test_nothing_is_sent_where_it_is_clear_that_it_would_be_wrong(settings, words):
    with network((200, {}, STATUS), **settings) as (place, requests), pytest.raises(PostError, match=words) as caught:
        place.send(DRAFT)
    assert requests == []
    assert not caught.value.is_doubtful


@pytest.mark.parametrize(
    ("document", "max_len"),
    [
        ({"configuration": {"statuses": {"max_characters": 5000, "characters_reserved_per_url": 30}}}, 5000),
        ({"configuration": {"statuses": {"max_characters": -1, "characters_reserved_per_url": 30}}}, 500),
        ({"configuration": {"statuses": {"max_characters": "many"}}}, 500),
        ({"configuration": []}, 500),
        (b"<html>", 500),
    ],
)
def test_limits_come_from_the_server_where_it_tells_them(document, max_len):
    with network((200, {}, document)) as (place, requests):
        place.read_limits()
    assert place.max_len == max_len
    assert place.measure(URL) == (30 if max_len == 5000 else 23)
    assert "Authorization" not in requests[0][1]


def status_of(number, **values):
    content = f'<p>Talk <a href="{values.pop("link", URL)}" rel="nofollow"><span>pod.example</span></a></p>'
    return STATUS | {"id": str(number), "content": content, "created_at": "2026-11-28T12:00:01.000Z"} | values


@pytest.mark.parametrize(
    ("statuses", "attempt", "found_id"),
    [
        ([status_of(1, link="https://pod.example/other/"), status_of(2)], 1, "2"),
        ([status_of(1, in_reply_to_id="5")], 1, None),
        ([status_of(1, created_at="2026-11-27T12:00:00.000Z")], 1, "1"),
        ([status_of(1, created_at="2026-11-27T12:00:00.000Z")], 2, None),
        ([status_of(2), status_of(1, created_at="2026-11-27T12:00:00.000Z")], 2, "2"),
        ([None, 7, {"content": 5}], 1, None),
        ({"error": "no list"}, 1, None),
    ],
)
def test_post_of_an_earlier_run_is_found_by_its_link(statuses, attempt, found_id):
    account = {"id": "1", "username": "show", "acct": "show"}
    with network((200, {}, account), (200, {}, statuses)) as (place, _):
        place.check_access()
        sent = place.find_sent(replace(DRAFT, attempt=attempt))
    assert (sent.id if sent else None) == found_id


def test_token_that_may_only_write_is_enough():
    forbidden = (403, {}, {"error": "outside the authorized scopes"})
    answers = [forbidden, (200, {}, {"id": "1"}), forbidden, (200, {}, [status_of(3)])]
    with network(*answers) as (place, requests):
        place.check_access()
        assert place.find_sent(DRAFT).id == "3"
    assert ["Authorization" in headers for _, headers, _ in requests] == [True, False, True, False]
    with network(forbidden, (200, {}, {"id": "1"}), forbidden, visibility="private") as (place, _):
        place.check_access()
        with pytest.raises(PostError, match="lacks the scope read:statuses"):
            place.find_sent(DRAFT)


def test_post_that_is_gone_counts_as_withdrawn():
    record = PostRecord(status=PostStatus.SENT, at="", id="7")
    with network((404, {}, {"error": "Record not found"}), (500, {}, {})) as (place, requests):
        place.withdraw(record)
        with pytest.raises(PostError, match="answers 500"):
            place.withdraw(record)
    assert requests[0][0] == "DELETE /api/v1/statuses/7"
