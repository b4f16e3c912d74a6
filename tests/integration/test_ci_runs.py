"""What a CI run does where no recordings are: late recordings, renames, holds, and a missing key of private feeds."""

import json
import shutil

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.io.consent import ConsentKind, record_consent
from tests.support import shows

BEFORE, AFTER = "2030-01-01T08:00", "2030-01-03T08:00"
WITHOUT_GIT = ("--take-back", "all")
"""What a job passes that creates the folder for each publish, and has no history that says what is newer."""
NO_RECORDINGS = shutil.ignore_patterns("*.mp3", "build", ".podcast-kit", "public")


def run(show, *arguments, **settings):
    return CliRunner().invoke(cli, [arguments[0], "-C", str(show), *map(str, arguments[1:])], **settings)


@pytest.fixture
def show(tmp_path):
    """A show that is published to a folder beside it, so that a copy of the show publishes to the same place."""
    folder = shows.small(tmp_path / "show", episodes=1)
    settings = (folder / "podcast.yaml").read_text().replace("to: public", f"to: '{tmp_path / 'site'}'")
    (folder / "podcast.yaml").write_text(settings)
    record_consent(ConsentKind.PLACE, folder, str(tmp_path / "site"))
    return folder


def live_feed(show):
    return (show.parent / "site/feed.xml").read_text()


def check_out(show, name="runner"):
    """The show as a CI runner has it."""
    folder = shutil.copytree(show, show.parent / name, ignore=NO_RECORDINGS)
    record_consent(ConsentKind.PLACE, folder, str(show.parent / "site"))  # as --allow-place does
    return folder


def test_scheduled_episode_without_recording_is_reported_before_its_day(show):
    assert run(show, "publish", "--yes", "--at", BEFORE).exit_code == 0
    shows.add(show, 2, date="2030-01-02 08:00")
    runner = check_out(show)
    for command in ("plan", "status", "check"):
        done = run(runner, command, "--at", BEFORE)
        assert done.exit_code == 0, done.output
        assert "neither here nor uploaded" in done.output
        assert "002-talk.md" in done.output
        assert "neither here" not in run(show, command, "--at", BEFORE).output
    assert json.loads(run(runner, "plan", "--at", BEFORE, "--json").stdout)["scheduled"][0]["unrecorded"]
    assert run(show, "publish", "--yes", "--at", BEFORE, "--ahead").exit_code == 0
    uploaded = check_out(show, "later")
    assert "neither here" not in run(uploaded, "check", "--at", BEFORE).output


def test_episode_whose_recording_never_arrived_stops_no_other(show):
    assert run(show, "publish", "--yes", "--at", BEFORE).exit_code == 0
    shows.add(show, 2, date="2030-01-02 08:00")
    runner = check_out(show)
    notes = runner / "episodes/001-talk.md"
    notes.write_text(notes.read_text().replace("One paragraph", "Edited"))
    done = run(runner, "publish", "--yes", "--only", "feed", "--at", AFTER, *WITHOUT_GIT)
    assert done.exit_code == 1
    assert "au.missing" in done.output
    assert "Edited" in live_feed(show)
    assert "Talk 2" not in live_feed(show)


def test_rollback_with_hold_stays_until_it_is_released(show):
    assert run(show, "publish", "--yes", "--at", BEFORE).exit_code == 0
    first = live_feed(show)
    shows.add(show, 2)
    assert run(show, "publish", "--yes", "--at", BEFORE).exit_code == 0
    done = run(show, "rollback", "--hold", "--yes")
    assert done.exit_code == 0, done.output
    assert "publish --release" in done.stderr
    assert live_feed(show) == first
    for folder in (show, check_out(show)):  # the next run of CI
        refused = run(folder, "publish", "--yes", "--at", BEFORE)
        assert refused.exit_code == 1
        assert "on hold: rolled back to feed 1" in refused.output
        assert "on hold" in run(folder, "plan", "--at", BEFORE).output
    assert live_feed(show) == first
    assert run(show, "prune", "--yes").exit_code == 0
    assert run(show, "publish", "--yes", "--at", BEFORE).exit_code == 1
    assert run(show, "publish", "--yes", "--at", BEFORE, "--release").exit_code == 0
    assert "Talk 2" in live_feed(show)
    assert run(show, "publish", "--yes", "--at", BEFORE).exit_code == 0


def test_hold_on_the_live_feed_needs_no_other_change(show):
    for number in (1, 2):
        shows.add(show, number)
        assert run(show, "publish", "--yes", "--at", BEFORE).exit_code == 0
    assert run(show, "rollback", "--yes").exit_code == 0
    before = live_feed(show)
    number = json.loads(run(show, "rollback", "--list", "--json").stdout)["feeds"][-1]["number"]
    held = run(show, "rollback", str(number), "--hold", "--yes", "--json")
    assert json.loads(held.stdout)["changed"] is False
    assert json.loads(held.stdout)["hold"] is True
    assert live_feed(show) == before
    assert run(show, "publish", "--yes", "--at", BEFORE).exit_code == 1
    (show / "episodes/002-talk.md").unlink()  # the folder is as the live feed, so the hold is all that changes
    lock = show / "podcast.lock"
    lock.write_text(lock.read_text().partition("  - slug: 002")[0])
    assert run(show, "publish", "--yes", "--at", BEFORE).exit_code == 1
    assert run(show, "publish", "--yes", "--at", BEFORE, "--release").exit_code == 0
    assert run(show, "publish", "--yes", "--at", BEFORE).exit_code == 0


def test_every_former_address_redirects_though_the_lock_never_comes_back(show):
    assert run(show, "publish", "--yes", "--at", BEFORE).exit_code == 0
    note, runs = show / "episodes/001-talk.md", []
    for number, name in enumerate(("second", "third", "fourth")):
        note = note.rename(note.with_name(f"{name}.md"))
        text = note.read_text()
        if number == 0:
            note.write_text(text.replace("---\n", "---\naudio: 001-talk.mp3\n", 1))
        runner = check_out(show, name)
        done = run(runner, "publish", "--yes", "--only", "feed", "--at", BEFORE, "--no-check", *WITHOUT_GIT)
        assert done.exit_code == 0, done.output
        runs.append(name)
    site = show.parent / "site/episodes"
    for slug in ("001-talk", "second", "third"):
        page = (site / slug / "index.html").read_text()
        assert "fourth/" in page, slug
        assert "http-equiv" in page
    again = json.loads(run(check_out(show, "last"), "publish", "--yes", "--at", BEFORE, "--json", *WITHOUT_GIT).stdout)
    assert again["changes"] == []


def test_show_with_private_feeds_is_checked_without_their_key(show):
    assert run(show, "private", "--add", "Ann", env={"CI": ""}).exit_code == 0
    assert run(show, "publish", "--yes", "--at", BEFORE).exit_code == 0
    fork = check_out(show)
    (fork / "subscribers.key").unlink()
    checked = run(fork, "check", "--at", BEFORE)
    assert checked.exit_code == 0, checked.output
    assert "private feeds are not checked" in checked.output
    refused = run(fork, "publish", "--yes", "--at", BEFORE)
    assert refused.exit_code == 1
    assert "PODCAST_KIT_SUBSCRIBERS_KEY" in refused.output


def test_private_feeds_are_published_from_the_environment(show):
    assert run(show, "private", "--add", "Ann", env={"CI": ""}).exit_code == 0
    assert run(show, "publish", "--yes", "--at", BEFORE).exit_code == 0
    [feed] = (show.parent / "site/private").iterdir()
    runner = check_out(show)
    secrets = {
        "PODCAST_KIT_SUBSCRIBERS": (runner / "subscribers.txt").read_text(),
        "PODCAST_KIT_SUBSCRIBERS_KEY": (runner / "subscribers.key").read_text(),
    }
    for name in ("subscribers.txt", "subscribers.key"):
        (runner / name).unlink()
    note = runner / "episodes/001-talk.md"
    note.write_text(note.read_text().replace("Talk 1", "Talk one"))
    for _ in range(2):
        unknown = run(runner, "publish", "--yes", "--only", "feed", "--at", BEFORE, "--no-check", *WITHOUT_GIT)
        assert unknown.exit_code == 0, unknown.output
        assert "Talk one" not in feed.read_text()
        note.write_text(note.read_text() + "More.\n")
        assert "these feeds get no new episodes" in unknown.output
    done = run(runner, "publish", "--yes", "--only", "feed", "--at", BEFORE, "--no-check", env=secrets)
    assert done.exit_code == 0, done.output
    assert "no new episodes" not in done.output
    assert "Talk one" in feed.read_text()


def test_check_tells_that_the_lock_has_an_early_address(show):
    assert "lock.early" not in run(show, "check", "--at", BEFORE).output
    shows.add(show, 2, date="2030-01-02 08:00")
    assert run(show, "publish", "--yes", "--at", BEFORE, "--ahead").exit_code == 0
    done = run(show, "check", "--at", BEFORE)
    assert (done.exit_code, "lock.early" in done.output) == (0, True)
    assert "podcast.lock" in done.output
    assert "lock.early" not in run(show, "check", "--at", AFTER).output
