"""Media of scheduled episodes lie in the store before their time, and nothing that anybody can read tells of them."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from podcast_kit import builder
from podcast_kit.cli import cli
from podcast_kit.publish import prune, read
from podcast_kit.source import project
from podcast_kit.stores import state as record
from tests.support import output_trees, shows

DAY = datetime(2030, 1, 2, 8)  # noqa: DTZ001  # as it is written in the notes
BEFORE = (DAY - timedelta(days=9)).isoformat()
AFTER = (DAY + timedelta(hours=1)).isoformat()
ROOT = Path(__file__).parents[2]


def run(show, *arguments):
    return CliRunner().invoke(cli, [arguments[0], "-C", str(show), *map(str, arguments[1:])])


def said(show, *arguments):
    done = run(show, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def show(tmp_path, bucket):
    """One episode that is out, and one that is to come, with all that can lie beside notes."""
    folder = shows.small(tmp_path / "show", episodes=1)
    place = f"publish: {{url: '{bucket.url}', to: 's3://{bucket.name}', endpoint: '{bucket.endpoint}'}}\n"
    settings = (folder / "podcast.yaml").read_text().partition("publish:")[0]
    (folder / "podcast.yaml").write_text(settings + place)
    notes = "A secret.\n\n![words](plot.png)\n\n00:00 Hush\n00:05 Quiet\n"
    extra = {"transcript": "003-hidden.vtt", "people": "[{name: Rumour, image: rumour.png}]", "audio": "003-talk.mp3"}
    path = shows.add(folder, 3, notes=notes, title="Hidden", date=f"{DAY:%Y-%m-%d %H:%M}", **extra)
    path.rename(path.with_name("003-hidden.md"))
    (folder / "episodes/003-hidden.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:04.000\nPsst.\n")
    for picture in ("plot.png", "rumour.png"):
        shutil.copy(ROOT / "episodes/art/loop.png", folder / "episodes" / picture)
    return folder


def early_keys(show, at=BEFORE):
    made = builder.make(project.read(show), now=datetime.fromisoformat(at).replace(tzinfo=UTC))
    return {key: one for key, one in made.outputs.items() if one.embargoed}


def test_the_plan_says_what_goes_ahead(show):
    plain = said(show, "plan", "--at", BEFORE)
    ahead = said(show, "plan", "--at", BEFORE, "--ahead")
    assert [each["ahead"] for found in (plain, ahead) for each in found["scheduled"]] == [False, True]
    extra = {change["key"].rpartition("/")[2] for change in ahead["changes"]} - {
        change["key"].rpartition("/")[2] for change in plain["changes"]
    }
    assert {"003-hidden.mp3", "003-hidden.vtt", "003-hidden.chapters.json", "rumour.png"} <= extra
    text = run(show, "plan", "--at", BEFORE, "--ahead").output
    assert "scheduled: 003-hidden on 2030-01-02 08:00 UTC; its media go ahead" in text


def test_nothing_that_can_be_read_tells_of_it(show, bucket):
    said(show, "publish", "--yes", "--at", BEFORE, "--ahead")
    early = early_keys(show)
    assert {Path(key).suffix for key in early} >= {".mp3", ".vtt", ".json", ".png"}
    store = output_trees.store_of(bucket)
    there = {each.key for each in store.walk()}
    assert early.keys() <= there
    told = {key: store.get(key).content for key in there - early.keys()}
    for key, one in early.items():
        for secret in (key, key.split("/")[1], one.sha256, "003-hidden", "Hidden", "Rumour", "Psst"):
            assert [name for name, content in told.items() if secret.encode() in content] == []
    assert output_trees.fetch(bucket.url + next(iter(early)))


def test_what_went_ahead_is_known_and_not_sent_again(show, bucket):
    said(show, "publish", "--yes", "--at", BEFORE, "--ahead")
    (show / ".podcast-kit/published.json").unlink()
    assert said(show, "publish", "--yes", "--at", BEFORE)["changes"] == []
    due = said(show, "publish", "--yes", "--at", AFTER, "--only", "feed")["changes"]
    sent = {change["key"] for change in due if change["verb"] == "create"}
    assert not [key for key in sent if key.endswith((".mp3", ".vtt", ".chapters.json"))]
    assert "Hidden" in output_trees.fetch(f"{bucket.url}feed.xml").decode()
    known = json.loads(output_trees.store_of(bucket).get(record.KEY).content)["objects"]
    assert [key for key in known if key.endswith("003-hidden.mp3")]
    assert not [key for key in known if key.startswith(record.EARLY)]


def test_where_no_audio_is_the_feed_goes_out_on_the_day(show, bucket, tmp_path):
    said(show, "publish", "--yes", "--at", BEFORE, "--ahead")
    bare = shutil.copytree(show, tmp_path / "ci", ignore=shutil.ignore_patterns("*.mp3", "build", ".podcast-kit"))
    assert said(bare, "publish", "--yes", "--at", BEFORE, "--only", "feed")["changes"] == []
    said(bare, "publish", "--yes", "--at", AFTER, "--only", "feed")
    assert "Hidden" in output_trees.fetch(f"{bucket.url}feed.xml").decode()


def test_until_then_its_tags_follow_the_notes_and_afterwards_they_are_frozen(show, bucket):
    said(show, "publish", "--yes", "--at", BEFORE, "--ahead")
    [first] = [key for key in early_keys(show) if key.endswith(".mp3")]
    path = show / "episodes/003-hidden.md"
    path.write_text(path.read_text().replace("title: Hidden", "title: Hidden better"))
    said(show, "publish", "--yes", "--at", BEFORE)
    [second] = [key for key in early_keys(show) if key.endswith(".mp3")]
    assert first != second
    said(show, "publish", "--yes", "--at", AFTER)
    path.write_text(path.read_text().replace("Hidden better", "Hidden best"))
    said(show, "publish", "--yes", "--at", AFTER)
    feed = output_trees.fetch(f"{bucket.url}feed.xml").decode()
    assert "Hidden best" in feed
    assert second in feed


def test_what_never_came_is_retired_and_pruned(show, bucket):
    said(show, "publish", "--yes", "--at", BEFORE, "--ahead")
    early = early_keys(show)
    (show / "episodes/003-hidden.md").unlink()
    said(show, "publish", "--yes", "--at", BEFORE)
    store = output_trees.store_of(bucket)
    there = store.get(record.KEY).content.decode()
    assert not [key for key in early if key in there]
    now = datetime.now(UTC) + timedelta(days=31)
    found = prune.find(store, read(store), now=now)
    deleted = {outcome.key for outcome in prune.prune(store, found, now=now) if outcome.action == "deleted"}
    assert early.keys() <= deleted
    assert not early.keys() & {each.key for each in store.walk()}
    assert not [key for key in record.load(store).retired if key.startswith(record.EARLY)]


def test_a_first_publish_that_died_after_sending_ahead_is_no_removal(show):
    moved = project.read(show)
    made = builder.make(moved, now=datetime.fromisoformat(BEFORE).replace(tzinfo=UTC), ahead=True)
    builder.record(made)
    assert said(show, "publish", "--yes", "--at", BEFORE)["uploaded"]


def test_a_plan_that_goes_ahead_is_carried_out_as_it_was_saved(show, bucket, tmp_path):
    said(show, "plan", "--at", BEFORE, "--ahead", "--out", tmp_path / "friday.plan")
    done = run(show, "publish", tmp_path / "friday.plan")
    assert done.exit_code == 0, done.output
    assert [each for each in output_trees.store_of(bucket).walk("media/") if each.key.endswith("003-hidden.mp3")]
