"""Media of scheduled episodes are uploaded ahead, and nothing public reveals them before their date."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from podcast_kit import builder
from podcast_kit.cli import cli
from podcast_kit.publish.prune import delete_prunable, find_prunable
from podcast_kit.source import project
from podcast_kit.stores.state import EMBARGOED, STATE_KEY, read_state_file
from tests.support import output_trees, shows

DAY = datetime(2030, 1, 2, 8)  # noqa: DTZ001  # as it is written in the notes
BEFORE = (DAY - timedelta(days=9)).isoformat()
AFTER = (DAY + timedelta(hours=1)).isoformat()
ROOT = Path(__file__).parents[2]


def run(show, *arguments):
    return CliRunner().invoke(cli, [arguments[0], "-C", str(show), *map(str, arguments[1:])])


def run_json(show, *arguments):
    result = run(show, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def show(tmp_path, bucket):
    """A published episode and a scheduled one, with every kind of file that an episode can have."""
    folder = shows.small(tmp_path / "show", episodes=1)
    target = f"publish: {{url: '{bucket.url}', to: 's3://{bucket.name}', endpoint: '{bucket.endpoint}'}}\n"
    settings = (folder / "podcast.yaml").read_text().partition("publish:")[0]
    (folder / "podcast.yaml").write_text(settings + target)
    notes = "A secret.\n\n![words](plot.png)\n\n00:00 Hush\n00:05 Quiet\n"
    extra = {"transcript": "003-hidden.vtt", "people": "[{name: Rumour, image: rumour.png}]", "audio": "003-talk.mp3"}
    path = shows.add(folder, 3, notes=notes, title="Hidden", date=f"{DAY:%Y-%m-%d %H:%M}", **extra)
    path.rename(path.with_name("003-hidden.md"))
    (folder / "episodes/003-hidden.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:04.000\nPsst.\n")
    for picture in ("plot.png", "rumour.png"):
        shutil.copy(ROOT / "episodes/art/loop.png", folder / "episodes" / picture)
    return folder


def early_keys(show, at=BEFORE):
    build = builder.build(project.load_project(show), now=datetime.fromisoformat(at).replace(tzinfo=UTC))
    return {key: output for key, output in build.outputs.items() if output.embargoed}


def test_plan_shows_what_is_uploaded_ahead(show):
    plain = run_json(show, "plan", "--at", BEFORE)
    ahead = run_json(show, "plan", "--at", BEFORE, "--ahead")
    assert [episode["ahead"] for plan in (plain, ahead) for episode in plan["scheduled"]] == [False, True]
    extra = {change["key"].rpartition("/")[2] for change in ahead["changes"]} - {
        change["key"].rpartition("/")[2] for change in plain["changes"]
    }
    assert {"003-hidden.mp3", "003-hidden.vtt", "003-hidden.chapters.json", "rumour.png"} <= extra
    text = run(show, "plan", "--at", BEFORE, "--ahead").output
    assert "scheduled: 003-hidden on 2030-01-02 08:00 UTC; audio already uploaded, not linked until then" in text


def test_no_public_file_reveals_media_uploaded_ahead(show, bucket):
    run_json(show, "publish", "--yes", "--at", BEFORE, "--ahead")
    early = early_keys(show)
    assert {Path(key).suffix for key in early} >= {".mp3", ".vtt", ".json", ".png"}
    store = output_trees.open_bucket_store(bucket)
    keys = {remote.key for remote in store.list()}
    assert early.keys() <= keys
    public = {key: store.get(key).content for key in keys - early.keys()}
    for key, output in early.items():
        for secret in (key, key.split("/")[1], output.sha256, "003-hidden", "Hidden", "Rumour", "Psst"):
            assert [name for name, content in public.items() if secret.encode() in content] == []
    assert output_trees.download(bucket.url + next(iter(early)))


def test_media_uploaded_ahead_are_not_uploaded_again(show, bucket):
    run_json(show, "publish", "--yes", "--at", BEFORE, "--ahead")
    (show / ".podcast-kit/published.json").unlink()
    assert run_json(show, "publish", "--yes", "--at", BEFORE)["changes"] == []
    due = run_json(show, "publish", "--yes", "--at", AFTER, "--only", "feed")["changes"]
    sent = {change["key"] for change in due if change["verb"] == "create"}
    assert not [key for key in sent if key.endswith((".mp3", ".vtt", ".chapters.json"))]
    assert "Hidden" in output_trees.download(f"{bucket.url}feed.xml").decode()
    objects = json.loads(output_trees.open_bucket_store(bucket).get(STATE_KEY).content)["objects"]
    assert [key for key in objects if key.endswith("003-hidden.mp3")]
    assert not [key for key in objects if key.startswith(EMBARGOED)]


def test_feed_is_published_without_audio_on_the_date(show, bucket, tmp_path):
    run_json(show, "publish", "--yes", "--at", BEFORE, "--ahead")
    bare = shutil.copytree(show, tmp_path / "ci", ignore=shutil.ignore_patterns("*.mp3", "build", ".podcast-kit"))
    assert run_json(bare, "publish", "--yes", "--at", BEFORE, "--only", "feed")["changes"] == []
    run_json(bare, "publish", "--yes", "--at", AFTER, "--only", "feed")
    assert "Hidden" in output_trees.download(f"{bucket.url}feed.xml").decode()


def test_tags_follow_the_notes_until_the_episode_is_published(show, bucket):
    run_json(show, "publish", "--yes", "--at", BEFORE, "--ahead")
    [first] = [key for key in early_keys(show) if key.endswith(".mp3")]
    path = show / "episodes/003-hidden.md"
    path.write_text(path.read_text().replace("title: Hidden", "title: Hidden better"))
    run_json(show, "publish", "--yes", "--at", BEFORE)
    [second] = [key for key in early_keys(show) if key.endswith(".mp3")]
    assert first != second
    run_json(show, "publish", "--yes", "--at", AFTER)
    path.write_text(path.read_text().replace("Hidden better", "Hidden best"))
    run_json(show, "publish", "--yes", "--at", AFTER)
    feed = output_trees.download(f"{bucket.url}feed.xml").decode()
    assert "Hidden best" in feed
    assert second in feed


def test_media_of_a_cancelled_episode_are_retired_and_pruned(show, bucket):
    run_json(show, "publish", "--yes", "--at", BEFORE, "--ahead")
    early = early_keys(show)
    (show / "episodes/003-hidden.md").unlink()
    plan = run(show, "plan", "-v", "--at", BEFORE).output
    assert "- retire   media/… (uploaded ahead)" in plan
    assert EMBARGOED not in plan
    run_json(show, "publish", "--yes", "--at", BEFORE)
    store = output_trees.open_bucket_store(bucket)
    state_text = store.get(STATE_KEY).content.decode()
    assert not [key for key in early if key in state_text]
    now = datetime.now(UTC) + timedelta(days=31)
    prune_set = find_prunable(store, output_trees.read_state(store), now=now)
    deleted = {outcome.key for outcome in delete_prunable(store, prune_set, now=now) if outcome.action == "deleted"}
    assert early.keys() <= deleted
    assert not early.keys() & {remote.key for remote in store.list()}
    assert not [key for key in read_state_file(store).retired if key.startswith(EMBARGOED)]


def test_interrupted_first_publish_ahead_is_not_a_removal(show):
    moved = project.load_project(show)
    build = builder.build(moved, now=datetime.fromisoformat(BEFORE).replace(tzinfo=UTC), ahead=True)
    builder.write_lock(build)
    assert run_json(show, "publish", "--yes", "--at", BEFORE)["uploaded"]


def test_saved_plan_with_ahead_is_applied(show, bucket, tmp_path):
    run_json(show, "plan", "--at", BEFORE, "--ahead", "--out", tmp_path / "friday.plan")
    result = run(show, "publish", "--plan", tmp_path / "friday.plan")
    assert result.exit_code == 0, result.output
    assert [
        remote
        for remote in output_trees.open_bucket_store(bucket).list("media/")
        if remote.key.endswith("003-hidden.mp3")
    ]
