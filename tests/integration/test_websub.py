"""A real WebSub hub passes each new feed on to its subscribers, signed; without a change it is not asked."""

from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from tests.support import shows, websub

pytestmark = pytest.mark.slow


def publish(show):
    done = CliRunner().invoke(cli, ["publish", "-C", str(show), "--yes", "--no-check"])
    assert done.exit_code == 0, done.output
    return done.output


def test_subscribers_of_a_hub_receive_each_new_feed_signed(tmp_path, bucket):
    pytest.importorskip("flask_websub")
    show = shows.small(tmp_path / "show", episodes=1)
    settings = (show / "podcast.yaml").read_text().partition("publish:")[0]
    with websub.running_all(tmp_path, bucket.url) as (hub, subscriber, cdn):
        publishing = f"{{url: '{cdn.url}', to: 's3://{bucket.name}', endpoint: '{bucket.endpoint}'}}"
        (show / "podcast.yaml").write_text(f"{settings}publish: {publishing}\nfeed: {{hub: '{hub}'}}\n")
        assert "warning" not in publish(show)
        links = subscriber.subscribe(f"{cdn.url}feed.xml")
        assert links == {"hub_url": hub, "topic_url": f"{cdn.url}feed.xml"}
        assert subscriber.feeds == []
        shows.add(show, 2)
        publish(show)
        with urlopen(f"{bucket.url}feed.xml") as response:
            feed = response.read()
        assert subscriber.feeds == [feed]
        assert b"<title>Talk 2</title>" in feed
        cdn.requests.clear()
        publish(show)
        assert subscriber.feeds == [feed]
        assert cdn.requests == ["HEAD /.podcast-kit/state.json", "HEAD /feed.xml"]
