"""What somebody deleted at the store is noticed, and put there again; and places that are none are said early."""

import json
import shutil

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.errors import InvalidInput
from podcast_kit.model import PublishSettings
from podcast_kit.stores import open_store
from tests.support import shows


def run(show, *arguments):
    return CliRunner().invoke(cli, [arguments[0], "-C", str(show), *map(str, arguments[1:])], catch_exceptions=False)


def said(show, *arguments):
    return json.loads(run(show, *arguments, "--json").stdout)


@pytest.fixture
def published(tmp_path):
    show = shows.small(tmp_path / "show", episodes=2)
    assert run(show, "publish", "--yes").exit_code == 0
    return show


def test_deleted_media_are_put_there_again_when_the_store_is_listed(published):
    before = shows.tree(published / "public")
    shutil.rmtree(published / "public/media")
    assert said(published, "plan")["changes"] == []  # a record is believed, so that publishing asks little
    planned = said(published, "plan", "--refresh")["changes"]
    assert {change["verb"] for change in planned} == {"create"}
    assert run(published, "publish", "--yes", "--refresh").exit_code == 0
    after = shows.tree(published / "public")
    assert {key: after[key] for key in before if not key.startswith(".podcast-kit/")} == {
        key: before[key] for key in before if not key.startswith(".podcast-kit/")
    }
    assert said(published, "plan", "--refresh")["changes"] == []


def test_a_file_cut_short_at_the_store_is_sent_again(published):
    recording = next((published / "public/media").rglob("*.mp3"))
    whole = recording.read_bytes()
    recording.write_bytes(whole[:1000])
    # A page may be written over; of media only the same bytes may ever lie under the name.
    (published / "public/index.html").write_text("half")
    planned = said(published, "plan", "--refresh")["changes"]
    assert {change["key"] for change in planned} == {
        "index.html",
        recording.relative_to(published / "public").as_posix(),
    }


def test_a_feed_that_is_gone_makes_the_record_doubtful_by_itself(published):
    shutil.rmtree(published / "public/media")
    (published / "public/feed.xml").unlink()
    keys = {change["key"] for change in said(published, "plan")["changes"]}
    assert "feed.xml" in keys
    assert any(key.startswith("media/") for key in keys)


@pytest.mark.parametrize("to", [".", "..", "episodes", "build", "build/site", ".podcast-kit", "templates/x", "/"])
def test_a_show_is_not_published_over_itself(tmp_path, to):
    with pytest.raises(InvalidInput) as caught:
        open_store(PublishSettings(url="https://pod.example/", to=to), tmp_path)
    assert caught.value.problems[0].code == "pb.to"


@pytest.mark.parametrize("to", ["public", "../site", "/srv/www/pod"])
def test_any_other_folder_will_do(tmp_path, to):
    assert open_store(PublishSettings(url="https://pod.example/", to=to), tmp_path).name


@pytest.mark.parametrize("to", ["ftp://x", "r2://bucket", "s3://ab", "s3://bucket/../x", "episodes"])
def test_check_says_at_its_line_where_nothing_can_be_published(tmp_path, to):
    show = shows.small(tmp_path / "show")
    text = (show / "podcast.yaml").read_text().replace("to: public", f"to: '{to}'")
    (show / "podcast.yaml").write_text(text)
    problems = [one for one in said(show, "check")["problems"] if one["code"].startswith("pb.")]
    assert len(problems) == 1
    assert problems[0]["file"].endswith("podcast.yaml")


@pytest.mark.parametrize("endpoint", ["127.0.0.1:9", "ftp://x", "nonsense"])
def test_an_endpoint_that_is_no_address_is_a_usage_error(published, endpoint):
    done = run(published, "plan", "--to", "s3://bucket", "--endpoint", endpoint)
    assert (done.exit_code, "--endpoint" in done.stderr) == (2, True)


def test_status_tells_all_times_in_the_shows_zone(published):
    text = (published / "podcast.yaml").read_text()
    (published / "podcast.yaml").write_text(f"{text}timezone: Asia/Tokyo\n")
    shows.add(published, 3, date="2199-01-01 08:00")
    lines = run(published, "status").stdout.splitlines()
    assert [line.split()[1:3] for line in lines] == [
        ["2199-01-01", "08:00"],
        ["2020-01-03", "08:00"],
        ["2020-01-02", "08:00"],
    ]


def test_a_renamed_file_of_notes_moves_the_page_and_that_is_said(published):
    for path in (published / "episodes").glob("001-talk.*"):
        path.rename(path.with_name(path.name.replace("001-talk", "001-renamed")))
    [notice] = said(published, "plan")["subscribers"]
    assert "address of its page" in notice["text"]
