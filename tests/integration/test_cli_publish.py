"""Publishing from the shell: what is said, what is refused, and what it costs."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner
from PIL import Image

from podcast_kit.cli import cli
from podcast_kit.preview import server
from tests.support import network, output_trees, shows


def run(show, *arguments):
    return CliRunner().invoke(cli, [arguments[0], "-C", str(show), *map(str, arguments[1:])])


def said(show, *arguments):
    done = run(show, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def show(tmp_path):
    return shows.small(tmp_path / "show", episodes=2)


@pytest.fixture
def published(show):
    assert said(show, "publish", "--yes")["uploaded"]
    return show


def edit(show, number=1, **front):
    return shows.add(show, number, **front)


def test_a_plan_says_what_subscribers_will_notice(published):
    edit(published, title="Another title")
    found = said(published, "plan")
    assert [notice["kind"] for notice in found["subscribers"]] == ["changed"]
    text = run(published, "plan").output
    assert "changed: “Another title” (title" in text


def test_a_renamed_episode_says_that_its_old_address_leads_on(published):
    for file in sorted((published / "episodes").glob("001-talk.*")):
        file.rename(file.with_stem("first-talk"))
    assert "changed: “Talk 1” (page URL changed, old one redirects; notes)" in run(published, "plan").output
    assert said(published, "publish", "--yes")["uploaded"]
    assert "first-talk/index.html" in (published / "public/episodes/001-talk/index.html").read_text("utf-8")
    assert not said(published, "plan")["subscribers"]


def test_an_episode_that_vanished_stops_unless_its_guid_is_named(published):
    (published / "episodes/002-talk.md").unlink()
    done = run(published, "publish", "--yes")
    assert done.exit_code == 1
    assert f"--remove '{shows.GUID}0002'" in done.output
    assert said(published, "publish", "--yes", "--remove", f"{shows.GUID}0002")["uploaded"]


def test_a_changed_guid_stops_unless_it_is_allowed(published):
    edit(published, guid="another")
    done = run(published, "publish", "--yes")
    assert done.exit_code == 1
    assert "guid changed" in done.output
    assert said(published, "publish", "--yes", "--allow", "guids")["uploaded"]


def test_a_saved_plan_is_applied_as_it_was_shown(published, tmp_path):
    edit(published, title="Planned")
    run(published, "plan", "--out", tmp_path / "friday.plan")
    done = run(published, "publish", "--plan", tmp_path / "friday.plan")
    assert done.exit_code == 0, done.output
    assert "Planned" in (published / "public/feed.xml").read_text()


def test_a_saved_plan_is_not_carried_out_when_anything_has_moved(published, tmp_path):
    edit(published, title="Planned")
    run(published, "plan", "--out", tmp_path / "friday.plan")
    edit(published, title="Changed since")
    done = run(published, "publish", "--plan", tmp_path / "friday.plan")
    assert done.exit_code == 5
    assert "the show changed since this plan was made" in done.output
    assert "Planned" not in (published / "public/feed.xml").read_text()


def test_a_plan_is_saved_over_an_older_one_and_over_nothing_else(published, tmp_path):
    for _ in range(2):
        assert run(published, "plan", "--out", tmp_path / "friday.plan").exit_code == 0
    for name in ("podcast.yaml", "episodes/001-talk.md", "episodes/001-talk.mp3"):
        before = (published / name).read_bytes()
        done = run(published, "plan", "--out", published / name)
        assert (done.exit_code, "exists and is not a saved plan" in done.output) == (1, True)
        assert (published / name).read_bytes() == before


def test_a_plan_that_is_not_a_regular_file_is_refused_at_once(published, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "nothing"):
        done = run(published, "publish", "--plan", tmp_path / name)
        assert (done.exit_code, "[file.missing]" in done.output) == (1, True), done.output


@pytest.mark.parametrize("date", ["0001-01-01", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"])
def test_an_extreme_date_is_read_or_reported(show, date):
    assert run(show, "plan", "--at", date).exit_code == 2


def test_what_is_scheduled_is_left_out_until_then(show):
    day = datetime(2030, 1, 2, 8)  # noqa: DTZ001  # as it is written in the notes
    edit(show, 3, title="Later", date=f"{day:%Y-%m-%d %H:%M}")
    assert [each["slug"] for each in said(show, "publish", "--yes")["scheduled"]] == ["003-talk"]
    standing = said(show, "status")
    assert standing["next"].startswith("2030-01-02T08:00")
    assert {row["slug"]: row["standing"] for row in standing["episodes"]} == {
        "003-talk": "scheduled", "002-talk": "live", "001-talk": "live"
    }  # fmt: skip
    assert "Later" not in (show / "public/feed.xml").read_text()
    after = (day + timedelta(days=1)).isoformat()
    assert said(show, "publish", "--yes", "--at", after)["uploaded"]
    assert "Later" in (show / "public/feed.xml").read_text()


def test_status_reports_what_differs(published):
    edit(published, 1, title="Edited")
    edit(published, 3, title="Due")
    edit(published, 4, draft="true")
    (published / "episodes/002-talk.md").unlink()
    rows = said(published, "status")["episodes"]
    assert {row["slug"] or row["title"]: row["standing"] for row in rows} == {
        "001-talk": "changed", "003-talk": "due", "004-talk": "draft", "Talk 2": "stray"
    }  # fmt: skip


def test_only_the_feed_never_sends_audio(published):
    edit(published, 1, title="Edited")
    assert said(published, "publish", "--yes", "--only", "feed")["uploaded"]
    edit(published, 3)
    done = run(published, "publish", "--yes", "--only", "feed")
    assert done.exit_code == 1
    assert "where the recordings are" in done.output


def test_an_edited_note_sends_the_pages_and_feeds_that_show_it_and_nothing_else(bucket, tmp_path):
    show = shows.small(tmp_path / "show", episodes=3)
    said(show, "publish", "--yes", *at(bucket))
    bare = shutil.copytree(show, tmp_path / "ci", ignore=shutil.ignore_patterns("*.mp3", "build", ".podcast-kit"))
    assert said(bare, "publish", "--yes", "--only", "feed", *at(bucket))["changes"] == []
    path = bare / "episodes/001-talk.md"
    path.write_text(path.read_text() + "\nA second paragraph.\n")
    changes = said(bare, "publish", "--yes", "--only", "feed", *at(bucket))["changes"]
    assert {change["key"]: change["verb"] for change in changes} == {
        "episodes/001-talk/index.html": "replace",
        "feed.xml": "replace",
        "feed.json": "replace",
    }
    assert "A second paragraph" in output_trees.download(f"{bucket.url}feed.xml").decode()


def test_only_the_feed_includes_images_and_chapters_of_the_notes(published):
    path = edit(published, 1, notes="A picture.\n\n![words](plot.png)\n\n00:00 Begin\n00:10 End\n", recording="")
    shutil.copy(shows.ROOT / "episodes/art/loop.png", path.parent / "plot.png")
    changes = said(published, "publish", "--yes", "--only", "feed")["changes"]
    created = {change["key"].rpartition("/")[2] for change in changes if change["verb"] == "create"}
    assert {"plot.png", "001-talk.chapters.json"} <= created


@pytest.fixture
def blind_place(unprotected_bucket, rclone_server):
    """A store that ignores conditions, and a host that serves what is in it."""
    with server.make_preview(rclone_server.folder / unprotected_bucket.name) as host:
        thread = threading.Thread(target=host.serve_forever, args=(0.01,))
        thread.start()
        yield "--to", f"s3://{unprotected_bucket.name}", "--endpoint", unprotected_bucket.endpoint, "--url", host.url
        host.shutdown()
        thread.join()


def test_where_conditions_are_ignored_a_pipeline_must_say_that_it_knows(blind_place, show, monkeypatch):
    for title in ("One", "Two"):
        edit(show, title=title)
        done = run(show, "publish", "--yes", *blind_place)
        assert (done.exit_code, "silently ignores conditional writes" in done.stderr) == (0, True), done.output
    monkeypatch.setenv("CI", "true")
    edit(show, title="Three")
    for command in ("publish", "rollback"):
        done = run(show, command, "--yes", *blind_place)
        assert (done.exit_code, "--allow-unprotected-writes" in done.stderr) == (4, True), done.output
    for command in ("publish", "rollback"):
        done = run(show, command, "--yes", "--accept-blind-writes", *blind_place)
        assert done.exit_code == 0, done.output


def test_rollback_and_publishing_again(published):
    assert "no earlier feed to roll back to" in run(published, "rollback", "--list").output
    edit(published, title="New title")
    run(published, "publish", "--yes")
    assert "New title" in (published / "public/feed.xml").read_text()
    listed = said(published, "rollback", "--list")["feeds"]
    assert [(each["number"], each["episodes"]) for each in listed] == [(1, ["Talk 2", "Talk 1"])]
    assert "2 episodes, the newest “Talk 2”" in run(published, "rollback", "--list").output
    assert said(published, "rollback", "--yes")["changed"]
    assert "New title" not in (published / "public/feed.xml").read_text()
    assert said(published, "publish", "--yes")["uploaded"]
    assert "New title" in (published / "public/feed.xml").read_text()


def test_nothing_is_pruned_by_mistake(published):
    assert said(published, "prune", "--yes")["deleted"] == []
    done = run(published, "rollback", "99", "--yes")
    assert done.exit_code == 1


def test_events_are_lines_for_programs(show):
    done = run(show, "publish", "--yes", "--events")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"event", "key", "bytes"} <= events[0].keys()
    assert events[-1]["key"] == ".podcast-kit/state.json"
    assert "feed.xml" in [event["key"] for event in events]


def at(bucket, endpoint=""):
    return "--to", f"s3://{bucket.name}", "--endpoint", endpoint or bucket.endpoint, "--url", bucket.url


def test_a_new_episode_takes_at_most_20_requests_and_an_edit_15(bucket, tmp_path):
    show = shows.small(tmp_path / "show", episodes=20)
    with network.Proxy(bucket.endpoint) as proxy:
        place = (*at(bucket, proxy.endpoint)[:-1], f"{proxy.endpoint}/{bucket.name}/")
        said(show, "publish", "--yes", *place)
        shows.add(show, 21)
        before = len(proxy.requests)
        found = said(show, "publish", "--yes", *place)
        made = [request.method for request in proxy.requests[before:]]
        assert len(found["changes"]) > 5
        assert 5 < found["requests"] <= 20, made  # of the store
        assert 5 < len(made) <= 20, made  # and of its public side besides
        notes = show / "episodes/001-talk.md"
        notes.write_text(notes.read_text().replace("Talk 1", "Better title"))
        before = len(proxy.requests)
        said(show, "publish", "--yes", *place)
        made = [request.method for request in proxy.requests[before:]]
        assert 5 < len(made) <= 15, made


def test_the_reported_number_of_requests_is_correct(bucket, show):
    with network.Proxy(bucket.endpoint) as proxy:
        found = said(show, "publish", "--yes", *at(bucket, proxy.endpoint))
    assert found["requests"] == len(proxy.requests)


NOTHING = """
import sys
from podcast_kit.cli import run_command_line
sys.argv = ["podcast-kit", *{arguments!r}]
try:
    run_command_line()
except SystemExit as end:
    assert not end.code, end.code
print("boto3" in sys.modules)
"""


def publishes_without_boto3(show, bucket):
    arguments = ["publish", "-C", str(show), "--yes", "-q", *at(bucket)]
    source = NOTHING.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, env=os.environ)
    return done.stdout.splitlines()[-1] == "False"


def test_only_the_first_publish_imports_boto3(bucket, show):
    assert not publishes_without_boto3(show, bucket)  # it finds out what the store makes of conditional writes
    assert publishes_without_boto3(show, bucket)
    edit(show, title="Edited")
    assert publishes_without_boto3(show, bucket)
    store = output_trees.open_bucket_store(bucket)
    assert b"Edited" in store.get("feed.xml").content
    assert publishes_without_boto3(show, bucket)
    store.put(output_trees.make_upload("feed.xml", store.get("feed.xml").content + b"<!-- by hand -->"))
    assert publishes_without_boto3(show, bucket)
    assert b"by hand" not in store.get("feed.xml").content


def test_nothing_to_do_says_whether_the_store_was_asked(bucket, show):
    place = ["--to", f"s3://{bucket.name}", "--endpoint", bucket.endpoint, "--url", bucket.url]
    run(show, "publish", "--yes", "--no-check", *place)
    told = r"nothing to do: .* \(per record of \d{4}-\d\d-\d\d \d\d:\d\d UTC; --refresh to check the store\)"
    assert re.search(told, run(show, "publish", *place).stderr)
    assert "recorded" not in run(show, "publish", "--refresh", *place).stderr


def test_doctor_passes_for_a_correct_store(bucket, show):
    found = json.loads(run(show, "doctor", "--json", *at(bucket)).stdout)["findings"]
    assert [finding["subject"] for finding in found if finding["trouble"]] == ["public address"]
    assert {"credentials and bucket", "listing", "writing", "conditional writes", "clock"} <= {
        finding["subject"] for finding in found
    }
    assert list(output_trees.open_bucket_store(bucket).list()) == []


def test_doctor_reports_what_is_wrong(s3, bucket, show, monkeypatch):
    s3.client().delete_bucket_policy(Bucket=bucket.name)
    done = run(show, "doctor", *at(bucket))
    assert done.exit_code == 1
    assert "not public" in done.output
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    assert "secret key" in run(show, "doctor", *at(bucket)).output


def test_verify_requests_every_file(bucket, show):
    run(show, "publish", "--yes", *at(bucket))
    for option in ([], ["--whole"]):
        done = run(show, "verify", "--url", bucket.url, *option)
        assert done.exit_code == 0, done.output
    key = next(each.key for each in output_trees.open_bucket_store(bucket).list("media/") if each.key.endswith(".mp3"))
    output_trees.open_bucket_store(bucket).delete(key)
    done = run(show, "verify", "--url", bucket.url)
    assert done.exit_code == 1
    assert key in done.output


def test_a_plan_has_a_line_for_each_episode_and_with_v_one_for_each_file(show):
    text = run(show, "plan").output
    assert "+ “Talk 1” (001-talk): new audio, 2 pages, image, file" in text
    assert "media/" not in text
    assert len(text.splitlines()) < 10
    assert "+ create   episodes/001-talk/index.html" in run(show, "plan", "-v").output


def test_no_at_the_question_changes_nothing_and_says_so(show):
    outer, terminal = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {"NO_COLOR": "1"}
    command = [sys.executable, "-m", "podcast_kit", "publish", "-C", show, "--no-check"]
    begun = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment)
    os.close(terminal)
    seen = b""
    while b"Publish?" not in seen:
        seen += os.read(outer, 1000)
    os.write(outer, b"n\n")
    assert begun.wait() == 1
    with suppress(OSError):
        while piece := os.read(outer, 1000):
            seen += piece
    os.close(outer)
    assert b"cancelled: nothing was changed" in seen
    assert b"interrupted" not in seen
    assert b"\x1b" not in seen
    assert not (show / "public").exists()


def test_the_previous_feeds_have_dates_and_reasons(published):
    edit(published, title="Another title")
    said(published, "publish", "--yes", "--no-check")
    [feed] = said(published, "rollback", "--list")["feeds"]
    assert datetime.fromisoformat(feed["replaced"]).tzinfo
    text = run(published, "rollback", "--list").output
    assert re.search(r"1  until \d{4}-\d\d-\d\d \d\d:\d\d  \w{12}  2 episodes, the newest “Talk 2”", text)
    assert "then: changed: “Another title” (title" in text


def test_a_place_that_holds_another_show_is_named_by_it(published, tmp_path):
    other = shows.small(tmp_path / "other", guid="other-guid")
    text = (other / "podcast.yaml").read_text().replace("A small show", "Another show")
    (other / "podcast.yaml").write_text(text)
    done = run(other, "publish", "--yes", "--no-check", "--to", published / "public")
    assert (done.exit_code, "holds another show: “A small show” (https://pod.example/feed.xml)" in done.output) == (
        1,
        True,
    )
    assert done.output.count("holds another show") == 1
    assert run(other, "plan", "--to", published / "public").output.count("holds another show") == 1


def test_a_new_feed_url_is_reported_before_it_changes(published):
    path = published / "podcast.yaml"
    path.write_text(path.read_text().replace("https://pod.example/", "https://new.example/"))
    text = run(published, "plan").output
    assert "the feed's address changes from https://pod.example/feed.xml to https://new.example/feed.xml" in text
    assert "podcast-kit move --to https://new.example/feed.xml" in text


def test_a_first_publish_to_a_new_place_says_what_subscribers_notice(published, tmp_path):
    edit(published, 3)
    kinds = [change["kind"] for change in said(published, "plan", "--to", tmp_path / "new")["subscribers"]]
    assert sorted(kinds) == ["new", "new address", "new address"]


def test_moving_to_the_same_address_is_refused(show):
    done = run(show, "move", "--to", "https://pod.example/feed.xml")
    assert (done.exit_code, "the feed is already at" in done.output) == (1, True)


def test_retag_and_remove_take_any_name_of_an_episode(published):
    assert said(published, "plan", "--retag", "1")
    done = run(published, "plan", "--retag", "tlak")
    assert (done.exit_code, "no episode 'tlak'" in done.output) == (2, True)
    for file in (published / "episodes").glob("001-talk.*"):
        file.unlink()
    assert run(published, "publish", "--yes", "--no-check").exit_code == 1
    assert run(published, "publish", "--yes", "--no-check", "--remove", "001-talk").exit_code == 0


def test_findings_of_check_are_its_result(show):
    shows.add(show, 1, notes="[x](other.html)\n")
    shows.add(show, 2, notes="{{ oops }}\n")
    done = run(show, "check")
    assert "notes.link" in done.stdout
    assert "notes.link" not in done.stderr
    assert "notes.link" not in run(show, "check", "2").stdout
    done = run(show, "check", "--format", "gitlab")
    assert {row["check_name"] for row in json.loads(done.stdout)} >= {"notes.link", "notes.marker"}
    assert "notes.link" in done.stderr


def test_each_fact_is_reported_once(show):
    notes = show / "episodes/002-talk.md"
    notes.write_text(notes.read_text().replace("number: 2", "number: 1"))
    image = Image.new("RGB", (1600, 1000))
    image.save(show / "cover.jpg")
    lines = run(show, "check").stdout
    assert lines.count("[it.episode]") == 1
    assert lines.count("1600 × 1000") == 1


def test_a_key_that_comes_and_goes_does_not_master_again(tmp_path):
    show = shows.small(tmp_path / "show", recording="../tests/samples/speech.wav")
    text = (show / "podcast.yaml").read_text() + "audio: {format: mp3%s}\n"
    masters = []
    for more in ("", ", bitrate: 64k", ""):
        (show / "podcast.yaml").write_text(text % more)
        assert run(show, "build").exit_code == 0
        masters.append({path.name: path.stat().st_mtime_ns for path in (show / ".podcast-kit/mastered").iterdir()})
    assert masters[0].items() <= masters[2].items()


def test_a_folder_that_does_not_exist_is_called_so(tmp_path):
    done = run(tmp_path / "nonesuch", "status")
    assert (done.exit_code, "nonesuch does not exist" in done.output) == (1, True)
