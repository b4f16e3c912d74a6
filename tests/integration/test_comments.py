"""`podcast-kit comments` against a Mastodon API (mastodon-mock) and a server that answers as Bluesky does."""

import json

import pytest
from click.testing import CliRunner

from podcast_kit.announce import comments as announce_comments
from podcast_kit.cli import cli
from tests.support import json_server, shows, slow_servers
from tests.support import mastodon as mastodon_server

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mastodon")]
PAGE = "build/episodes/001-talk/index.html"


@pytest.fixture(scope="module")
def mastodon():
    pytest.importorskip("mastodon_mock")
    with mastodon_server.running() as server:
        yield server


def run(show, command, *arguments):
    done = CliRunner().invoke(cli, [command, "-C", str(show), *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done


def test_replies_on_mastodon_come_to_the_page_and_go_when_they_are_deleted(mastodon, tmp_path):
    post = mastodon.post("A new episode")
    reply = mastodon.post("I <b>loved</b> it: https://x.example/", in_reply_to_id=post["id"])
    mastodon.post("Thanks!", in_reply_to_id=reply["id"])
    mastodon.post("The ending!", in_reply_to_id=post["id"], spoiler_text="Spoilers", sensitive="true")
    mastodon.post("Between us", in_reply_to_id=post["id"], visibility="private")
    uri = f"{mastodon.url}/@testuser/{post['id']}"
    show = shows.small(tmp_path / "show", social=f"[{{protocol: activitypub, uri: '{uri}'}}]")

    done = run(show, "comments")
    assert (done.exit_code, done.stdout) == (0, "001-talk: 3 comments\n"), done.output
    first = (show / "comments/001-talk.json").read_bytes()
    assert run(show, "comments", "1").stdout == "001-talk: 3 comments (unchanged)\n"
    assert (show / "comments/001-talk.json").read_bytes() == first
    assert run(show, "build").exit_code == 0
    page = (show / PAGE).read_text()
    assert "I &lt;b&gt;loved&lt;/b&gt; it:" in page
    assert '<a href="https://x.example/" rel="nofollow ugc">' in page
    assert '<summary dir="auto">Spoilers</summary>' in page
    assert "Between us" not in page
    assert "avatars" not in page
    feed = (show / "build/feed.xml").read_bytes()
    assert b"Thanks!" not in feed

    yaml = (show / "podcast.yaml").read_text()
    (show / "podcast.yaml").write_text(f"{yaml}comments: {{only: favourited}}\n")
    mastodon.call(f"/statuses/{reply['id']}/favourite")
    assert run(show, "comments").stdout == "001-talk: 1 comment\n"
    mastodon.call(f"/statuses/{reply['id']}", "DELETE")
    assert run(show, "comments").stdout == "001-talk: 0 comments\n"
    assert run(show, "build").exit_code == 0
    assert "loved" not in (show / PAGE).read_text()
    assert (show / "build/feed.xml").read_bytes() == feed


def test_replies_on_bluesky_come_to_the_page_and_stay_while_the_network_is_down(tmp_path, monkeypatch):
    uri = "at://did:plc:show/app.bsky.feed.post/3kroot"
    reply = {
        "uri": "at://did:plc:ann/app.bsky.feed.post/3kann",
        "author": {"did": "did:plc:ann", "handle": "ann.example", "displayName": "Ann"},
        "record": {"text": "So good", "createdAt": "2026-03-01T08:00:00Z", "reply": {"parent": {"uri": uri}}},
        "likeCount": 2,
    }
    thread = {"post": {"uri": uri, "author": {"did": "did:plc:show"}}, "replies": [{"post": reply}]}
    show = shows.small(tmp_path / "show", social=f"[{{protocol: atproto, uri: '{uri}'}}]")
    with json_server.serving({"/xrpc/app.bsky.feed.getPostThread": {"thread": thread}}) as (url, _):
        monkeypatch.setattr(announce_comments, "BLUESKY_API", url)
        done = run(show, "comments", "--json")
        assert json.loads(done.stdout)["episodes"][0]["comments"] == 1, done.output
    path = show / "comments/001-talk.json"
    before = path.read_bytes()
    with slow_servers.refused_url() as url:
        monkeypatch.setattr(announce_comments, "BLUESKY_API", url.rstrip("/"))
        down = run(show, "comments")
    assert down.exit_code == 1
    assert "refuses the connection" in down.stderr
    assert "the comments stay as they are" in down.stderr
    assert path.read_bytes() == before
    assert run(show, "build").exit_code == 0
    assert (
        '<a href="https://bsky.app/profile/did:plc:ann/post/3kann" rel="nofollow ugc">Reply</a>'
        in (show / PAGE).read_text()
    )


def test_a_show_without_posts_asks_nobody(tmp_path):
    done = run(shows.small(tmp_path / "show"), "comments")
    assert done.exit_code == 0
    assert "no episode has a post" in done.stderr
