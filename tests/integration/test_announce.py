"""New episodes are announced once on Mastodon, by `publish` and by `announce`, against mastodon-mock and real S3."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from podcast_kit.announce import mastodon as mastodon_network
from podcast_kit.cli import cli
from podcast_kit.publish import publishing
from tests.support import bluesky as bluesky_server
from tests.support import mastodon as mastodon_server
from tests.support import shows

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mastodon")]
SLUG = "002-talk"


@pytest.fixture(scope="module")
def mastodon():
    pytest.importorskip("mastodon_mock")
    with mastodon_server.running() as server:
        yield server


@pytest.fixture
def show(tmp_path, mastodon, bucket, monkeypatch):
    """A show with one episode that is published, and a new one that is not."""
    mastodon.delete_posts()
    monkeypatch.setenv("PODCAST_KIT_MASTODON_TOKEN", mastodon_server.TOKEN)
    folder = shows.small(tmp_path / "show")
    settings = (folder / "podcast.yaml").read_text().partition("publish:")[0]
    settings += f"publish: {{url: '{bucket.url}', to: 's3://{bucket.name}', endpoint: '{bucket.endpoint}'}}\n"
    settings += f"announce: {{mastodon: {{account: '@testuser@social.example', server: '{mastodon.url}'}}}}\n"
    (folder / "podcast.yaml").write_text(settings)
    publish(folder)
    assert mastodon.own_posts() == [], "nothing is announced by a first publish"
    add_new_episode(folder)
    return folder


def add_new_episode(folder, number=2, **front):
    date = datetime.now(UTC) - timedelta(hours=1)
    shows.add(folder, number, date=f"{date:%Y-%m-%dT%H:%M:%SZ}", tags="[open source]", **front)


def run(folder, *arguments):
    done = CliRunner().invoke(cli, [arguments[0], "-C", str(folder), *arguments[1:]])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done


def publish(folder, *arguments):
    done = run(folder, "publish", "--yes", "--no-check", *arguments)
    assert done.exit_code == 0, done.output
    return done.output


def read_public(bucket, key):
    with urlopen(f"{bucket.url}{key}") as response:
        return response.read().decode()


def read_state(bucket):
    with urlopen(f"{bucket.url}.podcast-kit/state.json") as response:
        return json.load(response)


def page_url(bucket):
    return f"{bucket.url}episodes/{SLUG}/index.html"


def test_publish_announces_a_new_episode_once(show, mastodon, bucket):
    plan = run(show, "plan").stdout
    assert "announce on Mastodon (@testuser@social.example) (" in plan
    assert "  New episode: Talk 2\n" in plan
    assert mastodon.own_posts() == []
    output = publish(show)
    [post] = mastodon.own_posts()
    assert f"posted: {post['url']}" in output
    assert page_url(bucket) in post["content"]
    assert "New episode: Talk 2" in post["content"]
    assert "#OpenSource" in post["content"]
    [record] = [records["mastodon"] for records in read_state(bucket)["posts"].values()]
    assert (record["status"], record["id"], record["uri"]) == ("sent", post["id"], post["uri"])
    assert "unannounced" not in read_state(bucket)
    assert run(show, "announce", SLUG, "--yes").stderr.endswith("nothing to announce\n")
    publish(show, "--refresh")
    assert len(mastodon.own_posts()) == 1


def test_post_is_written_back_into_feed_page_and_lock(show, mastodon, bucket, tmp_path):
    publish(show)
    [post] = mastodon.own_posts()
    feed = read_public(bucket, "feed.xml")
    element = (
        f'<podcast:socialInteract protocol="activitypub" uri="{post["uri"]}" accountId="@testuser@social.example"'
        f' accountUrl="{mastodon.url}/@testuser" priority="1"/>'
    )
    assert feed.count("podcast:socialInteract") == feed.count(element) == 1
    assert f'href="{post["url"]}">Join the conversation</a>' in read_public(bucket, f"episodes/{SLUG}/index.html")
    assert f'uri: "{post["uri"]}"' in (show / "podcast.lock").read_text()
    assert "up to date" in publish(show)
    assert "up to date" in publish(show, "--refresh")
    assert read_public(bucket, "feed.xml") == feed
    # Another checkout, whose lock is older, keeps what is live; its own lock gets the post.
    other = tmp_path / "other"
    shutil.copytree(show, other, ignore=shutil.ignore_patterns("build", ".podcast-kit", "podcast.lock"))
    assert f"added what was published elsewhere: 001-talk, {SLUG}" in publish(other)
    assert (other / "podcast.lock").read_bytes() == (show / "podcast.lock").read_bytes()
    assert read_public(bucket, "feed.xml") == feed
    assert run(show, "comments").stdout == f"{SLUG}: 0 comments\n"
    assert run(show, "rollback", "--yes").exit_code == 0
    assert SLUG not in read_public(bucket, "feed.xml"), "the feed without the episode, not the one without the post"


def test_post_is_written_back_by_a_publish_of_one_episode(show, mastodon, bucket):
    notes = show / "episodes/001-talk.md"
    notes.write_text(notes.read_text().replace("Talk 1", "Not ready yet"))
    publish(show, "2")
    [post] = mastodon.own_posts()
    feed = read_public(bucket, "feed.xml")
    assert feed.count(f'uri="{post["uri"]}"') == 1
    assert "Not ready yet" not in feed
    assert f'uri: "{post["uri"]}"' in (show / "podcast.lock").read_text()


def test_post_that_others_cannot_open_is_not_written_back(show, mastodon, bucket):
    settings = show / "podcast.yaml"
    settings.write_text(settings.read_text().replace("server:", "visibility: private, server:"))
    publish(show)
    assert mastodon.own_posts()[0]["visibility"] == "private"
    assert "socialInteract" not in read_public(bucket, "feed.xml")


def test_feed_that_someone_else_replaced_while_it_was_posted_is_not_overwritten(show, s3, bucket, monkeypatch):
    send = mastodon_network.MastodonNetwork.send

    def send_late(network, draft):
        sent = send(network, draft)
        other = s3.client()
        feed = other.get_object(Bucket=bucket.name, Key="feed.xml")["Body"].read()
        other.put_object(Bucket=bucket.name, Key="feed.xml", Body=feed.replace(b"</rss>", b"<!-- other --></rss>"))
        other.close()
        return sent

    monkeypatch.setattr(mastodon_network.MastodonNetwork, "send", send_late)
    output = publish(show)
    assert "the feed and the pages do not name the new posts yet: someone else published" in output
    assert "<!-- other -->" in read_public(bucket, "feed.xml")


def test_writing_a_post_back_takes_no_template_of_another_publisher_back(show, bucket, tmp_path, monkeypatch):
    other = shutil.copytree(show, tmp_path / "other", ignore=shutil.ignore_patterns("build", ".podcast-kit"))
    (other / "templates").mkdir()
    (other / "templates/embed.html").write_text("<p>small player</p>")
    carry_out_posts = publishing.carry_out_posts

    def publish_from_elsewhere(*arguments, **options):
        monkeypatch.setattr(publishing, "carry_out_posts", carry_out_posts)
        publish(other, "--no-announce", "--take-back", "templates")
        yield from carry_out_posts(*arguments, **options)

    monkeypatch.setattr(publishing, "carry_out_posts", publish_from_elsewhere)
    done = run(show, "publish", "--yes", "--no-check")
    assert "do not name the new posts yet: someone else published" in done.output
    assert "small player" in read_public(bucket, f"episodes/{SLUG}/embed/index.html")


def test_post_of_the_command_is_written_back_by_the_next_publish_until_it_is_withdrawn(show, mastodon, bucket):
    publish(show, "--no-announce")
    done = run(show, "announce", SLUG, "--yes")
    assert "run `podcast-kit publish`" in done.stderr
    [post] = mastodon.own_posts()
    assert "socialInteract" not in read_public(bucket, "feed.xml")
    publish(show)
    assert f'uri="{post["uri"]}"' in read_public(bucket, "feed.xml")
    notes = show / f"episodes/{SLUG}.md"
    front = notes.read_text()
    notes.write_text(front.replace("title:", "social: [{protocol: disabled}]\ntitle:", 1))
    publish(show)
    assert read_public(bucket, "feed.xml").count("socialInteract") == 1
    assert "Join the conversation" not in read_public(bucket, f"episodes/{SLUG}/index.html")
    notes.write_text(front)
    assert run(show, "announce", SLUG, "--withdraw", "--yes").exit_code == 0
    publish(show)
    assert "socialInteract" not in read_public(bucket, "feed.xml")
    assert "Join the conversation" not in read_public(bucket, f"episodes/{SLUG}/index.html")
    assert "social:" not in (show / "podcast.lock").read_text()


def test_old_episodes_imports_and_no_announce_post_nothing(show, mastodon):
    shows.add(show, 3)
    for number in range(4, 10):
        add_new_episode(show, number)
    assert "announce on" not in run(show, "plan").stdout, "seven new episodes are an import"
    publish(show)
    add_new_episode(show, 10)
    publish(show, "--no-announce")
    publish(show, "--refresh")
    assert mastodon.own_posts() == []
    done = run(show, "announce", "10", "--yes", "--json")
    assert [row["action"] for row in json.loads(done.stdout)["results"]] == ["posted"]
    assert len(mastodon.own_posts()) == 1


def test_mistyped_setup_is_suggested(show):
    result = run(show, "announce", "setpu")
    assert (result.exit_code, "no episode 'setpu'; did you mean 'setup'?" in result.output) == (2, True)


def test_failed_post_does_not_fail_the_publish_and_is_tried_again(show, mastodon, monkeypatch):
    monkeypatch.setenv("PODCAST_KIT_MASTODON_TOKEN", "wrong-token-for-a-test")
    output = publish(show)
    assert "does not accept PODCAST_KIT_MASTODON_TOKEN" in output
    assert f"podcast-kit announce {SLUG} --to mastodon" in output
    monkeypatch.delenv("PODCAST_KIT_MASTODON_TOKEN")
    assert "PODCAST_KIT_MASTODON_TOKEN is not set" in publish(show)
    assert mastodon.own_posts() == []
    monkeypatch.setenv("PODCAST_KIT_MASTODON_TOKEN", mastodon_server.TOKEN)
    assert "posted: " in publish(show)
    assert len(mastodon.own_posts()) == 1
    assert "posted: " not in publish(show)


def stop(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("is_sent", [False, True])
def test_run_that_was_stopped_while_posting_is_completed(show, mastodon, bucket, monkeypatch, is_sent):
    send = mastodon_network.MastodonNetwork.send

    def send_and_stop(network, draft):
        if is_sent:
            send(network, draft)
        stop()

    with monkeypatch.context() as patch:
        patch.setattr(mastodon_network.MastodonNetwork, "send", send_and_stop)
        assert run(show, "publish", "--yes", "--no-check").exit_code == 130
    [record] = [records["mastodon"] for records in read_state(bucket)["posts"].values()]
    assert record["status"] == "intended"
    assert "an earlier run may have posted it" in run(show, "plan").stdout
    assert "posted: " in publish(show)
    assert len(mastodon.own_posts()) == 1


def test_post_is_updated_sent_again_and_withdrawn(show, mastodon):
    publish(show)
    notes = show / f"episodes/{SLUG}.md"
    notes.write_text(notes.read_text().replace("title: Talk 2", "title: A better title"))
    publish(show)
    assert "Talk 2" in mastodon.own_posts()[0]["content"]
    done = run(show, "announce", SLUG, "--update", "--yes")
    assert done.exit_code == 0, done.output
    [post] = mastodon.own_posts()
    assert "A better title" in post["content"]
    assert run(show, "announce", SLUG, "--update", "--yes").stderr.endswith("nothing to announce\n")
    assert run(show, "announce", SLUG, "--again", "--yes").exit_code == 0
    assert len(mastodon.own_posts()) == 2
    done = run(show, "announce", SLUG, "--withdraw", "--yes")
    assert done.exit_code == 0, done.output
    assert [kept["id"] for kept in mastodon.own_posts()] == [post["id"]], "only the last one is known"
    assert run(show, "announce", SLUG, "--withdraw", "--yes").stderr.endswith("nothing to announce\n")


def test_account_of_another_token_is_refused(show, mastodon):
    settings = show / "podcast.yaml"
    settings.write_text(settings.read_text().replace("@testuser@", "@someone@"))
    output = publish(show)
    assert "PODCAST_KIT_MASTODON_TOKEN is for @testuser on 127.0.0.1" in output
    assert mastodon.own_posts() == []


@pytest.fixture
def bluesky(show, monkeypatch):
    """The show announces on Bluesky instead."""
    monkeypatch.setenv("PODCAST_KIT_BLUESKY_PASSWORD", bluesky_server.PASSWORD)
    with bluesky_server.running() as server:
        settings = (show / "podcast.yaml").read_text().partition("announce:")[0]
        settings += f"announce: {{bluesky: {{account: '@{bluesky_server.HANDLE}', pds: '{server.url}'}}}}\n"
        (show / "podcast.yaml").write_text(settings)
        yield server


def test_publish_announces_on_bluesky_with_facets_and_a_card(show, bluesky, bucket):
    notes = show / f"episodes/{SLUG}.md"
    notes.write_text(notes.read_text() + "\n" + "Ein längerer Satz für die Zusammenfassung. " * 20)
    assert "of 300 characters" in run(show, "plan").stdout
    output = publish(show)
    [(key, post)] = bluesky.posts.items()
    assert f"posted: https://bsky.app/profile/{bluesky_server.HANDLE}/post/{key}" in output
    features = [facet["features"][0] for facet in post["facets"]]
    assert [feature.get("uri") or feature.get("tag") for feature in features] == [page_url(bucket), "OpenSource"]
    external = dict(post["embed"]["external"])
    assert external.pop("thumb")["mimeType"] == "image/jpeg"
    assert external == {"uri": page_url(bucket), "title": "Talk 2", "description": "One paragraph."}
    assert post["langs"] == ["en"]
    assert bluesky.requests.count("com.atproto.server.createSession") == 1
    [record] = [records["bluesky"] for records in read_state(bucket)["posts"].values()]
    assert record["uri"] == f"at://{bluesky_server.DID}/app.bsky.feed.post/{key}"
    bluesky.requests.clear()
    publish(show)
    publish(show, "--refresh")
    assert bluesky.requests == []


def lose_connection():
    raise ConnectionAbortedError


def test_post_on_bluesky_whose_answer_is_lost_is_not_repeated(show, bluesky):
    bluesky.after_put = lose_connection
    assert "not posted on Bluesky (pod.example)" in publish(show)
    assert len(bluesky.posts) == 1
    bluesky.after_put = lambda: None
    assert "posted: " in publish(show)
    assert (len(bluesky.posts), bluesky.commits) == (1, 1)
    assert run(show, "announce", SLUG, "--update", "--yes").stderr.startswith("Bluesky cannot change a post")
    assert run(show, "announce", SLUG, "--again", "--yes").exit_code == 0
    assert len(bluesky.posts) == 2
    assert run(show, "announce", SLUG, "--withdraw", "--yes").exit_code == 0
    assert len(bluesky.posts) == 1


FAULTS = [
    ("createSession", 401, {}, {"error": "AuthenticationRequired"}, "does not accept PODCAST_KIT_BLUESKY_PASSWORD"),
    ("createSession", 401, {}, {"error": "AuthFactorTokenRequired"}, "asks for a code"),
    ("createSession", 301, {"Location": "https://other.example/"}, {}, "redirects to 'other.example'"),
    ("createSession", 429, {"Retry-After": "3600"}, {}, "limits requests: try again in 60 min"),
    ("createSession", 200, {}, b"<html>A page</html>", "does not answer with JSON"),
    ("putRecord", 400, {}, {"error": "InvalidRequest", "message": "Too \u202elong"}, "InvalidRequest: Too long"),
    ("putRecord", 502, {}, b"<html>Bad gateway</html>", "answers 502"),
    ("uploadBlob", 413, {}, {"error": "BlobTooLarge"}, "answers 413: BlobTooLarge"),
]


def test_faults_of_bluesky_are_said_in_words_and_nothing_is_lost(show, bluesky):
    publish(show, "--no-announce")
    for name, status, headers, document, words in FAULTS:
        method = f"com.atproto.{'server' if name == 'createSession' else 'repo'}.{name}"
        bluesky.answers = [(method, status, headers, document)]
        done = run(show, "announce", SLUG, "--yes")
        assert (done.exit_code, words in done.stderr) == (1, True), (words, done.output)
        assert "podcast-kit announce" in done.stderr
    bluesky.answers = [("com.atproto.repo.putRecord", 400, {}, {"error": "ExpiredToken"})]
    assert run(show, "announce", SLUG, "--yes").exit_code == 0
    assert len(bluesky.posts) == 1
