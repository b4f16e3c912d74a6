"""Recordings in object storage: fetched once from a real S3 server, kept until published, never read unasked."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner

from podcast_kit import builder
from podcast_kit.builder import bucket_recordings
from podcast_kit.cli import cli
from podcast_kit.errors import InvalidInput
from podcast_kit.io.consent import ConsentKind, record_consent
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.source import lock, project
from podcast_kit.stores.s3 import S3Store
from tests.support import seaweed
from tests.support.shows import ROOT, add, small, tree

NOW = datetime(2026, 11, 22, tzinfo=UTC)
RECORDING = ROOT / "episodes/003-what-a-review-is-for.mp3"
OTHER = ROOT / "episodes/001-more-social.mp3"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    try:
        with seaweed.Server(tmp_path_factory.mktemp("weed")) as server:
            yield server
    except seaweed.PlatformUnsupported as error:
        pytest.skip(str(error))


class Raw:
    """A bucket of recordings, and the requests that our client made for them."""

    def __init__(self, server, name):
        self.client = boto3.client("s3", endpoint_url=server.endpoint)
        self.name, self.requests = name, []

    def put(self, key, source=RECORDING):
        body = source if isinstance(source, bytes) else source.read_bytes()
        self.client.put_object(Bucket=self.name, Key=key, Body=body)

    def address(self, key):
        return f"s3://{self.name}/{key}"


@pytest.fixture
def raw(server, monkeypatch):
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    raw = Raw(server, server.bucket().name)
    head, fetch = S3Store.head, S3Store.fetch
    monkeypatch.setattr(S3Store, "head", lambda self, key: raw.requests.append(("HEAD", key)) or head(self, key))
    monkeypatch.setattr(
        S3Store, "fetch", lambda self, key, *rest: raw.requests.append(("GET", key)) or fetch(self, key, *rest)
    )
    return raw


@pytest.fixture
def show(tmp_path, raw):
    """A show whose recording is in the bucket, and may be read from there."""
    raw.put("talks/one.mp3")
    folder = small(tmp_path / "show", recording=None, audio=raw.address("talks/one.mp3"))
    record_consent(ConsentKind.BUCKET, folder, f"s3://{raw.name}")
    return folder


def build(folder, **options):
    return builder.build(project.load_project(folder), now=NOW, **options)


def publish_lock(done):
    builder.write_lock(done)


def copies(folder):
    path = folder / ".podcast-kit/recordings"
    return sorted(path.iterdir()) if path.is_dir() else []


def problem_of(folder, **options):
    with pytest.raises(InvalidInput) as refused:
        build(folder, **options)
    (problem,) = refused.value.problems
    assert (problem.location.path, problem.location.line) == ("episodes/001-talk.md", 6)
    return problem


def test_a_recording_in_a_bucket_gives_the_same_files_as_one_beside_the_notes(show, tmp_path):
    local = small(tmp_path / "local")
    here, there = build(local), build(show)
    assert there.outputs.keys() == here.outputs.keys()
    assert tree(show / "build") == tree(local / "build")


def test_an_unchanged_recording_costs_one_head_and_a_changed_one_is_fetched_again(show, raw):
    first = build(show)
    raw.requests.clear()
    again = build(show)
    assert raw.requests == [("HEAD", "talks/one.mp3")]
    assert again.files_written == 0
    raw.put("talks/one.mp3", OTHER)
    raw.requests.clear()
    changed = build(show)
    assert [method for method, _ in raw.requests] == ["HEAD", "GET", "HEAD"]
    assert changed.items[0].enclosure.sha256 != first.items[0].enclosure.sha256
    assert len(copies(show)) == 1


def test_a_changed_recording_is_noticed_by_commands_that_have_nothing_else_to_do(show, raw):
    assert CliRunner().invoke(cli, ["publish", "-C", str(show), "--yes", "--no-check"]).exit_code == 0
    for _ in range(2):
        unchanged = CliRunner().invoke(cli, ["publish", "-C", str(show), "--yes", "--no-check"])
        assert "nothing to do" in unchanged.output
    media = set((show / "public/media").rglob("*.mp3"))
    raw.put("talks/one.mp3", OTHER)
    raw.requests.clear()
    changed = CliRunner().invoke(cli, ["publish", "-C", str(show), "--yes", "--no-check"])
    assert changed.exit_code == 0, changed.output
    assert ("GET", "talks/one.mp3") in raw.requests
    assert len(set((show / "public/media").rglob("*.mp3")) - media) == 1


def test_a_published_recording_is_known_from_the_lock_and_its_copy_is_removed(show, raw):
    publish_lock(build(show))
    assert f'recording: "{raw.address("talks/one.mp3")}"' in (show / "podcast.lock").read_text()
    assert len(copies(show)) == 1
    raw.requests.clear()
    again = build(show)
    assert raw.requests == [("HEAD", "talks/one.mp3")]
    assert again.files_written == 0
    assert copies(show) == []
    shutil.rmtree(show / ".podcast-kit")
    shutil.rmtree(show / "build")
    raw.requests.clear()
    clone = build(show)  # as in CI
    assert raw.requests == []
    assert clone.items[0].enclosure == again.items[0].enclosure
    assert clone.lock == again.lock


def test_a_published_recording_that_is_gone_or_out_of_reach_stays_as_published(show, raw, monkeypatch):
    published = build(show)
    publish_lock(published)
    raw.client.delete_object(Bucket=raw.name, Key="talks/one.mp3")
    assert build(show).items[0].enclosure == published.items[0].enclosure
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    assert build(show).items[0].enclosure == published.items[0].enclosure


def test_a_changed_published_recording_replaces_the_file(show, raw):
    published = build(show)
    publish_lock(published)
    raw.put("talks/one.mp3", OTHER)
    changed = build(show)
    assert changed.items[0].enclosure.sha256 != published.items[0].enclosure.sha256
    assert changed.items[0].guid == published.items[0].guid


def test_another_address_of_a_published_episode_is_read(show, raw):
    published = build(show)
    publish_lock(published)
    raw.put("talks/two.mp3", OTHER)
    shutil.rmtree(show / ".podcast-kit")
    notes = show / "episodes/001-talk.md"
    notes.write_text(notes.read_text().replace("one.mp3", "two.mp3"))
    assert build(show).items[0].enclosure.sha256 != published.items[0].enclosure.sha256


def test_a_recording_that_moves_into_the_bucket_keeps_the_published_file(show, raw, tmp_path):
    local = small(tmp_path / "local")
    published = build(local)
    publish_lock(published)
    notes = local / "episodes/001-talk.md"
    notes.write_text((show / "episodes/001-talk.md").read_text())
    (local / "episodes/001-talk.mp3").unlink()
    record_consent(ConsentKind.BUCKET, local, f"s3://{raw.name}")
    moved = build(local)
    assert moved.items[0].enclosure == published.items[0].enclosure
    assert moved.lock[0].source_address == raw.address("talks/one.mp3")


def test_settings_that_change_before_it_is_published_need_no_second_fetch(show, raw):
    build(show)
    shutil.rmtree(show / ".podcast-kit/recordings")
    raw.requests.clear()
    assert build(show).files_written == 0  # from what is kept
    assert raw.requests == [("HEAD", "talks/one.mp3")]
    notes = show / "episodes/001-talk.md"
    notes.write_text(notes.read_text().replace("title: Talk 1", "title: Another title"))
    raw.requests.clear()
    build(show)
    assert ("GET", "talks/one.mp3") in raw.requests
    notes.write_text(notes.read_text().replace("title: Another title", "title: A third title"))
    raw.requests.clear()
    build(show)
    assert raw.requests == [("HEAD", "talks/one.mp3")]


def test_drafts_are_not_fetched(show, raw):
    add(show, 2, recording=None, audio=raw.address("talks/none.mp3"), draft="true")
    build(show)
    assert {key for _, key in raw.requests} == {"talks/one.mp3"}


def test_nothing_is_fetched_for_the_show_of_a_stranger(show, raw):
    raw.requests.clear()
    result = CliRunner().invoke(cli, ["check", "-C", str(show), "--untrusted", "--format", "json"])
    assert raw.requests == []
    problems = [row for row in json.loads(result.output)["problems"] if row["code"] == "au.bucket"]
    assert [row["severity"] for row in problems] == ["warning"]
    assert "network access is off" in str(problems[0])
    assert "network access is off" in problem_of(show, network=NetworkPolicy(is_offline=True)).text


def test_a_bucket_is_read_only_after_the_user_allowed_it(tmp_path, raw):
    raw.put("talks/one.mp3")
    folder = small(tmp_path / "asking", recording=None, audio=raw.address("talks/one.mp3"))
    problem = problem_of(folder)
    assert problem.code == "au.bucket"
    assert f"--allow-place s3://{raw.name}" in problem.fix
    assert raw.requests == []
    allowed = CliRunner().invoke(cli, ["build", "-C", str(folder), "--allow-place", f"s3://{raw.name}"])
    assert allowed.exit_code == 0, allowed.output
    assert CliRunner().invoke(cli, ["build", "-C", str(folder)]).exit_code == 0  # remembered


def test_a_terminal_asks_once_for_a_bucket(tmp_path, raw, monkeypatch):
    raw.put("talks/one.mp3")
    folder = small(tmp_path / "asking", recording=None, audio=raw.address("talks/one.mp3"))
    monkeypatch.setattr("podcast_kit.cli.consents.is_interactive", lambda: True)
    refused = CliRunner().invoke(cli, ["build", "-C", str(folder)], input="n\n")
    assert refused.exit_code == 1
    assert raw.requests == []
    allowed = CliRunner().invoke(cli, ["build", "-C", str(folder)], input="y\n")
    assert allowed.exit_code == 0, allowed.output
    assert f"s3://{raw.name}, read with your credentials" in allowed.output
    assert CliRunner().invoke(cli, ["build", "-C", str(folder)]).exit_code == 0


@pytest.mark.parametrize(
    ("key", "text"),
    [("talks/none.mp3", "does not exist"), ("talks/text.mp3", "talks/text.mp3: "), ("talks/empty.mp3", "empty")],
)
def test_what_cannot_be_used_is_named_at_its_line(show, raw, key, text):
    raw.put("talks/text.mp3", b"<html>an error page</html>" * 100)
    raw.put("talks/empty.mp3", b"")
    notes = show / "episodes/001-talk.md"
    notes.write_text(notes.read_text().replace("talks/one.mp3", key))
    problem = problem_of(show)
    assert text in problem.text
    assert raw.address(key) in problem.text
    assert problem.fix


def test_a_bucket_that_does_not_exist_is_named(show, raw):
    notes = show / "episodes/001-talk.md"
    notes.write_text(notes.read_text().replace(raw.name, "no-such-bucket-here"))
    record_consent(ConsentKind.BUCKET, show, "s3://no-such-bucket-here")
    problem = problem_of(show)
    assert "the bucket does not exist" in problem.text
    assert "publish.to" not in problem.fix


def test_rejected_credentials_are_named_and_never_shown(show, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-wrong-secret-key")
    problem = problem_of(show)
    assert problem.code == "au.bucket"
    assert "a-wrong-secret-key" not in problem.text + problem.fix


def test_a_recording_that_changes_while_it_is_read_is_not_used(show, raw, monkeypatch):
    fetch = S3Store.fetch

    def fetch_and_change(self, key, *rest):
        fetched = fetch(self, key, *rest)
        raw.put("talks/one.mp3", OTHER)
        return fetched

    monkeypatch.setattr(S3Store, "fetch", fetch_and_change)
    assert "changed while it was read" in problem_of(show).text
    assert copies(show) == []


def test_a_recording_that_is_too_large_is_not_read(show, monkeypatch):
    monkeypatch.setattr(bucket_recordings, "MAX_REMOTE_BYTES", 1000)
    assert "larger than 1,000 bytes" in problem_of(show).text
    assert copies(show) == []


def test_a_broken_recording_stops_no_other_episode(show, raw):
    add(show, 2, recording=None, audio=raw.address("talks/none.mp3"))
    add(show, 3)
    done = build(show, keep_going=True)
    assert [item.episode.slug for item in done.items] == ["003-talk", "001-talk"]
    assert [episode.slug for episode in done.broken] == ["002-talk"]


def test_mastering_works_from_the_copy(show, raw):
    with (show / "podcast.yaml").open("a") as file:
        file.write("audio: {loudness: -16, format: mp3, reencode: true}\n")
    done = build(show)
    assert done.lock[0].loudness == pytest.approx(-16, abs=0.5)
    raw.requests.clear()
    shutil.rmtree(show / ".podcast-kit/recordings")
    assert build(show).files_written == 0
    assert raw.requests == [("HEAD", "talks/one.mp3")]


def test_the_lock_reads_back_the_address(show, raw):
    done = build(show)
    publish_lock(done)
    assert lock.read_lock(Path(show, "podcast.lock"))[0].source_address == raw.address("talks/one.mp3")
