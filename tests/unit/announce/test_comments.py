"""Replies from Mastodon and Bluesky: what is kept of them, and what each refusal of a server means."""

from datetime import UTC, datetime

import pytest

from podcast_kit.announce import comments
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import CommentSettings, CommentThread
from podcast_kit.source.comments import MAX_COMMENT_BYTES, parse_comment_threads, render_comments
from tests.support import json_server
from tests.support.slow_servers import refused_url

ROOT_URI = "at://did:plc:show/app.bsky.feed.post/3kroot"
STATUS = "/api/v1/statuses/100"


def fetch(url, post, *, earlier=(), hide=(), only=False):
    settings = CommentSettings(hide=hide, only_favourited=only)
    with HttpClient(NetworkPolicy.trust(f"{url}/")) as http:
        return comments.fetch_comments(http, [post], earlier, settings, bluesky_api=url)


def mastodon_reply(number, *, parent="100", **more):
    row = {
        "id": str(number), "in_reply_to_id": parent, "visibility": "public", "spoiler_text": "", "sensitive": False,
        "content": f"<p>Reply {number}</p>", "created_at": f"2026-03-01T08:{number % 60:02}:00.123Z",
        "favourites_count": 2, "reblogs_count": 1, "url": f"https://far.example/@bo/{number}",
        "account": {"acct": "bo@far.example", "display_name": "Bo", "url": "https://far.example/@bo"},
    }  # fmt: skip
    return row | more


def mastodon(*replies, **paths):
    return {
        STATUS: {"url": "https://social.example/@show/100", "account": {"acct": "show"}},
        f"{STATUS}/context": {"ancestors": [], "descendants": list(replies)},
        **paths,
    }


def fetch_mastodon(answers, **options):
    with json_server.serving(answers) as (url, requests):
        result = fetch(url, comments.SocialPost(f"{url}/@show/100", "activitypub"), **options)
    return result, requests


def bluesky_node(name, text="Hello", replies=(), **more):
    post = {
        "uri": f"at://did:plc:{name}/app.bsky.feed.post/3k{name}",
        "author": {"did": f"did:plc:{name}", "handle": f"{name}.example", "displayName": name.title()},
        "record": {"text": text, "createdAt": "2026-03-01T08:00:00.5Z", "reply": {"parent": {"uri": ROOT_URI}}},
        "likeCount": 3, "repostCount": 1,
    }  # fmt: skip
    return {"$type": "app.bsky.feed.defs#threadViewPost", "post": post | more, "replies": list(replies)}


def fetch_bluesky(*replies, answers=None, uri=ROOT_URI, **options):
    root = {"post": {"uri": ROOT_URI, "author": {"did": "did:plc:show"}, **options.pop("root", {})}, "replies": replies}
    paths = {"/xrpc/app.bsky.feed.getPostThread": {"thread": root}, **(answers or {})}
    with json_server.serving(paths) as (url, requests):
        return fetch(url, comments.SocialPost(uri, "atproto"), **options), requests


def test_a_mastodon_reply_is_read_with_name_handle_date_text_and_counts():
    result, _ = fetch_mastodon(mastodon(mastodon_reply(101)))
    (thread,) = result.threads
    (comment,) = thread.comments
    assert (comment.name, comment.handle, comment.html) == ("Bo", "@bo@far.example", "<p>Reply 101</p>")
    assert comment.date == datetime(2026, 3, 1, 8, 41, tzinfo=UTC)
    assert (comment.likes, comment.boosts, comment.url) == (2, 1, "https://far.example/@bo/101")
    assert thread.url == "https://social.example/@show/100"
    assert result.problems == ()


def test_replies_that_are_not_public_are_left_out_and_warnings_kept():
    result, _ = fetch_mastodon(
        mastodon(
            mastodon_reply(101, visibility="private"),
            mastodon_reply(102, visibility="direct"),
            mastodon_reply(103, visibility="unlisted", spoiler_text="Spoilers", sensitive=True),
            mastodon_reply(104, content=""),
            mastodon_reply(105, account={"acct": "x", "suspended": True}),
        )
    )
    (comment,) = result.threads[0].comments
    assert (comment.id, comment.warning, comment.is_sensitive) == ("103", "Spoilers", True)


def test_hidden_replies_and_the_answers_to_them_are_left_out():
    rows = (
        mastodon_reply(101),
        mastodon_reply(102, parent="101", account={"acct": "kim"}),
        mastodon_reply(103, account={"acct": "Spam@bad.example"}),
        mastodon_reply(104, url="https://far.example/@al/104", account={"acct": "al"}),
        mastodon_reply(105, account={"acct": "li"}),
    )
    hide = ("@bo@far.example", "@spam@bad.example", "https://far.example/@al/104")
    result, _ = fetch_mastodon(mastodon(*rows), hide=hide)
    assert [comment.id for comment in result.threads[0].comments] == ["105"]


def test_only_favourited_keeps_what_the_account_of_the_post_has_marked():
    paths = {
        "/api/v1/statuses/101/favourited_by": [{"acct": "show"}, {"acct": "other"}],
        "/api/v1/statuses/102/favourited_by": [{"acct": "show@other.example"}],
    }
    rows = (mastodon_reply(101), mastodon_reply(102), mastodon_reply(103, favourites_count=0))
    result, requests = fetch_mastodon(mastodon(*rows, **paths), only=True)
    assert [comment.id for comment in result.threads[0].comments] == ["101"]
    assert len(requests) == 4


def test_only_favourited_on_bluesky_asks_who_liked_a_reply():
    answers = {"/xrpc/app.bsky.feed.getLikes": {"likes": [{"actor": {"did": "did:plc:show"}}]}}
    result, requests = fetch_bluesky(bluesky_node("ann"), bluesky_node("bo", likeCount=0), answers=answers, only=True)
    assert [comment.handle for comment in result.threads[0].comments] == ["@ann.example"]
    assert len(requests) == 2


def test_a_bluesky_reply_has_the_links_of_its_facets():
    text = "Ü <b>see</b> here\n\nsecond"
    start = text.encode().index(b"here")
    facet = {"index": {"byteStart": start, "byteEnd": start + 4}, "features": [{"uri": "https://x.example/?a=1&b=2"}]}
    record = {"text": text, "createdAt": "2026-03-01T08:00:00Z", "facets": [facet, {"index": 5}, "odd"]}
    result, requests = fetch_bluesky(bluesky_node("ann", record=record))
    (comment,) = result.threads[0].comments
    link = '<a href="https://x.example/?a=1&amp;b=2" rel="nofollow ugc">here</a>'
    assert comment.html == f"<p>Ü &lt;b&gt;see&lt;/b&gt; {link}</p><p>second</p>"
    assert comment.url == "https://bsky.app/profile/did:plc:ann/post/3kann"
    assert (comment.name, comment.likes, comment.boosts) == ("Ann", 3, 1)
    assert "depth=100" in requests[0]


def test_what_bluesky_hides_is_left_out():
    gone = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": "at://x", "notFound": True}
    blocked = {"$type": "app.bsky.feed.defs#blockedPost", "blocked": True}
    private = bluesky_node("cy", author={"did": "did:plc:cy", "labels": [{"val": "!no-unauthenticated"}]})
    folded = bluesky_node("di", labels=[{"val": "graphic-media"}])
    hidden = bluesky_node("ed", replies=[bluesky_node("fi")])
    root = {"threadgate": {"record": {"hiddenReplies": ["at://did:plc:ed/app.bsky.feed.post/3ked"]}}}
    result, _ = fetch_bluesky(gone, blocked, private, folded, hidden, None, "odd", root=root)
    assert [(comment.handle, comment.is_sensitive) for comment in result.threads[0].comments] == [("@di.example", True)]


def test_replies_deeper_than_two_levels_are_read():
    node = bluesky_node("deep")
    for number in range(90):
        node = bluesky_node(f"n{number}", replies=[node])
    result, _ = fetch_bluesky(node)
    assert len(result.threads[0].comments) == 91


@pytest.mark.parametrize("uri", ["https://bsky.app/profile/show.example/post/3kroot", ROOT_URI])
def test_a_bluesky_post_can_be_named_by_its_page(uri):
    result, requests = fetch_bluesky(bluesky_node("ann"), uri=uri)
    assert len(result.threads[0].comments) == 1
    assert "app.bsky.feed.post%2F3kroot" in requests[0]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ((401, {}, {"error": "This method requires an authenticated user"}), "only to people who are signed in"),
        ((429, {"Retry-After": "120"}, {}), "limits requests: try again in 120 s"),
        ((429, {"X-RateLimit-Reset": "2026-03-01T09:00:00Z"}, {}), "try again after 2026-03-01T09:00:00Z"),
        ((503, {}, {}), "answers with HTTP 503"),
        (b"<html>no</html>", "does not answer with JSON"),
        (b"[" * 100_000, "does not answer with JSON"),
    ],
)
def test_a_refusal_is_in_words_and_keeps_earlier_replies(answer, text):
    answers = mastodon(mastodon_reply(101))
    with json_server.serving(answers) as (url, _):
        post = comments.SocialPost(f"{url}/@show/100", "activitypub")
        earlier = fetch(url, post).threads
        answers[f"{STATUS}/context"] = answer
        result = fetch(url, post, earlier=earlier)
    assert result.threads == earlier
    assert len(earlier[0].comments) == 1
    (problem,) = result.problems
    assert text in problem.text
    assert problem.fix
    assert problem.is_kept


def test_an_unreachable_server_keeps_earlier_replies():
    with refused_url() as address:
        url = address.rstrip("/")
        earlier = (CommentThread(uri=f"{url}/@show/100", url=""),)
        result = fetch(url, comments.SocialPost(f"{url}/@show/100", "activitypub"), earlier=earlier)
    assert result.threads == earlier
    assert "refuses the connection" in result.problems[0].text


@pytest.mark.parametrize("answer", [(404, {}, {}), (410, {}, {}), (400, {}, {"error": "NotFound"})])
def test_replies_to_a_deleted_post_are_removed(answer):
    with json_server.serving({STATUS: answer}) as (url, _):
        earlier = (CommentThread(uri=f"{url}/@show/100", url=""),)
        result = fetch(url, comments.SocialPost(f"{url}/@show/100", "activitypub"), earlier=earlier)
    assert result.threads == ()
    assert "does not exist any more" in result.problems[0].text


def test_a_deleted_bluesky_post_is_gone():
    gone = {"/xrpc/app.bsky.feed.getPostThread": {"thread": {"$type": "app.bsky.feed.defs#notFoundPost"}}}
    result, _ = fetch_bluesky(answers=gone)
    assert result.threads == ()
    assert "does not exist any more" in result.problems[0].text


def test_a_part_of_the_replies_is_reported():
    result, _ = fetch_mastodon(mastodon(*(mastodon_reply(number) for number in range(101, 161))))
    assert not result.threads[0].is_complete
    assert "60 replies, and may have more" in result.problems[0].text
    assert not result.problems[0].is_kept


def test_what_is_not_an_address_of_a_post_is_reported():
    for post in (
        comments.SocialPost("https://social.example/@show/a-page?x", "activitypub"),
        comments.SocialPost("https://bsky.app/profile/show", "atproto"),
    ):
        result = fetch("http://127.0.0.1:9", post)
        assert "is not the address of a post" in result.problems[0].text


def test_a_huge_and_hostile_thread_is_bounded():
    wall = "<p>\u202e" + "W" * 3_000_000 + "<script>x()</script>"
    row = mastodon_reply(
        101, content=wall, favourites_count=10**30, created_at="0001-01-01T00:00:00+23:59", url="javascript:x()"
    )
    deep = mastodon_reply(102, content="<b>" * 10_000 + "deep", account=None, in_reply_to_id=None)
    result, _ = fetch_mastodon(mastodon(row, deep, "odd", {}, *(mastodon_reply(n) for n in range(200, 12_000))))
    (thread,) = result.threads
    assert len(thread.comments) <= 10_000
    data = render_comments(result.threads)
    by_id = {comment.id: comment for comment in parse_comment_threads(data, "comments/x.json")[0].comments}
    assert len(by_id["101"].html.encode()) <= MAX_COMMENT_BYTES
    assert by_id["101"].likes <= 10**9
    assert by_id["101"].url == ""
    assert "\u202e" not in data.decode()
    assert "script" not in data.decode()
    assert by_id["102"].html == "deep"


def test_the_same_replies_in_another_order_give_the_same_file():
    rows = [mastodon_reply(number) for number in range(101, 120)]
    first, _ = fetch_mastodon(mastodon(*rows))
    again, _ = fetch_mastodon(mastodon(*reversed(rows)))
    lines = [render_comments(result.threads).splitlines()[3:] for result in (first, again)]
    strip = [[line for line in file if b"127.0.0.1" not in line] for file in lines]
    assert strip[0] == strip[1]
    assert parse_comment_threads(render_comments(first.threads), "x") == first.threads
