"""Rolling back to a previous feed, and deleting unused files."""

from datetime import UTC, datetime, timedelta

import pytest

from podcast_kit.errors import InvalidInput, PublishConflict
from podcast_kit.model import PublishSettings
from podcast_kit.plan import plan_changes
from podcast_kit.publish import publish_plan, rollback
from podcast_kit.publish.prune import delete_prunable, find_prunable
from podcast_kit.stores import open_store
from podcast_kit.stores.state import STATE_KEY, StoreState
from tests.support import output_trees

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
URL = "https://pod.example/"


@pytest.fixture
def store(tmp_path):
    return open_store(PublishSettings(url=URL, to="site"), tmp_path)


def publish_episodes(store, folder, *, now=NOW, **episodes):
    outputs = output_trees.write_tree(folder, URL, episodes)
    output_trees.publish_outputs(outputs, store, now=now)
    return outputs


def roll_back(store, number, folder, *, now=NOW):
    state = output_trees.read_state(store)
    [target] = [feed for feed in rollback.list_previous_feeds(state) if feed.number == number]
    folder.mkdir(exist_ok=True)
    plan = rollback.plan_rollback(store, state, target, folder, url=URL)
    return [outcome.key for outcome in publish_plan(plan, store, now=now) if outcome.action == "uploaded"]


def test_rollback_to_every_previous_feed(store, tmp_path):
    first = publish_episodes(store, tmp_path / "1", one=b"1")
    second = publish_episodes(store, tmp_path / "2", one=b"1", two=b"22")
    assert [feed.number for feed in rollback.list_previous_feeds(output_trees.read_state(store))] == [1]
    assert roll_back(store, 1, tmp_path / "back") == ["feed.xml"]
    assert store.get("feed.xml").content == first["feed.xml"].path.read_bytes()
    assert roll_back(store, 2, tmp_path / "back") == ["feed.xml"]
    assert store.get("feed.xml").content == second["feed.xml"].path.read_bytes()
    assert output_trees.publish_outputs(second, store, now=NOW) == []


def test_rollback_to_a_feed_with_missing_files_is_refused(store, tmp_path):
    first = publish_episodes(store, tmp_path / "1", one=b"1", two=b"22")
    publish_episodes(store, tmp_path / "2", one=b"1")
    missing = next(key for key in first if key.endswith("two.mp3"))
    store.delete(missing)
    live = store.get("feed.xml")
    with pytest.raises(InvalidInput) as raised:
        roll_back(store, 1, tmp_path / "back")
    assert [problem.location.path for problem in raised.value.problems] == [missing]
    assert store.get("feed.xml") == live


def test_rollback_restores_retired_files(store, tmp_path):
    publish_episodes(store, tmp_path / "1", one=b"1", two=b"22")
    publish_episodes(store, tmp_path / "2", one=b"1")
    assert any(key.endswith("two.mp3") for key in output_trees.read_state(store).retired)
    roll_back(store, 1, tmp_path / "back")
    assert not any(key.endswith("two.mp3") for key in output_trees.read_state(store).retired)


def test_rollback_does_not_undo_a_concurrent_publish(store, tmp_path):
    publish_episodes(store, tmp_path / "1", one=b"1")
    publish_episodes(store, tmp_path / "2", one=b"1", two=b"22")
    state = output_trees.read_state(store)
    plan = rollback.plan_rollback(store, state, rollback.list_previous_feeds(state)[0], tmp_path, url=URL)
    publish_episodes(store, tmp_path / "3", one=b"1", two=b"22", three=b"333")
    with pytest.raises(PublishConflict):
        list(publish_plan(plan, store, now=NOW))


def test_feed_keys_include_alternate_enclosures():
    feed = (
        '<rss xmlns:podcast="https://podcastindex.org/namespace/1.0"><channel><item><podcast:alternateEnclosure>'
        f'<podcast:source uri="{URL}media/y/a.opus"/></podcast:alternateEnclosure></item></channel></rss>'
    )
    assert rollback.list_feed_keys(feed.encode(), URL) == {"media/y/a.opus": 0}


def test_feed_keys_are_unquoted_and_below_the_url():
    feed = (
        b'<rss xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel>'
        b'<itunes:image href="https://pod.example/media/c/a%20b.jpg"/><item>'
        b'<enclosure url="https://pod.example/media/x/a.mp3?y#z" length="12"/>'
        b'<link>https://pod.example/index.html</link><enclosure url="https://other/b.mp3" length="1"/>'
        b"</item></channel></rss>"
    )
    assert rollback.list_feed_keys(feed, URL) == {"media/c/a b.jpg": 0, "media/x/a.mp3": 12}


class TestPrune:
    def find(self, store, *, now=LATER, **options):
        return find_prunable(store, output_trees.read_state(store), now=now, **options)

    def retire(self, store, tmp_path, *, feeds=0):
        """Publish two episodes, remove one, and publish this many feeds."""
        publish_episodes(store, tmp_path / "1", one=b"1", two=b"22")
        publish_episodes(store, tmp_path / "2", one=b"1")
        for number in range(feeds):
            outputs = publish_episodes(
                store, tmp_path / "more", one=b"1", **{f"n{n}": b"n%d" % n for n in range(number + 1)}
            )
        return outputs if feeds else None

    def test_files_are_kept_for_thirty_days(self, store, tmp_path):
        self.retire(store, tmp_path, feeds=10)
        assert self.find(store, now=LATER - timedelta(days=1)).keys == ()
        assert [key.rpartition("/")[2] for key in self.find(store).keys] == ["index.html", "two.mp3"]

    def test_files_named_by_one_of_the_last_ten_feeds_are_kept(self, store, tmp_path):
        self.retire(store, tmp_path, feeds=9)
        prune_set = self.find(store)
        assert (prune_set.keys, prune_set.still_named) == ((), 2)

    def test_files_named_by_the_live_feed_are_kept_whatever_the_state_says(self, store, tmp_path):
        outputs = publish_episodes(store, tmp_path / "1", one=b"1")
        state = output_trees.read_state(store)
        wrong_state = StoreState(
            objects=state.objects, retired=dict.fromkeys(outputs, "2020-01-01"), etag=state.etag, feed=state.feed
        )
        prune_set = find_prunable(store, wrong_state, now=LATER, keep=0)
        assert not any(key.startswith("media/") for key in prune_set.keys)

    def test_files_that_a_publish_uses_again_are_kept_as_soon_as_it_has_begun(self, store, tmp_path):
        self.retire(store, tmp_path, feeds=10)
        pruned = set(self.find(store).keys)
        outputs = output_trees.write_tree(tmp_path / "again", URL, {"one": b"1", "two": b"22"})
        plan = plan_changes(outputs, output_trees.read_state(store, outputs))
        begun = publish_plan(plan, store, now=LATER)
        next(begun)
        used = {key for key in outputs if key.startswith("media/")} & pruned
        assert used
        assert not used & set(self.find(store).keys)

    def test_prune_deletes_only_what_was_found(self, store, tmp_path):
        outputs = self.retire(store, tmp_path, feeds=10)
        prune_set = self.find(store)
        deleted = [
            outcome.key for outcome in delete_prunable(store, prune_set, now=LATER) if outcome.action == "deleted"
        ]
        assert set(prune_set.keys) <= set(deleted)
        assert all(store.get(key) is None for key in deleted)
        assert all(store.get(key) for key in outputs)
        assert self.find(store).keys == ()
        assert output_trees.publish_outputs(outputs, store, now=LATER) == []

    def test_prune_respects_the_limit(self, store, tmp_path):
        self.retire(store, tmp_path, feeds=10)
        prune_set = self.find(store, max_files=1)
        assert (len(prune_set.keys), prune_set.remaining) == (1, 1)

    def test_prune_after_a_concurrent_publish_deletes_nothing(self, store, tmp_path):
        self.retire(store, tmp_path, feeds=10)
        prune_set = self.find(store)
        publish_episodes(store, tmp_path / "x", one=b"1", two=b"22")
        with pytest.raises(PublishConflict):
            list(delete_prunable(store, prune_set, now=LATER))
        assert all(store.get(key) for key in prune_set.keys)

    def test_republished_episode_is_uploaded_again_after_an_interrupted_prune(self, store, tmp_path):
        self.retire(store, tmp_path, feeds=10)
        outcomes = delete_prunable(store, self.find(store), now=LATER)
        deleted = [next(outcomes).key, next(outcomes).key]
        outcomes.close()
        outputs = publish_episodes(store, tmp_path / "again", one=b"1", two=b"22")
        assert all(store.get(key) for key in outputs)
        assert {key for key in deleted if key in outputs} == set(deleted)

    def test_without_state_nothing_is_pruned(self, store, tmp_path):
        self.retire(store, tmp_path, feeds=10)
        store.delete(STATE_KEY)
        assert self.find(store).keys == ()
