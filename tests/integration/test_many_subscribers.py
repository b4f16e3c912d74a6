"""Many private feeds on a real store: one body a tier, copies, revocation, and publishes that are killed."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest

from podcast_kit.feed import parse_feed
from podcast_kit.stores import s3 as s3_store
from tests.support import members_shows, network, shows
from tests.support.members_shows import NOW, run

MANY = int(os.environ.get("PODCAST_KIT_SUBSCRIBER_COUNT", "300"))
"""10,000 in the stress run."""


def write_list(folder, names):
    rows = [f"{name},{'gold' if number % 3 == 0 else 'supporter'}\n" for number, name in enumerate(names)]
    (folder / "supporters.csv").write_text("email,tier\n" + "".join(rows))


@pytest.fixture
def show(tmp_path, bucket):
    """A show with many subscribers in a CSV file."""
    folder = shows.small(tmp_path / "show", episodes=2)
    shows.add(folder, 3, title="Kolibri bonus", audience="gold", slug="bonus")
    yaml = folder / "podcast.yaml"
    target = f"publish: {{url: '{bucket.url}', to: 's3://{bucket.name}', endpoint: '{bucket.endpoint}'}}"
    yaml.write_text(re.sub(r"publish: .*", target, yaml.read_text()))
    members_shows.private(folder, "subscribers: supporters.csv")
    write_list(folder, [f"member{number}@pod.example" for number in range(MANY)])
    assert "created" in run(folder, "private").stderr  # the key, once
    return folder


def feeds_of(folder):
    """Name → address of the private feed."""
    rows = json.loads(run(folder, "private", "--json").stdout)["subscribers"]
    return {row["name"]: row["feed"] for row in rows}


def status_of(url):
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def read(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read()


@pytest.fixture
def requests_sent(monkeypatch):
    """The requests of each store that a command opens."""
    stores = []
    opened = s3_store.S3Store.__init__

    def open_and_keep(self, **settings):
        opened(self, **settings)
        stores.append(self)

    monkeypatch.setattr(s3_store.S3Store, "__init__", open_and_keep)

    def count():
        total = sum(store.requests for store in stores)
        stores.clear()
        return total

    return count


def publish(folder, *more, **settings):
    return run(folder, "publish", "--yes", "--json", "--at", NOW, *more, **settings)


def test_a_new_episode_costs_a_request_for_each_subscriber_and_few_bytes(show, requests_sent, s3, bucket):
    publish(show)
    feeds = feeds_of(show)
    assert len(set(feeds.values())) == MANY
    requests_sent()
    assert json.loads(publish(show).stdout)["changes"] == []
    assert requests_sent() == 0, "two anonymous requests, and none to the store"
    shows.add(show, 4)
    document = json.loads(publish(show).stdout)
    used = requests_sent()
    print(f"\n{MANY} subscribers: {used} requests, {document['bytes']} bytes")
    assert MANY <= used <= MANY + MANY // 1000 + 60, "a copy each; the rest does not grow"
    body_bytes = sum(path.stat().st_size for path in (show / "build/private").glob("*.xml"))
    assert len(list((show / "build/private").glob("*.xml"))) == 2, "one body a tier"
    assert document["bytes"] < body_bytes + 2_000_000, "no feed is uploaded for each subscriber"
    client = s3.client()
    state = client.get_object(Bucket=bucket.name, Key=".podcast-kit/state.json")["Body"].read()
    client.close()
    assert len(state) < 60_000, "the state does not grow with subscribers"
    sample = [feeds[f"member{number}@pod.example"] for number in (0, 1, MANY - 1)]
    titles = [[item.child_text("title") for item in parse_feed(read(url)).items] for url in sample]
    assert titles[0] == ["Talk 4", "Kolibri bonus", "Talk 2", "Talk 1"]
    assert titles[1] == ["Talk 4", "Talk 2", "Talk 1"]


def test_a_change_of_one_person_writes_one_feed(show, requests_sent):
    publish(show)
    feeds = feeds_of(show)
    requests_sent()
    names = [f"member{number}@pod.example" for number in range(MANY)]
    write_list(show, names[:-1])
    publish(show)
    assert requests_sent() < 40
    assert status_of(feeds[names[-1]]) == 404
    assert status_of(feeds[names[0]]) == 200
    write_list(show, [*names, "new@pod.example"])
    publish(show)
    assert requests_sent() < 40
    assert status_of(feeds_of(show)["new@pod.example"]) == status_of(feeds[names[-1]]) == 200


def test_where_the_key_may_not_delete_a_revoked_feed_is_empty_and_doctor_says_so(show, bucket):
    publish(show)
    feeds = feeds_of(show)
    names = [f"member{number}@pod.example" for number in range(MANY)]
    write_list(show, names[:-2])
    yaml = show / "podcast.yaml"
    text = yaml.read_text()

    def refuse_deletion(request):
        return (
            network.Status(403, "AccessDenied") if request.method == "DELETE" and "/private/" in request.path else None
        )

    with network.Proxy(bucket.endpoint, refuse_deletion) as proxy:
        yaml.write_text(text.replace(bucket.endpoint + "'}", proxy.endpoint + "'}"))
        done = run(show, "publish", "--yes", "--at", NOW)
        assert "2 revoked private feeds cannot be deleted" in done.output
        for name in names[-2:]:
            feed = parse_feed(read(feeds[name]))
            assert (feed.items, feed.channel.child_text("itunes:block")) == ((), "Yes")
        assert "nothing to do" in run(show, "publish", "--yes", "--at", NOW).output, "it is not tried at every publish"
        assert "2 revoked feeds could not be deleted" in run(show, "doctor", exit_code=1).output
    yaml.write_text(text)
    run(show, "publish", "--yes", "--refresh", "--at", NOW)
    assert [status_of(feeds[name]) for name in names[-2:]] == [404, 404]
    assert "could not be deleted" not in run(show, "doctor", exit_code=1).output


def test_a_list_that_lost_most_of_its_people_stops_the_publish(show):
    publish(show)
    write_list(show, ["member0@pod.example", "member1@pod.example"])
    assert "private feeds would be deleted, more than half of all" in publish(show, exit_code=1).output
    publish(show, "--allow", "revoked")


def test_a_publish_killed_among_the_copies_leaves_every_feed_whole(show, bucket):
    publish(show)
    feeds = feeds_of(show)
    old = {url: read(url) for url in feeds.values()}
    shows.add(show, 4)
    numbers, is_reached, yaml = itertools.count(1), threading.Event(), show / "podcast.yaml"
    text = yaml.read_text()

    def answer_some_copies(request):
        if request.method != "PUT" or "/private/" not in request.path or next(numbers) <= MANY // 4:
            return None
        is_reached.set()
        return network.NEVER_ANSWER

    with network.Proxy(bucket.endpoint, answer_some_copies) as proxy:
        yaml.write_text(text.replace(bucket.endpoint + "'}", proxy.endpoint + "'}"))
        command = [sys.executable, "-m", "podcast_kit", "publish", "-C", str(show), "--yes", "-q", "--at", NOW]
        process = subprocess.Popen(command)
        while process.poll() is None and not is_reached.wait(0.02):
            pass
        process.kill()
        assert process.wait() == -signal.SIGKILL
    yaml.write_text(text)
    bodies = {path.read_bytes() for path in (show / "build/private").glob("*.xml")} | set(old.values())
    after = [read(url) for url in feeds.values()]
    assert set(after) <= bodies, "each is whole, old or new"
    assert any(body in old.values() for body in after), "it was killed among them"
    assert any(body not in old.values() for body in after), "it was killed among them"
    publish(show)
    assert not {read(url) for url in feeds.values()} & set(old.values())


def test_an_early_episode_becomes_public_from_a_machine_without_its_recording(show):
    shows.add(show, 4, date="2030-01-08 08:00", members_from="2030-01-01 07:00", slug="early")
    publish(show)
    for path in [show / "episodes/004-talk.mp3", *(show / "build/media").glob("*/early.mp3")]:
        path.unlink()
    done = run(show, "publish", "--yes", "--at", "2030-01-09")
    assert done.exit_code == 0
    public = parse_feed(read(re.search(r"^http\S+feed\.xml$", done.output, re.MULTILINE)[0])).items[0]
    assert public.child_text("title") == "Talk 4"
    with urllib.request.urlopen(public.child("enclosure").attributes["url"]) as answer:
        assert len(answer.read()) == int(public.child("enclosure").attributes["length"])
