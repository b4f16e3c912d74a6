"""Two publishers of one show: checkouts of different age, with git and without, and nobody's work is undone."""

import hashlib
import json
import shutil
import subprocess

import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli
from podcast_kit.io.consent import ConsentKind, record_consent
from podcast_kit.publish import state_writer, waves
from podcast_kit.stores import lineage
from podcast_kit.stores.folder import FolderStore
from tests.support import network, output_trees, shows


def run(show, *arguments, **settings):
    record_consent(ConsentKind.PLACE, show, str(show.parent / "site"))  # as --allow-place does
    return CliRunner().invoke(cli, [arguments[0], "-C", str(show), *map(str, arguments[1:])], **settings)


def publish(show, *more):
    return run(show, "publish", "--yes", "--no-check", *more)


def edit(show, number, old, new):
    notes = show / f"episodes/{number:03d}-talk.md"
    text = notes.read_text()
    assert old in text
    notes.write_text(text.replace(old, new))


@pytest.fixture
def anna(tmp_path):
    """A published show with two episodes, which is published to a folder beside it."""
    folder = shows.small(tmp_path / "anna", episodes=2)
    settings = (folder / "podcast.yaml").read_text().replace("to: public", f"to: '{tmp_path / 'site'}'")
    (folder / "podcast.yaml").write_text(settings)
    assert publish(folder).exit_code == 0
    return folder


@pytest.fixture
def ben(anna):
    """A copy of the show on another computer, which has been planned there once."""
    folder = shutil.copytree(anna, anna.parent / "ben", ignore=shutil.ignore_patterns(".podcast-kit"))
    assert run(folder, "plan").exit_code == 0
    return folder


def live_feed(show):
    return (show.parent / "site/feed.xml").read_text()


def live_state(show):
    return json.loads((show.parent / "site/.podcast-kit/state.json").read_text())


def test_a_lagging_checkout_does_not_take_an_edit_back(anna, ben):
    edit(anna, 1, "Talk 1", "Better title")
    assert publish(anna).exit_code == 0
    site = shows.tree(anna.parent / "site")
    edit(ben, 2, "One paragraph", "Another paragraph")
    done = publish(ben)
    assert done.exit_code == 5, done.output
    assert "title of “Talk 1” would go back to an earlier version" in done.output
    assert "live is “Better title”, published just now" in done.output
    assert "--take-back 001-talk" in done.output
    assert shows.tree(anna.parent / "site") == site
    edit(ben, 1, "Talk 1", "Better title")
    assert publish(ben).exit_code == 0
    assert "Better title" in live_feed(anna)
    assert "Another paragraph" in live_feed(anna)


def test_an_edit_of_another_part_does_not_hide_what_goes_back(anna, ben):
    edit(anna, 1, "Talk 1", "Better title")
    assert publish(anna).exit_code == 0
    edit(ben, 1, "One paragraph", "Another paragraph")
    shutil.rmtree(ben / ".podcast-kit")
    done = publish(ben)
    assert done.exit_code == 5
    assert "title of “Talk 1” would go back" in done.output


def test_the_second_of_two_edits_is_told_that_the_live_one_is_newer(anna, ben):
    edit(anna, 1, "Talk 1", "Title of Anna")
    assert publish(anna).exit_code == 0
    edit(ben, 1, "Talk 1", "Title of Ben")
    done = publish(ben)
    assert done.exit_code == 5
    assert "title of “Title of Ben” was edited here on top of an older version: live is “Title of Anna”" in done.output
    assert publish(ben, "--take-back", "1").exit_code == 0
    assert "Title of Ben" in live_feed(anna)
    assert publish(anna).exit_code == 5


@pytest.fixture
def copy(anna):
    """A copy of the show's files on another computer, where no command has run yet."""
    return shutil.copytree(anna, anna.parent / "copy", ignore=shutil.ignore_patterns(".podcast-kit", "build"))


def test_a_copy_that_never_published_does_not_replace_a_newer_edit(anna, copy):
    edit(anna, 1, "Talk 1", "Title of Anna")
    assert publish(anna).exit_code == 0
    site = shows.tree(anna.parent / "site")
    edit(copy, 1, "Talk 1", "Title of the copy")
    edit(copy, 2, "One paragraph", "Another paragraph")
    for done in (publish(copy), publish(copy)):  # also when it was planned before
        assert done.exit_code == 5, done.output
        assert "title of “Title of the copy” differs from what is live" in done.output
        assert "live is “Title of Anna”, published just now" in done.output
        assert "notes of “Talk 2” differ from what is live" in done.output
        assert "[pb.newer]" in done.output
    assert shows.tree(anna.parent / "site") == site
    assert "--take-back 001-talk" in run(copy, "plan").output
    for number in (1, 2):  # what the message says
        shutil.copy(anna / f"episodes/{number:03d}-talk.md", copy / f"episodes/{number:03d}-talk.md")
    assert run(copy, "plan").exit_code == 0
    edit(copy, 1, "Title of Anna", "Title of both")
    done = publish(copy)
    assert done.exit_code == 0, done.output
    assert "Title of both" in live_feed(anna)


def test_settings_of_a_copy_that_never_published_replace_nothing_either(anna, copy):
    for folder, text in ((anna, "Made for two."), (copy, "Made for three.")):
        settings = folder / "podcast.yaml"
        settings.write_text(settings.read_text().replace("Made for a test.", text))
    (copy / "templates").mkdir()
    (copy / "templates/embed.html").write_text("<p>small player</p>")
    assert publish(anna).exit_code == 0
    done = publish(copy, "--take-back", "templates")
    assert done.exit_code == 5, done.output
    assert "description of the show differs from what is live" in done.output
    assert publish(copy, "--take-back", "templates", "--take-back", "show").exit_code == 0


def test_a_copy_with_the_live_files_is_asked_nothing(anna, copy):
    edit(anna, 1, "Talk 1", "Better title")
    assert publish(anna).exit_code == 0
    edit(copy, 1, "Talk 1", "Better title")
    assert "nothing to do" in publish(copy).output
    edit(copy, 1, "Better title", "Best title")
    assert publish(copy).exit_code == 0
    assert "Best title" in live_feed(anna)


def test_a_folder_that_moved_is_asked_nothing_and_a_copy_of_its_base_does_not_count(anna, tmp_path):
    edit(anna, 1, "Talk 1", "Better title")
    assert publish(anna).exit_code == 0
    copy = shutil.copytree(anna, tmp_path / "copy")
    site = tmp_path / "new-site"
    (tmp_path / "site").rename(site)
    moved = anna.rename(tmp_path / "new-anna")
    edit(moved, 1, "Better title", "Best title")
    done = publish(moved, "--to", site)
    assert done.exit_code == 0, done.output
    assert "Best title" in (site / "feed.xml").read_text()
    edit(copy, 2, "One paragraph", "Another paragraph")
    done = publish(copy, "--to", site)
    assert done.exit_code == 5
    assert "notes of “Talk 2” differ from what is live" in done.output


def test_everything_is_taken_back_where_a_job_creates_the_folder(anna, copy):
    edit(anna, 1, "Talk 1", "Title of Anna")
    assert publish(anna).exit_code == 0
    edit(copy, 1, "Talk 1", "Title of the copy")
    edit(copy, 2, "One paragraph", "Another paragraph")
    done = publish(copy, "--take-back", "all")
    assert done.exit_code == 0, done.output
    assert "Title of the copy" in live_feed(anna)


def test_an_edit_after_a_publish_that_was_killed_is_not_asked_about(anna, monkeypatch):
    edit(anna, 1, "Talk 1", "Better title")
    shows.add(anna, 3)

    def kill(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(state_writer.StateWriter, "finish", kill)
        assert publish(anna).exit_code != 0
    assert "Better title" in live_feed(anna)
    edit(anna, 1, "Better title", "Best title")
    edit(anna, 3, "Talk 3", "Third talk")
    done = publish(anna)
    assert done.exit_code == 0, done.output
    assert "Best title" in live_feed(anna)
    assert "begun" not in (anna / ".podcast-kit/base.json").read_text()


def test_a_version_that_was_rolled_back_goes_live_again_from_a_copy(anna):
    edit(anna, 1, "Talk 1", "Better title")
    assert publish(anna).exit_code == 0
    copy = shutil.copytree(anna, anna.parent / "copy", ignore=shutil.ignore_patterns(".podcast-kit", "build"))
    assert run(anna, "rollback", "--yes").exit_code == 0
    done = publish(copy)
    assert done.exit_code == 0, done.output
    assert "Better title" in live_feed(anna)


def test_a_clone_that_git_cannot_read_is_not_taken_for_a_copy(anna, copy):
    edit(anna, 1, "Talk 1", "Better title")
    assert publish(anna).exit_code == 0
    edit(copy, 1, "Talk 1", "Best title")
    git(copy, "init", "-q")  # without a commit, nothing of the show is in git
    assert publish(copy).exit_code == 5
    shutil.rmtree(copy / ".git")
    (copy / ".git").write_text("gitdir: /no/such/folder\n")
    done = publish(copy)
    assert done.exit_code == 0, done.output


def test_a_copy_is_asked_before_it_replaces_what_is_live_in_a_bucket(bucket, tmp_path):
    anna = shows.small(tmp_path / "anna", episodes=2)
    place = ("--to", f"s3://{bucket.name}", "--endpoint", bucket.endpoint, "--url", bucket.url)
    copy = shutil.copytree(anna, tmp_path / "copy")
    edit(copy, 1, "Talk 1", "Title of the copy")
    edit(anna, 1, "Talk 1", "Title of Anna")
    assert publish(anna, *place).exit_code == 0
    published = output_trees.download(f"{bucket.url}feed.xml")
    done = publish(copy, *place)
    assert done.exit_code == 5, done.output
    assert "title of “Title of the copy” differs from what is live" in done.output
    assert output_trees.download(f"{bucket.url}feed.xml") == published
    assert publish(copy, *place, "--take-back", "1").exit_code == 0
    assert "Title of the copy" in output_trees.download(f"{bucket.url}feed.xml").decode()


def test_on_a_terminal_both_versions_are_shown_and_the_answer_decides(anna, ben, monkeypatch):
    edit(anna, 1, "Talk 1", "Title of Anna")
    assert publish(anna).exit_code == 0
    edit(ben, 1, "Talk 1", "Title of Ben")
    monkeypatch.setattr("podcast_kit.cli.commands.publish.is_interactive", lambda: True)
    monkeypatch.setattr("podcast_kit.cli.questions.is_interactive", lambda: True)
    done = run(ben, "publish", "--no-check", input="n\n")
    assert done.exit_code == 5, done.output
    assert "live is “Title of Anna”" in done.output
    assert "Replace the newer version of Title of Ben?" in done.output
    done = run(ben, "publish", "--no-check", input="y\ny\n")
    assert done.exit_code == 0, done.output
    assert "Title of Ben" in live_feed(anna)


def test_an_own_edit_is_reverted_without_a_question(anna):
    edit(anna, 1, "Talk 1", "Better title")
    assert publish(anna).exit_code == 0
    edit(anna, 1, "Better title", "Talk 1")
    done = publish(anna)
    assert done.exit_code == 0, done.output
    assert "Better title" not in live_feed(anna)


def test_settings_and_templates_do_not_go_back_either(anna, ben):
    settings = anna / "podcast.yaml"
    settings.write_text(settings.read_text().replace("Made for a test.", "Made for two."))
    (anna / "templates").mkdir()
    (anna / "templates/embed.html").write_text("<p>small player</p>")
    (anna / "reviews.yaml").write_text("reviews:\n  - {quote: A show to hear., name: Kim}\n")
    assert publish(anna).exit_code == 0
    edit(ben, 2, "One paragraph", "Another paragraph")
    done = publish(ben)
    assert done.exit_code == 5
    assert "podcast.yaml: error: description and reviews.yaml of the show would go back" in done.output.replace(
        str(ben) + "/", ""
    )
    assert "templates/embed.html of the templates would go back" in done.output
    assert publish(ben, "--take-back", "show").exit_code == 5
    assert publish(ben, "--take-back", "show", "--take-back", "templates").exit_code == 0


REMOVED = "“Talk 2” was removed from the feed, and would be published again: the show without it was published just now"


def test_a_removed_episode_is_not_published_again_from_an_older_checkout(anna, ben, copy):
    assert run(anna, "unpublish", "2", "--yes").exit_code == 0
    site = shows.tree(anna.parent / "site")
    for folder in (ben, copy):
        done = publish(folder)
        assert done.exit_code == 5, done.output
        assert REMOVED in done.output
        assert "--take-back 002-talk" in done.output
    edit(copy, 2, "One paragraph", "Another paragraph")
    assert REMOVED in publish(copy).output
    assert shows.tree(anna.parent / "site") == site
    (ben / "episodes/002-talk.md").unlink()
    assert publish(ben).exit_code == 0
    shutil.copy(copy / "episodes/002-talk.md", ben / "episodes/002-talk.md")
    done = publish(ben)  # it knows of the removal
    assert done.exit_code == 0, done.output
    assert "Talk 2" in live_feed(anna)
    assert publish(copy).exit_code == 0


def test_who_removed_an_episode_publishes_it_again_without_a_question(anna):
    notes = anna / "episodes/002-talk.md"
    for _ in range(2):
        assert run(anna, "unpublish", "2", "--yes").exit_code == 0
        assert "Talk 2" not in live_feed(anna)
        notes.write_text(notes.read_text().replace("draft: true\n", ""))
        done = publish(anna)
        assert done.exit_code == 0, done.output
        assert "Talk 2" in live_feed(anna)
    text = notes.read_text()
    notes.unlink()
    assert publish(anna, "--allow", "removed").exit_code == 0
    assert run(anna, "rollback", "--yes").exit_code == 0
    assert "Talk 2" in live_feed(anna)
    notes.write_text(text)
    done = publish(anna)  # a rollback took the removal back
    assert done.exit_code == 0, done.output


def test_an_episode_that_was_moved_to_a_later_date_goes_live_then(anna, ben):
    edit(anna, 2, "2020-01-03", "2040-01-03")
    assert publish(anna, "--allow", "removed").exit_code == 0
    assert REMOVED in publish(ben).output
    shutil.copy(anna / "episodes/002-talk.md", ben / "episodes/002-talk.md")
    assert run(ben, "plan").exit_code == 0
    done = publish(ben, "--at", "2041-01-01")
    assert done.exit_code == 0, done.output
    assert "Talk 2" in live_feed(anna)


def test_a_removal_counts_although_the_publish_died_after_its_feed_went_live(anna, ben, monkeypatch):
    def kill(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(state_writer.StateWriter, "finish", kill)
        assert run(anna, "unpublish", "2", "--yes").exit_code != 0
    assert "Talk 2" not in live_feed(anna)
    assert REMOVED in publish(ben).output


def test_a_removed_episode_comes_back_from_a_commit_after_its_removal(origin):
    behind = clone(origin, "behind")
    git(origin, "mv", "episodes/002-talk.md", "removed.md")
    git(origin, "commit", "-qm", "Remove")
    assert publish(origin, "--allow", "removed").exit_code == 0
    assert REMOVED in publish(behind).output
    shallow = clone(behind, "shallow", "--depth", "1")
    assert REMOVED in publish(shallow).output
    git(origin, "revert", "--no-edit", "HEAD")
    done = publish(clone(origin, "full"))
    assert done.exit_code == 0, done.output
    assert "Talk 2" in live_feed(origin)


def test_a_revoked_private_feed_is_not_restored_from_an_older_list(anna, ben):
    """Nor from a list that was edited on top of an older one; a run without the list changes nothing."""
    assert run(anna, "private", "--add", "Ann", "--add", "Bo").exit_code == 0
    assert publish(anna).exit_code == 0
    for name in ("subscribers.txt", "subscribers.key"):
        shutil.copy(anna / name, ben)
    assert run(ben, "plan").exit_code == 0
    assert run(anna, "private", "--revoke", "Bo").exit_code == 0
    assert publish(anna).exit_code == 0
    private_feeds = shows.tree(anna.parent / "site/private")
    edit(ben, 2, "One paragraph", "Another paragraph")
    done = publish(ben)
    assert done.exit_code == 5, done.output
    assert "the list of private feeds would go back to an earlier version" in done.output
    assert "--take-back subscribers" in done.output
    assert run(ben, "private", "--add", "Cy").exit_code == 0
    assert "the list of private feeds was edited here on top of an older version" in publish(ben).output
    (ben / "subscribers.txt").rename(ben / "list")
    assert publish(ben).exit_code == 0
    assert shows.tree(anna.parent / "site/private") == private_feeds
    shutil.copy(anna / "subscribers.txt", ben)
    assert publish(ben).exit_code == 0
    (ben / "list").rename(ben / "subscribers.txt")
    assert publish(ben, "--take-back", "subscribers").exit_code == 0
    assert b"Bo" not in (anna.parent / "site/.podcast-kit/state.json").read_bytes()


def test_a_new_episode_of_a_colleague_is_pulled_and_not_removed(anna, ben):
    shows.add(anna, 3)
    assert publish(anna).exit_code == 0
    edit(ben, 2, "One paragraph", "Another paragraph")
    done = publish(ben)
    assert done.exit_code == 1
    assert "the live feed has “Talk 3”, published just now" in done.output
    advice = done.output[done.output.index("the live feed has") :]
    assert advice.index("git pull") < advice.index("--remove")
    (anna / "episodes/003-talk.md").unlink()
    done = publish(anna)
    assert "to confirm: --remove" in done.output
    assert "git pull" not in done.output


@pytest.mark.parametrize("digest", ["of these entries", "of others"])
def test_first_publishes_without_a_common_lock_keep_the_enclosures(anna, ben, digest):
    if digest == "of others":  # as where a store without conditions has the state of a third publisher
        state = live_state(anna) | {"lock": "0123456789abcdef"}
        (anna.parent / "site/.podcast-kit/state.json").write_text(json.dumps(state))
    (ben / "podcast.lock").unlink()
    shutil.rmtree(ben / "build")
    shutil.rmtree(ben / ".podcast-kit")
    enclosures = [line for line in live_feed(anna).splitlines() if "<enclosure" in line]
    edit(ben, 1, "Talk 1", "Better title")
    assert "--take-back 001-talk" in publish(ben).output  # nothing shows what the edit was made on
    done = publish(ben, "--take-back", "1")
    assert done.exit_code == 0, done.output
    assert "podcast.lock: added what was published elsewhere: 001-talk, 002-talk" in done.output
    assert "Better title" in live_feed(anna)
    assert [line for line in live_feed(anna).splitlines() if "<enclosure" in line] == enclosures
    assert (ben / "podcast.lock").read_bytes() == (anna / "podcast.lock").read_bytes()


def test_pull_completes_the_lock_without_publishing(anna, ben):
    shows.add(anna, 3)
    assert publish(anna).exit_code == 0
    done = run(ben, "pull")
    assert done.exit_code == 0, done.output
    assert "003-talk" in done.output
    assert (ben / "podcast.lock").read_bytes() == (anna / "podcast.lock").read_bytes()
    assert run(ben, "pull").output == "podcast.lock is complete\n"


def test_addresses_of_early_files_are_neither_recorded_nor_pulled(anna, ben):
    shows.add(anna, 3, date="2040-01-01 08:00")
    assert publish(anna, "--ahead").exit_code == 0
    assert "003-talk" in (anna / "podcast.lock").read_text()
    assert "003-talk" not in json.dumps(live_state(anna))
    assert run(ben, "pull").output == "podcast.lock is complete\n"


def test_a_rollback_sets_the_lineage_back(anna):
    edit(anna, 1, "Talk 1", "Better title")
    assert publish(anna).exit_code == 0
    assert run(anna, "rollback", "--yes").exit_code == 0
    assert "Better title" not in live_feed(anna)
    done = publish(anna)
    assert done.exit_code == 0, done.output
    assert "Better title" in live_feed(anna)


def test_status_and_plan_say_who_published_last(anna, monkeypatch):
    assert "last published just now" in run(anna, "status").output
    assert "on a computer outside CI" in run(anna, "plan").output
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("CI_JOB_ID", "42")
    monkeypatch.setenv("CI_JOB_URL", "https://ci.example/private-name/42")
    edit(anna, 1, "Talk 1", "Better title")
    assert publish(anna).exit_code == 0
    assert "by GitLab CI (run 42)" in run(anna, "status").output
    assert b"private-name" not in (anna.parent / "site/.podcast-kit/state.json").read_bytes()
    monkeypatch.setenv("CI_PROJECT_VISIBILITY", "public")
    edit(anna, 1, "Better title", "Best title")
    assert publish(anna).exit_code == 0
    assert json.loads(run(anna, "status", "--json").stdout)["published"]["run"] == "https://ci.example/private-name/42"


def test_a_record_of_version_0_1_is_upgraded_by_the_first_publish(anna):
    path = anna.parent / "site/.podcast-kit/state.json"
    old = {
        key: value for key, value in live_state(anna).items() if key not in {"published", "sources", "lock", "recent"}
    }
    path.write_text(json.dumps(old | {"schema": 1}))
    assert publish(anna).exit_code == 0
    state = live_state(anna)
    assert state["schema"] == 2
    assert len(state["sources"]) == 6
    assert len(state["recent"]["lock"]) == 2


def test_many_versions_move_out_of_the_state(anna, ben, monkeypatch):
    monkeypatch.setattr(state_writer, "MAX_RECENT_BYTES", 10)
    edit(anna, 1, "Talk 1", "Better title")
    assert publish(anna).exit_code == 0
    assert live_state(anna)["history"] is True
    assert "recent" not in live_state(anna)
    shutil.rmtree(ben / ".podcast-kit")
    edit(ben, 2, "One paragraph", "Another paragraph")
    assert publish(ben).exit_code == 5
    (ben / "podcast.lock").unlink()
    assert "001-talk, 002-talk" in run(ben, "pull").output
    (anna.parent / "site/.podcast-kit/state.json").unlink()
    assert publish(ben).exit_code == 5


def git(folder, *arguments):
    settings = ("-c", "user.name=Anna", "-c", "user.email=a@pod.example", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *settings, *map(str, arguments)], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def origin(anna):
    """The show in git, published from its first commit."""
    (anna / ".gitignore").write_text(".podcast-kit/\nbuild/\n")
    git(anna, "init", "-q", "-b", "main")
    git(anna, "add", "-A")
    git(anna, "commit", "-qm", "One")
    edit(anna, 2, "One paragraph", "First paragraph")
    git(anna, "commit", "-qam", "Two")
    assert publish(anna).exit_code == 0
    git(anna, "commit", "-qam", "Lock", "--allow-empty")
    return anna


def clone(origin, name, *more):
    folder = origin.parent / name
    git(origin.parent, "clone", "-q", *more, f"file://{origin}", folder)
    return folder


def change_and_revert(origin):
    """An edit that CI publishes, another commit, and the revert of the edit."""
    edit(origin, 1, "Talk 1", "Better title")
    git(origin, "commit", "-qam", "Edit")
    assert publish(clone(origin, "first", "--depth", "1")).exit_code == 0
    git(origin, "revert", "--no-edit", "HEAD")


def test_a_real_revert_goes_live_from_a_full_clone(origin):
    change_and_revert(origin)
    edit(origin, 2, "First paragraph", "Better paragraph")
    git(origin, "commit", "-qam", "Other")
    done = publish(clone(origin, "full"))
    assert done.exit_code == 0, done.output
    assert "Better title" not in live_feed(origin)


def test_a_revert_just_after_the_edit_goes_live_from_a_shallow_clone(origin):
    change_and_revert(origin)
    done = publish(clone(origin, "shallow", "--depth", "1"))
    assert done.exit_code == 0, done.output
    assert "Better title" not in live_feed(origin)


def test_a_revert_that_a_shallow_clone_cannot_show_is_asked_about(origin):
    change_and_revert(origin)
    git(origin, "commit", "-qm", "Other", "--allow-empty")
    shallow = clone(origin, "shallow", "--depth", "1")
    done = publish(shallow)
    assert done.exit_code == 5
    assert "title of “Talk 1” would go back to an earlier version: live is “Better title”" in done.output
    assert "fetch-depth: 0" in done.output
    assert "--take-back 001-talk" in done.output
    assert publish(shallow, "--take-back", "001-talk").exit_code == 0


def test_a_clone_that_was_not_pulled_is_behind(origin):
    behind = clone(origin, "behind")
    edit(origin, 1, "Talk 1", "Title of Anna")
    git(origin, "commit", "-qam", "Edit")
    assert publish(origin).exit_code == 0
    edit(behind, 1, "Talk 1", "Title of Ben")
    done = publish(behind)
    assert done.exit_code == 5
    assert "edited here on top of an older version" in done.output
    assert f"from commit {git(origin, 'rev-parse', 'HEAD')[:8]}" in done.output
    git(behind, "commit", "-qam", "Mine")
    git(behind, "pull", "-q", "--no-rebase", "-X", "ours", "--no-edit")
    done = publish(behind)
    assert done.exit_code == 0, done.output
    assert "Title of Ben" in live_feed(origin)
    assert "of Anna" in run(behind, "status").output  # the author of the commit


def test_an_uncommitted_version_counts_once_it_is_committed_and_pulled(origin):
    edit(origin, 1, "Talk 1", "Title of Anna")
    assert publish(origin).exit_code == 0
    assert live_state(origin)["published"]["uncommitted"] is True
    behind = clone(origin, "behind")
    edit(behind, 1, "Talk 1", "Title of Ben")
    done = publish(behind)
    assert done.exit_code == 5
    assert "with uncommitted changes" in done.output
    git(origin, "commit", "-qam", "Edit")
    later = clone(origin, "later")
    edit(later, 1, "Title of Anna", "Title of Ben")
    done = publish(later)
    assert done.exit_code == 0, done.output


def test_new_commits_go_live_from_shallow_clones_without_a_question(origin):
    for number, title in enumerate(("Second", "Third", "Fourth")):
        notes = origin / "episodes/001-talk.md"
        notes.write_text(notes.read_text().replace("title: ", f"title: {title} "))
        git(origin, "commit", "-qam", title)
        git(origin, "commit", "-qm", "Other", "--allow-empty")
        done = publish(clone(origin, f"shallow{number}", "--depth", "1"))
        assert done.exit_code == 0, done.output
    assert "Fourth Third Second Talk 1" in live_feed(origin)


def test_a_checkout_that_is_behind_writes_nothing_and_a_fresh_one_asks_three_times(bucket, tmp_path):
    anna = shows.small(tmp_path / "anna", episodes=2)
    fresh_files = shutil.ignore_patterns(".podcast-kit", "build", "podcast.lock")
    with network.Proxy(bucket.endpoint) as proxy:
        place = ("--to", f"s3://{bucket.name}", "--endpoint", proxy.endpoint, "--url", bucket.url)

        def count_requests(show, *arguments):
            before = len(proxy.requests)
            done = run(show, *arguments, *place)
            return done, [request.method for request in proxy.requests[before:]]

        assert publish(anna, *place).exit_code == 0
        ben = shutil.copytree(anna, tmp_path / "ben", ignore=fresh_files)
        done, methods = count_requests(ben, "publish", "--yes", "--no-check")
        assert "nothing to do" in done.output
        assert methods in (["GET", "GET"], ["GET", "GET", "GET"])
        edit(anna, 1, "Talk 1", "Better title")
        done, methods = count_requests(anna, "publish", "--yes", "--no-check")
        assert done.exit_code == 0, done.output
        assert methods[:2] == ["GET", "GET"]
        edit(ben, 2, "One paragraph", "Another paragraph")
        done, methods = count_requests(ben, "publish", "--yes", "--no-check")
        assert done.exit_code == 5, done.output
        assert set(methods) <= {"GET"}
        assert "title of “Talk 1” would go back" in done.output


def test_the_record_is_read_before_the_sources(bucket, tmp_path):
    anna = shows.small(tmp_path / "anna", episodes=1)
    text_when_read = []

    def edit_while_the_record_is_read(request):
        notes = anna / "episodes/001-talk.md"
        if request.path.endswith("state.json") and request.method == "GET" and not text_when_read:
            text_when_read.append(notes.read_text())
            notes.write_text(notes.read_text().replace("Talk 1", "Edited just now"))

    with network.Proxy(bucket.endpoint, edit_while_the_record_is_read) as proxy:
        place = ("--to", f"s3://{bucket.name}", "--endpoint", proxy.endpoint, "--url", bucket.url)
        assert publish(anna, *place).exit_code == 0
    feed = run(anna, "status", "--json", "--to", f"s3://{bucket.name}", "--endpoint", bucket.endpoint).stdout
    assert "Talk 1" in text_when_read[0]
    assert "Edited just now" in feed


def test_a_publish_that_died_after_its_feed_went_live_is_not_taken_back(anna, ben):
    """The record still has the older version, but says what the live feed was made from."""
    before = live_state(anna)
    edit(anna, 1, "Talk 1", "Better title")
    shows.add(anna, 3)
    assert publish(anna).exit_code == 0
    after = live_state(anna)
    feed_sha256 = hashlib.sha256((anna.parent / "site/feed.xml").read_bytes()).hexdigest()
    pending = {
        "feed": feed_sha256,
        "published": after["published"],
        "sources": {unit: text for unit, text in after["sources"].items() if text != before["sources"].get(unit)},
        "lock": after["lock"],
        "recent": after["recent"],
    }
    killed = after | {key: before[key] for key in ("published", "sources", "lock", "recent")} | {"pending": [pending]}
    (anna.parent / "site/.podcast-kit/state.json").write_text(json.dumps(killed))
    (anna / "episodes/003-talk.md").rename(ben / "episodes/003-talk.md")
    done = publish(ben)
    assert done.exit_code == 5, done.output
    assert "title of “Talk 1” would go back" in done.output
    assert "003-talk" in run(ben, "pull").output


@pytest.mark.parametrize("has_room", [True, False])
def test_a_publish_of_pages_does_not_forget_a_feed_that_is_just_being_swapped(anna, ben, copy, monkeypatch, has_room):
    """Ben, who changes a template only, begins after Anna's last look at the state, and ends before her feed is there.

    The record, which is Ben's then, must know from what Anna's feed was made, even where it has no room for more.
    """
    (ben / "templates").mkdir()
    (ben / "templates/embed.html").write_text("<p>small player</p>")
    swap = waves.compare_and_swap

    def let_ben_publish_first(*arguments):
        monkeypatch.setattr(waves, "compare_and_swap", swap)
        with monkeypatch.context() as patch:
            if not has_room:
                patch.setattr(lineage, "MAX_PENDING", 1)
            done = publish(ben)
        assert done.exit_code == 0, done.output
        return swap(*arguments)

    monkeypatch.setattr(waves, "compare_and_swap", let_ben_publish_first)
    edit(anna, 1, "Talk 1", "Better title")
    assert publish(anna).exit_code == 0
    assert "Better title" in live_feed(anna)
    edit(copy, 2, "One paragraph", "Another paragraph")
    done = publish(copy)
    assert done.exit_code == 5, done.output
    assert "title of “Talk 1” would go back to an earlier version: live is “Better title”" in done.output
    assert publish(anna).exit_code == 5  # she does not have Ben's template
    shutil.copytree(ben / "templates", anna / "templates")
    assert publish(anna).exit_code == 0
    assert "Better title" in (anna.parent / "site/episodes/001-talk/index.html").read_text()
    assert "nothing to do" in publish(anna).output


@pytest.mark.parametrize("moment", ["", "private/", "feed.xml", ".podcast-kit/state.json"])
def test_a_feed_revoked_while_someone_else_publishes_stays_revoked(anna, ben, monkeypatch, moment):
    assert run(anna, "private", "--add", "Ann", "--add", "Bo").exit_code == 0
    assert publish(anna).exit_code == 0
    for name in ("subscribers.txt", "subscribers.key"):
        shutil.copy(anna / name, ben)
    links = json.loads(run(anna, "private", "--json").stdout)["subscribers"]
    (bo,) = [row["feed"] for row in links if row["name"] == "Bo"]
    feed_file = anna.parent / "site/private" / bo.rpartition("private/")[2]
    assert b"Talk 2" in feed_file.read_bytes()
    edit(ben, 2, "One paragraph", "Another paragraph")
    real_put, is_revoked = FolderStore.put, False

    def put_after_revocation(store, upload, *arguments, **options):
        nonlocal is_revoked
        if not is_revoked and upload.key.startswith(moment):
            is_revoked = True
            assert run(anna, "private", "--revoke", "Bo").exit_code == 0
            assert publish(anna).exit_code == 0
        return real_put(store, upload, *arguments, **options)

    monkeypatch.setattr(FolderStore, "put", put_after_revocation)
    publish(ben)
    assert is_revoked
    edit(ben, 1, "One paragraph", "Another paragraph")
    again = publish(ben)
    assert again.exit_code == 5, again.output
    assert "the list of private feeds would go back to an earlier version" in again.output
    assert not feed_file.exists()
