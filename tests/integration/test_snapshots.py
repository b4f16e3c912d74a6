"""Shows whose store state has a snapshot: what a fresh clone reads, killed publishes, rollback and prune."""

import gzip
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.errors import PublishConflict
from podcast_kit.plan import plan_changes
from podcast_kit.publish import publish_plan
from podcast_kit.publish.prune import delete_prunable, find_prunable
from podcast_kit.publish.state_writer import edit_state, write_state
from podcast_kit.stores import snapshot
from podcast_kit.stores.folder import FolderStore
from podcast_kit.stores.snapshot import SNAPSHOTS_PREFIX
from podcast_kit.stores.state import STATE_KEY, read_state_file
from tests.support import network, output_trees, shows

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "https://pod.example/"


@pytest.fixture(autouse=True)
def _tiny_shows_have_snapshots(monkeypatch):
    monkeypatch.setattr(snapshot, "MAX_INLINE_BYTES", 300)


class Killed(BaseException):
    """In the place of a kill."""


class KillableStore(FolderStore):
    """A folder whose user dies before the next write of the state that comes after a snapshot."""

    has_sent_snapshot = False
    kills = False

    def put(self, upload, *conditions):
        if self.kills and upload.key == STATE_KEY and self.has_sent_snapshot:
            raise Killed
        self.has_sent_snapshot = self.has_sent_snapshot or upload.key.startswith(SNAPSHOTS_PREFIX)
        return super().put(upload, *conditions)


@pytest.fixture
def store(tmp_path):
    return KillableStore(tmp_path / "site")


def publish_episodes(store, folder, *, now=NOW, **episodes):
    outputs = output_trees.write_tree(folder, URL, episodes)
    output_trees.publish_outputs(outputs, store, now=now)
    return outputs


def list_snapshots(store):
    return [remote.key for remote in store.list(SNAPSHOTS_PREFIX)]


def prune(store, now, **options):
    found = find_prunable(store, output_trees.read_state(store), now=now, **options)
    return [outcome.key for outcome in delete_prunable(store, found, now=now)]


def run(show, *arguments):
    return CliRunner().invoke(cli, [arguments[0], "-C", str(show), *map(str, arguments[1:])])


def test_a_fresh_clone_finds_nothing_to_publish_without_the_snapshot(bucket, tmp_path):
    show = shows.small(tmp_path / "show", episodes=3)
    with network.Proxy(bucket.endpoint) as proxy:
        place = (
            "--to",
            f"s3://{bucket.name}",
            "--endpoint",
            proxy.endpoint,
            "--url",
            f"{proxy.endpoint}/{bucket.name}/",
        )
        assert run(show, "publish", "--yes", *place).exit_code == 0
        clone = shutil.copytree(show, tmp_path / "clone", ignore=shutil.ignore_patterns(".podcast-kit", "build"))
        before = len(proxy.requests)
        done = run(clone, "publish", *place)
        assert done.exit_code == 0, done.output
        made = [(request.method, request.path.partition("?")[0]) for request in proxy.requests[before:]]
        assert "nothing to" in done.output
        assert sorted(made) == [("GET", f"/{bucket.name}/{STATE_KEY}"), ("GET", f"/{bucket.name}/feed.xml")]
        before = len(proxy.requests)
        run(clone, "publish", *place)
        assert [request.method for request in proxy.requests[before:]] == ["HEAD", "HEAD"]

        behind = shutil.copytree(show, tmp_path / "behind", ignore=shutil.ignore_patterns(".podcast-kit", "build"))
        lock = (behind / "podcast.lock").read_bytes()
        (behind / "podcast.lock").unlink()
        before = len(proxy.requests)
        assert "nothing to" in run(behind, "publish", *place).output
        assert len(proxy.requests[before:]) <= 3
        assert SNAPSHOTS_PREFIX not in str(proxy.requests[before:])
        assert (behind / "podcast.lock").read_bytes() == lock

        other = shutil.copytree(show, tmp_path / "other", ignore=shutil.ignore_patterns(".podcast-kit", "build"))
        assert run(other, "plan", *place).exit_code == 0
        notes = other / "episodes/001-talk.md"
        notes.write_text(notes.read_text().replace("Talk 1", "Better title"))
        before = len(proxy.requests)
        done = run(other, "publish", "--yes", *place)
        assert done.exit_code == 0, done.output
        assert 5 < len(proxy.requests[before:]) <= 17
        done = run(clone, "publish", "--yes", *place)
        assert done.exit_code == 5, done.output
    assert b"Better title" in output_trees.open_bucket_store(bucket).get("feed.xml").content


def test_former_addresses_that_only_the_snapshot_has_redirect(tmp_path):
    show = shows.small(tmp_path / "show", episodes=2)
    assert run(show, "publish", "--yes", "--no-check").exit_code == 0
    slugs = {f"{shows.GUID}0001": ("001-talk", "former")}
    edit_state(FolderStore(show / "public"), lambda state: replace(state, slugs={**state.slugs, **slugs}))
    notes = show / "episodes/002-talk.md"
    notes.write_text(notes.read_text().replace("Talk 2", "Better title"))
    assert run(show, "publish", "--yes", "--no-check").exit_code == 0
    assert "001-talk/index.html" in (show / "public/episodes/former/index.html").read_text()


def test_a_publish_that_is_killed_between_snapshot_and_state_loses_nothing(store, tmp_path):
    publish_episodes(store, tmp_path / "1", one=b"1")
    before = read_state_file(store)
    store.kills, store.has_sent_snapshot = True, False
    with pytest.raises(Killed):
        publish_episodes(store, tmp_path / "2", one=b"1", two=b"22", three=b"333")
    store.kills = False
    state = read_state_file(store)
    assert state.snapshot.key in list_snapshots(store)
    assert before.objects.keys() <= state.objects.keys()
    outputs = publish_episodes(store, tmp_path / "2", one=b"1", two=b"22", three=b"333")
    assert read_state_file(store).objects.keys() == outputs.keys()
    assert output_trees.publish_outputs(outputs, store, now=NOW) == []


def test_prune_deletes_snapshots_two_days_after_it_found_them(store, tmp_path):
    for number in range(4):
        publish_episodes(store, tmp_path / str(number), **{f"n{n}": b"n%d" % n for n in range(number * 3 + 1)})
    old = set(list_snapshots(store)) - {read_state_file(store).snapshot.key}
    assert old
    assert prune(store, NOW, days=0, keep=99) == []
    assert prune(store, NOW + timedelta(days=1), days=0, keep=99) == []
    assert set(list_snapshots(store)) > old
    assert set(prune(store, NOW + timedelta(days=2), days=0, keep=99)) == old
    assert list_snapshots(store) == [read_state_file(store).snapshot.key]
    assert read_state_file(store).unused_snapshots == {}


@pytest.mark.parametrize("is_renewed", [False, True])
def test_a_publish_that_was_suspended_for_days_names_no_deleted_snapshot(store, tmp_path, monkeypatch, is_renewed):
    """It is stopped after it uploaded a snapshot, or while it names one that others then replace."""
    monkeypatch.setattr(snapshot, "MAX_INLINE_BYTES", 2500 if is_renewed else 300)
    episodes = {f"n{number}": b"n%d" % number for number in range(20)}
    publish_episodes(store, tmp_path / "1", **episodes)
    put, deleted = store.put, []

    def prune_before_state(upload, *conditions):
        if upload.key == STATE_KEY and json.loads(upload.content)["doubtful"] == []:
            monkeypatch.setattr(store, "put", put)
            if is_renewed:
                state = read_state_file(store)
                write_state(store, replace(state, snapshot=None), state.etag)
            prune(store, NOW, days=0, keep=99)
            deleted.extend(prune(store, NOW + timedelta(days=9), days=0, keep=99))
            assert SNAPSHOTS_PREFIX + json.loads(upload.content)["snapshot"]["sha256"] + ".json.gz" in deleted
        return put(upload, *conditions)

    monkeypatch.setattr(store, "put", prune_before_state)
    outputs = publish_episodes(store, tmp_path / "2", **episodes, two=b"22")
    assert deleted
    assert read_state_file(store).snapshot.key in list_snapshots(store)
    assert read_state_file(store).objects.keys() == outputs.keys()


def test_rollback_and_a_race_end_with_a_state_that_can_be_read(store, tmp_path):
    publish_episodes(store, tmp_path / "1", one=b"1")
    first = output_trees.write_tree(tmp_path / "2", URL, {"one": b"1", "two": b"22"})
    plan_state = output_trees.read_state(store, first)
    publish_episodes(store, tmp_path / "3", one=b"1", three=b"333")
    with pytest.raises(PublishConflict):
        list(publish_plan(plan_changes(first, plan_state), store, now=NOW))
    state = read_state_file(store)
    assert not state.rebuilt
    assert any("three" in key for key in state.objects)


def test_a_snapshot_says_nothing_that_the_state_would_not(store, tmp_path):
    outputs = output_trees.write_tree(tmp_path / "1", URL, {"one": b"1", "two": b"22"})
    secret = output_trees.write_output(tmp_path / "1", "media/5e/secret.mp3", b"secret")
    private = output_trees.write_output(tmp_path / "1", "private/abc/feed.xml", b"<rss/>")
    outputs |= {secret.key: replace(secret, embargoed=True), private.key: private}
    output_trees.publish_outputs(outputs, store, now=NOW)
    contents = [gzip.decompress(store.get(key).content) for key in list_snapshots(store)]
    assert contents
    for content in (*contents, store.get(STATE_KEY).content):
        assert not any(word.encode() in content for word in ("5e/secret", secret.sha256, "private/abc"))
    assert json.loads(contents[0])["objects"]
    assert output_trees.publish_outputs(outputs, store, now=NOW) == []
