"""Going back to a feed that was live before, and deleting what nobody needs."""

from datetime import UTC, datetime, timedelta

import pytest

from podcast_kit.errors import InvalidInput, PublishConflict
from podcast_kit.model import PublishSettings
from podcast_kit.publish import prune as pruning
from podcast_kit.publish import publish, read, rollback
from podcast_kit.stores import open_store
from podcast_kit.stores import state as record
from tests.support import output_trees

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
URL = "https://pod.example/"


@pytest.fixture
def store(tmp_path):
    return open_store(PublishSettings(url=URL, to="site"), tmp_path)


def put(store, folder, *, now=NOW, **episodes):
    outputs = output_trees.tree(folder, URL, episodes)
    output_trees.carry_out(outputs, store, now=now)
    return outputs


def go_back(store, number, folder, *, now=NOW):
    state = read(store)
    [wanted] = [kept for kept in rollback.kept(state) if kept.number == number]
    folder.mkdir(exist_ok=True)
    plan = rollback.plan(store, state, wanted, folder, url=URL)
    return [outcome.key for outcome in publish(plan, store, now=now) if outcome.action == "uploaded"]


def test_every_feed_that_was_live_can_be_live_again(store, tmp_path):
    first = put(store, tmp_path / "1", one=b"1")
    second = put(store, tmp_path / "2", one=b"1", two=b"22")
    assert [kept.number for kept in rollback.kept(read(store))] == [1]
    assert go_back(store, 1, tmp_path / "back") == ["feed.xml"]
    assert store.get("feed.xml").content == first["feed.xml"].path.read_bytes()
    assert go_back(store, 2, tmp_path / "back") == ["feed.xml"]
    assert store.get("feed.xml").content == second["feed.xml"].path.read_bytes()
    assert output_trees.carry_out(second, store, now=NOW) == []


def test_a_feed_whose_files_are_gone_is_not_gone_back_to(store, tmp_path):
    first = put(store, tmp_path / "1", one=b"1", two=b"22")
    put(store, tmp_path / "2", one=b"1")
    gone = next(key for key in first if key.endswith("two.mp3"))
    store.delete(gone)
    live = store.get("feed.xml")
    with pytest.raises(InvalidInput) as raised:
        go_back(store, 1, tmp_path / "back")
    assert [problem.location.path for problem in raised.value.problems] == [gone]
    assert store.get("feed.xml") == live


def test_going_back_brings_what_was_retired_back(store, tmp_path):
    put(store, tmp_path / "1", one=b"1", two=b"22")
    put(store, tmp_path / "2", one=b"1")
    assert any(key.endswith("two.mp3") for key in read(store).retired)
    go_back(store, 1, tmp_path / "back")
    assert not any(key.endswith("two.mp3") for key in read(store).retired)


def test_somebody_who_publishes_meanwhile_is_not_undone(store, tmp_path):
    put(store, tmp_path / "1", one=b"1")
    put(store, tmp_path / "2", one=b"1", two=b"22")
    state = read(store)
    plan = rollback.plan(store, state, rollback.kept(state)[0], tmp_path, url=URL)
    put(store, tmp_path / "3", one=b"1", two=b"22", three=b"333")
    with pytest.raises(PublishConflict):
        list(publish(plan, store, now=NOW))


def test_going_back_needs_the_other_forms_of_an_episode_too():
    feed = (
        '<rss xmlns:podcast="https://podcastindex.org/namespace/1.0"><channel><item><podcast:alternateEnclosure>'
        f'<podcast:source uri="{URL}media/y/a.opus"/></podcast:alternateEnclosure></item></channel></rss>'
    )
    assert rollback.names(feed.encode(), URL) == {"media/y/a.opus": 0}


def test_what_a_feed_names():
    feed = (
        b'<rss xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel>'
        b'<itunes:image href="https://pod.example/media/c/a%20b.jpg"/><item>'
        b'<enclosure url="https://pod.example/media/x/a.mp3?y#z" length="12"/>'
        b'<link>https://pod.example/index.html</link><enclosure url="https://other/b.mp3" length="1"/>'
        b"</item></channel></rss>"
    )
    assert rollback.names(feed, URL) == {"media/c/a b.jpg": 0, "media/x/a.mp3": 12}


class TestPrune:
    def find(self, store, *, now=LATER, **options):
        return pruning.find(store, read(store), now=now, **options)

    def retire(self, store, tmp_path, *, feeds=0):
        """Two episodes published, one taken back, and as many feeds since."""
        put(store, tmp_path / "1", one=b"1", two=b"22")
        put(store, tmp_path / "2", one=b"1")
        for number in range(feeds):
            outputs = put(store, tmp_path / "more", one=b"1", **{f"n{n}": b"n%d" % n for n in range(number + 1)})
        return outputs if feeds else None

    def test_nothing_goes_before_thirty_days(self, store, tmp_path):
        self.retire(store, tmp_path, feeds=10)
        assert self.find(store, now=LATER - timedelta(days=1)).keys == ()
        assert [key.rpartition("/")[2] for key in self.find(store).keys] == ["index.html", "two.mp3"]

    def test_what_one_of_the_last_ten_feeds_names_stays(self, store, tmp_path):
        self.retire(store, tmp_path, feeds=9)
        found = self.find(store)
        assert (found.keys, found.spared) == ((), 2)

    def test_what_the_live_feed_names_stays_whatever_the_record_says(self, store, tmp_path):
        outputs = put(store, tmp_path / "1", one=b"1")
        state = read(store)
        wrong = record.State(
            objects=state.objects, retired=dict.fromkeys(outputs, "2020-01-01"), etag=state.etag, feed=state.feed
        )
        found = pruning.find(store, wrong, now=LATER, keep=0)
        assert not any(key.startswith("media/") for key in found.keys)

    def test_it_goes_and_nothing_else_does(self, store, tmp_path):
        outputs = self.retire(store, tmp_path, feeds=10)
        found = self.find(store)
        deleted = [outcome.key for outcome in pruning.prune(store, found, now=LATER) if outcome.action == "deleted"]
        assert set(found.keys) <= set(deleted)
        assert all(store.get(key) is None for key in deleted)
        assert all(store.get(key) for key in outputs)
        assert self.find(store).keys == ()
        assert output_trees.carry_out(outputs, store, now=LATER) == []

    def test_no_more_than_the_bound_at_a_time(self, store, tmp_path):
        self.retire(store, tmp_path, feeds=10)
        found = self.find(store, most=1)
        assert (len(found.keys), found.left) == (1, 1)

    def test_somebody_who_published_since_keeps_everything(self, store, tmp_path):
        self.retire(store, tmp_path, feeds=10)
        found = self.find(store)
        put(store, tmp_path / "x", one=b"1", two=b"22")
        with pytest.raises(PublishConflict):
            list(pruning.prune(store, found, now=LATER))
        assert all(store.get(key) for key in found.keys)

    def test_an_episode_taken_back_again_after_a_prune_that_died_is_sent_again(self, store, tmp_path):
        self.retire(store, tmp_path, feeds=10)
        outcomes = pruning.prune(store, self.find(store), now=LATER)
        deleted = [next(outcomes).key, next(outcomes).key]
        outcomes.close()
        outputs = put(store, tmp_path / "again", one=b"1", two=b"22")
        assert all(store.get(key) for key in outputs)
        assert {key for key in deleted if key in outputs} == set(deleted)

    def test_without_a_record_nothing_is_old(self, store, tmp_path):
        self.retire(store, tmp_path, feeds=10)
        store.delete(record.KEY)
        assert self.find(store).keys == ()
