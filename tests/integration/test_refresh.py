"""`--refresh` uploads again what was deleted in the store; invalid values of publish.to are reported early."""

import json
import shutil

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.errors import InvalidInput
from podcast_kit.io.consent import ConsentKind, record_consent
from podcast_kit.model import PublishSettings
from podcast_kit.stores import find_outside_place, open_store
from tests.support import shows


def run(show, *arguments):
    return CliRunner().invoke(cli, [arguments[0], "-C", str(show), *map(str, arguments[1:])], catch_exceptions=False)


def run_json(show, *arguments):
    return json.loads(run(show, *arguments, "--json").stdout)


@pytest.fixture
def published(tmp_path):
    show = shows.small(tmp_path / "show", episodes=2)
    assert run(show, "publish", "--yes").exit_code == 0
    return show


def test_refresh_uploads_deleted_media_again(published):
    before = shows.tree(published / "public")
    shutil.rmtree(published / "public/media")
    assert run_json(published, "plan")["changes"] == []  # the state is trusted, so that publishing needs few requests
    changes = run_json(published, "plan", "--refresh")["changes"]
    assert {change["verb"] for change in changes} == {"create"}
    assert run(published, "publish", "--yes", "--refresh").exit_code == 0
    after = shows.tree(published / "public")
    assert {key: after[key] for key in before if not key.startswith(".podcast-kit/")} == {
        key: before[key] for key in before if not key.startswith(".podcast-kit/")
    }
    assert run_json(published, "plan", "--refresh")["changes"] == []


def test_refresh_uploads_truncated_file_again(published):
    recording = next((published / "public/media").rglob("*.mp3"))
    content = recording.read_bytes()
    recording.write_bytes(content[:1000])
    (published / "public/index.html").write_text("half")
    changes = run_json(published, "plan", "--refresh")["changes"]
    assert {change["key"] for change in changes} == {
        "index.html",
        recording.relative_to(published / "public").as_posix(),
    }


def test_missing_feed_causes_a_refresh(published):
    shutil.rmtree(published / "public/media")
    (published / "public/feed.xml").unlink()
    keys = {change["key"] for change in run_json(published, "plan")["changes"]}
    assert "feed.xml" in keys
    assert any(key.startswith("media/") for key in keys)


@pytest.mark.parametrize("to", [".", "..", "episodes", "build", "build/site", ".podcast-kit", "templates/x", "/"])
def test_publish_to_the_shows_own_folders_is_refused(tmp_path, to):
    with pytest.raises(InvalidInput) as raised:
        open_store(PublishSettings(url="https://pod.example/", to=to), tmp_path)
    assert raised.value.problems[0].code == "pb.to"


@pytest.mark.parametrize("to", ["public", "../site", "/srv/www/pod"])
def test_publish_to_any_other_folder_is_accepted(tmp_path, to):
    publishing = PublishSettings(url="https://pod.example/", to=to)
    if place := find_outside_place(publishing, tmp_path):
        record_consent(ConsentKind.PLACE, tmp_path, str(place))
    assert open_store(publishing, tmp_path).name


@pytest.mark.parametrize("to", ["ftp://x", "r2://bucket", "s3://ab", "s3://bucket/../x", "episodes"])
def test_check_reports_invalid_publish_to_at_its_line(tmp_path, to):
    show = shows.small(tmp_path / "show")
    text = (show / "podcast.yaml").read_text().replace("to: public", f"to: '{to}'")
    (show / "podcast.yaml").write_text(text)
    problems = [problem for problem in run_json(show, "check")["problems"] if problem["code"].startswith("pb.")]
    assert len(problems) == 1
    assert problems[0]["file"].endswith("podcast.yaml")


@pytest.mark.parametrize("endpoint", ["127.0.0.1:9", "ftp://x", "nonsense"])
def test_endpoint_that_is_not_a_url_is_a_usage_error(published, endpoint):
    done = run(published, "plan", "--to", "s3://bucket", "--endpoint", endpoint)
    assert (done.exit_code, "--endpoint" in done.stderr) == (2, True)


def test_status_shows_dates_in_the_shows_time_zone(published):
    text = (published / "podcast.yaml").read_text()
    (published / "podcast.yaml").write_text(f"{text}timezone: Asia/Tokyo\n")
    shows.add(published, 3, date="2199-01-01 08:00")
    lines = run(published, "status").stdout.splitlines()
    assert [line.split()[1:3] for line in lines] == [
        ["2199-01-01", "08:00"],
        ["2020-01-03", "08:00"],
        ["2020-01-02", "08:00"],
    ]


def test_renamed_notes_are_reported_as_a_changed_page_url(published):
    for path in (published / "episodes").glob("001-talk.*"):
        path.rename(path.with_name(path.name.replace("001-talk", "001-renamed")))
    [change] = run_json(published, "plan")["subscribers"]
    assert "page URL changed" in change["text"]
