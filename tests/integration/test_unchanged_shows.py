"""A command for a show that nobody touched does nothing, and prints what it printed; after a change it does it all."""

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import Executor, Future
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import hypothesis
import pytest
from click.testing import CliRunner
from hypothesis import strategies

from podcast_kit import builder
from podcast_kit.cli import cli, last_runs, network_records, show_runs
from podcast_kit.io import file_stamps
from podcast_kit.source.lock import render_lock
from tests.support import networks, output_trees, shows

RECORD = ".podcast-kit/last-run.json"
HOUR_NS = 3600 * 10**9
"""Longer than a slow machine takes."""


def run(show, *arguments, **settings):
    return CliRunner().invoke(cli, [*arguments, "-C", str(show)], **settings)


@pytest.fixture
def show(tmp_path):
    return make_show(tmp_path / "show")


@pytest.fixture(scope="module")
def same_show(tmp_path_factory):
    """A show for tests that leave it as it was."""
    return make_show(tmp_path_factory.mktemp("same") / "show")


def make_show(folder):
    """A show with warnings, a draft, a scheduled episode and a template of its own."""
    shows.small(folder, notes="One paragraph.\n\n<blink>now</blink>\n")
    shows.add(folder, 2, draft="true")
    shows.add(folder, 3, date=f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d %H:%M}")
    (folder / "episodes/notes.markdown").write_text("Not an episode.")
    (folder / "templates").mkdir()
    (folder / "templates/404.html").write_text("<html lang=en><title>Not here</title></html>")
    return folder


def refuse_build(*_, **__):
    raise AssertionError("was built")


def is_built(show, *arguments):
    """Whether a command builds the show instead of taking what the last run found."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder, "build", refuse_build)
        return isinstance(run(show, *arguments).exception, AssertionError)


def printed(result):
    return result.exit_code, result.stdout, result.stderr


RUNS = [
    ("build",),
    ("build", "--json"),
    ("build", "-q"),
    ("build", "-v"),
    ("build", "--jobs", "1"),
    ("check",),
    ("check", "--json"),
    ("check", "--strict"),
    ("check", "--format", "gitlab"),
    ("check", "--platform", "apple"),
]


@pytest.mark.parametrize("arguments", RUNS, ids=" ".join)
def test_unchanged_show_is_not_built_and_everything_is_printed_again(same_show, arguments):
    show = same_show
    first = run(show, *arguments)
    assert not first.exception or isinstance(first.exception, SystemExit)
    assert not is_built(show, *arguments)
    unchanged = printed(run(show, *arguments))
    (show / RECORD).unlink()
    assert printed(run(show, *arguments)) == unchanged
    assert any("warning" in text for text in (first.stderr, first.stdout)) or "-q" in arguments


def test_lines_name_files_from_the_working_folder(same_show, monkeypatch):
    show = same_show
    run(show, "build")
    monkeypatch.chdir(show / "episodes")
    unchanged = CliRunner().invoke(cli, ["build"])
    (show / RECORD).unlink()
    assert printed(CliRunner().invoke(cli, ["build"])) == printed(unchanged)
    assert "warning" in unchanged.stderr


def test_check_after_a_build_adds_its_result(same_show):
    show = same_show
    (show / RECORD).unlink(missing_ok=True)
    run(show, "build")
    assert is_built(show, "check")
    run(show, "check")
    assert not is_built(show, "check")
    assert not is_built(show, "build")
    assert is_built(show, "check", "--platform", "apple")


@pytest.mark.parametrize(
    "arguments",
    [
        ("build", "--at", "2031-01-01"),
        ("build", "--url", "https://other.example/"),
        ("build", "--retag", "001-talk"),
        ("check", "--at", "2031-01-01"),
        ("check", "--untrusted"),
        ("check", "--loudness"),
        ("check", "001-talk"),
    ],
    ids=" ".join,
)
def test_options_that_ask_for_more_are_carried_out(same_show, arguments):
    run(same_show, arguments[0])
    assert not is_built(same_show, arguments[0])
    assert is_built(same_show, *arguments)


def edit_with_same_size_and_time(path):
    status = path.stat()
    data = path.read_bytes()
    path.write_bytes(data.replace(b"paragraph", b"pilcrows!"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


CHANGES = {
    "notes": lambda show: (show / "episodes/001-talk.md").write_text(
        "---\ntitle: New\ndate: 2020-01-02\nguid: g\n---\nparagraph\n"
    ),
    "notes of the same size and time": lambda show: edit_with_same_size_and_time(show / "episodes/001-talk.md"),
    "settings": lambda show: replace_text(show / "podcast.yaml", "A small show", "A large show"),
    "a touched recording": lambda show: os.utime(show / "episodes/001-talk.mp3"),
    "a deleted episode": lambda show: (show / "episodes/009-talk.md").unlink(),
    "a template": lambda show: (show / "templates/404.html").write_text("<html lang=en><title>Gone</title></html>"),
    "a static file": lambda show: add_file(show / "static/CNAME", "pod.example"),
    "a page": lambda show: add_file(show / "pages/about.md", "---\ntitle: About\n---\nUs.\n"),
    "a lock": lambda show: (show / "podcast.lock").write_bytes(render_lock([])),
    "a network": lambda show: (show.parent / "shows.yaml").write_text("title: Shows\nshows: [show]\n"),
    "an output deleted": lambda show: (show / "build/feed.xml").unlink(),
    "an output altered": lambda show: (show / "build/index.html").write_text("altered"),
    "media altered": lambda show: next((show / "build/media").glob("*/*.mp3")).write_bytes(b"altered"),
    "an output added": lambda show: (show / "build/media/extra").mkdir(),
    "all outputs deleted": lambda show: shutil.rmtree(show / "build"),
    "the cache deleted": lambda show: shutil.rmtree(show / ".podcast-kit"),
    "the record damaged": lambda show: (show / RECORD).write_text('{"version": 1}'),
    "the record cut": lambda show: os.truncate(show / RECORD, 100),
}


def replace_text(path, old, new):
    path.write_text(path.read_text().replace(old, new))


def add_file(path, text):
    path.parent.mkdir()
    path.write_text(text)


@pytest.fixture(scope="module")
def edited_show(tmp_path_factory):
    """A show of which each test changes something."""
    folder = tmp_path_factory.mktemp("edited") / "show"
    make_show(folder)
    shows.add(folder, 9)
    return folder


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_show_is_built_after_a_change(edited_show, change):
    run(edited_show, "build")
    assert not is_built(edited_show, "build")
    change(edited_show)
    assert is_built(edited_show, "build")


def test_build_after_a_change_is_that_of_a_new_copy(show, tmp_path):
    run(show, "build")
    edit_with_same_size_and_time(show / "episodes/001-talk.md")
    (show / "build/feed.xml").unlink()
    run(show, "build")
    clean = shutil.copytree(show, tmp_path / "clean", ignore=shutil.ignore_patterns("build", ".podcast-kit"))
    run(clean, "build")
    assert shows.tree(show / "build") == shows.tree(clean / "build")


class LaterDatetime(datetime):
    """The clock in three days."""

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + timedelta(days=3)


class EarlierDatetime(datetime):
    """A clock that was set back by a minute."""

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) - timedelta(minutes=1)


@pytest.mark.parametrize("clock", [LaterDatetime, EarlierDatetime])
def test_show_is_built_when_an_episode_is_due_or_the_clock_was_set_back(same_show, monkeypatch, clock):
    run(same_show, "build")
    monkeypatch.setattr(last_runs, "datetime", clock)
    assert is_built(same_show, "build")


def test_show_without_scheduled_episodes_is_unchanged_for_years(tmp_path, monkeypatch):
    show = shows.small(tmp_path / "show")
    run(show, "build")
    monkeypatch.setattr(last_runs, "datetime", LaterDatetime)
    assert not is_built(show, "build")


def test_show_is_built_by_another_version(same_show, monkeypatch):
    run(same_show, "build")
    monkeypatch.setattr(last_runs, "stamp_program", lambda _: "another")
    assert is_built(same_show, "build")


@pytest.mark.parametrize("name", last_runs.ENVIRONMENT)
def test_show_is_built_in_another_environment(same_show, monkeypatch, name):
    run(same_show, "build")
    monkeypatch.setenv(name, "1")
    assert is_built(same_show, "build")


def test_show_that_was_moved_is_built(show, tmp_path):
    run(show, "build")
    show.rename(tmp_path / "moved")
    assert is_built(tmp_path / "moved", "build")


def test_record_that_came_along_with_a_show_is_not_used(show, tmp_path):
    run(show, "build")
    copy = tmp_path / "copy"
    shutil.copytree(show, copy, copy_function=shutil.copy2)
    assert is_built(copy, "build")


def test_template_behind_a_link_is_followed(show, tmp_path):
    (show / "templates").rename(tmp_path / "shared")
    (show / "templates").symlink_to(tmp_path / "shared")
    run(show, "build")
    (tmp_path / "shared/404.html").write_text("<html lang=en><title>Gone</title></html>")
    assert is_built(show, "build")


def test_errors_are_found_again(show):
    (show / "episodes/001-talk.md").write_text("---\ntitle: [\n---\n")
    assert run(show, "build").exit_code == 1
    assert is_built(show, "build")
    assert not (show / RECORD).exists()


def test_recent_edit_is_read_once_more_and_then_remembered(show, monkeypatch):
    (show / "episodes/001-talk.md").write_text((show / "episodes/001-talk.md").read_text() + "\nMore.\n")
    monkeypatch.setattr(file_stamps, "TICK_NS", HOUR_NS)
    run(show, "build")
    assert str(show / "episodes/001-talk.md") in json.loads((show / RECORD).read_text())["recent"]
    assert not is_built(show, "build")
    monkeypatch.setattr(file_stamps, "TICK_NS", 0)
    assert not is_built(show, "build")
    assert json.loads((show / RECORD).read_text())["recent"] == {}
    assert not is_built(show, "build")


def test_document_is_printed_only_from_a_run_that_had_one(show):
    run(show, "build")
    assert is_built(show, "build", "--json")
    run(show, "build", "--json")
    run(show, "build")
    assert not is_built(show, "build", "--json")
    (show / ".podcast-kit/last-run.document.json").write_text("[]")
    assert is_built(show, "build", "--json")


def test_show_of_a_network_depends_on_it(tmp_path):
    network = networks.network(tmp_path / "net")
    show = network / "shows/one"
    run(show, "build")
    assert not is_built(show, "build")
    (network / "shows/two/episodes/001-talk.md").write_text("other")
    assert not is_built(show, "build")
    replace_text(network / "shows.yaml", "author: Tester", "author: Another")
    assert is_built(show, "build")


def test_network_without_a_page_builds_no_unchanged_show(tmp_path):
    text = re.sub(r"(?m)^(description|guid|publish): .*\n", "", networks.SHOWS_FILE)
    network = networks.network(tmp_path / "net", shows_file=text)
    run(network, "build", "--all", "--json")
    unchanged = printed(run(network, "build", "--all", "--json"))
    assert unchanged[0] == 0
    for show in (network / "shows").iterdir():
        (show / RECORD).unlink(missing_ok=True)
    assert printed(run(network, "build", "--all", "--json")) == unchanged
    assert not is_any_built(network, "build", "--all")
    replace_text(network / "shows/two/episodes/001-talk.md", "Talk", "Speech")
    assert is_any_built(network, "build", "--all")


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A network with a page."""
    return networks.network(tmp_path_factory.mktemp("network") / "net")


@pytest.fixture
def ticking(monkeypatch):
    """The clock of the file system has ticked since the last run, as it has some seconds later."""
    monkeypatch.setattr(file_stamps, "TICK_NS", 0)
    monkeypatch.setattr(network_records, "TICK_NS", 0)


class SameProcess(Executor):
    """Runs the commands of shows here, where `build` is replaced: another process may have been started without."""

    def submit(self, function, /, *arguments, **options):
        future = Future()
        future.set_result(function(*arguments, **options))
        return future


def is_any_built(network, *arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(show_runs, "_open_pool", lambda *_: nullcontext(SameProcess()))
        patch.setattr(builder, "build", refuse_build)
        return "was built" in run(network, *arguments).output


@pytest.mark.parametrize(
    "arguments", [("build", "--all"), ("build", "--all", "--json"), ("check", "--all")], ids=" ".join
)
@pytest.mark.usefixtures("ticking")
def test_network_of_unchanged_shows_prints_everything_again(network, arguments):
    run(network, *arguments)
    unchanged = printed(run(network, *arguments))
    assert unchanged[0] == 0
    assert (network / RECORD).exists()
    assert not is_any_built(network, *arguments)
    again = printed(run(network, *arguments))
    assert again == unchanged
    assert "ok " in again[2]


NETWORK_CHANGES = {
    "an episode": lambda network: replace_text(network / "shows/two/episodes/001-talk.md", "Talk", "Speech"),
    "shows.yaml": lambda network: replace_text(network / "shows.yaml", "Small", "Large"),
    "an output of a show": lambda network: (network / "shows/one/build/feed.xml").write_text("altered"),
    "an output of the page": lambda network: (network / "build/index.html").unlink(),
    "a static file": lambda network: add_file(network / "static/CNAME", "net.example"),
}


@pytest.mark.parametrize("change", NETWORK_CHANGES.values(), ids=NETWORK_CHANGES)
@pytest.mark.usefixtures("ticking")
def test_network_is_built_after_a_change(network, change):
    run(network, "build", "--all")
    run(network, "build", "--all")
    assert not is_any_built(network, "build", "--all")
    change(network)
    assert is_any_built(network, "build", "--all")


def test_network_that_was_written_in_the_last_seconds_is_built_again(network, monkeypatch):
    monkeypatch.setattr(file_stamps, "TICK_NS", HOUR_NS)
    run(network, "build", "--all")
    run(network, "build", "--all")
    assert is_any_built(network, "build", "--all")


def test_two_builds_at_once_leave_a_record_of_what_is_there(show, tmp_path):
    run(show, "build")
    command = [sys.executable, "-m", "podcast_kit", "build", "-q", "-C", str(show)]
    for number in range(2):
        replace_text(show / "podcast.yaml", "small show", f"small show {number}")
        first = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        replace_text(show / "episodes/001-talk.md", "Talk 1", f"Talk 1{number}")
        second = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        assert (first.wait(), second.wait()) == (0, 0)
    run(show, "build")
    clean = shutil.copytree(show, tmp_path / "clean", ignore=shutil.ignore_patterns("build", ".podcast-kit"))
    run(clean, "build")
    assert shows.tree(show / "build") == shows.tree(clean / "build")


def test_run_that_is_killed_before_its_record_is_written_is_no_record(show, monkeypatch):
    run(show, "build")
    replace_text(show / "podcast.yaml", "A small show", "A large show")

    def end(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(last_runs, "write_last_run", end)
        assert run(show, "build").exit_code == 130
    assert is_built(show, "build")


HEAVY = {"boto3", "botocore", "jinja2", "lxml", "yaml", "markdown_it", "nh3", "mutagen", "PIL", "feedgen", "sqlite3"}
IMPORTED = """
import sys
from podcast_kit.cli import run_command_line
sys.argv = ["podcast-kit", *{arguments!r}]
try:
    run_command_line()
except SystemExit as end:
    assert not end.code, end.code
print("imported:", *sorted({{name.split(".")[0] for name in sys.modules}}))
"""


def run_and_list_imports(show, *arguments):
    """The exit code, what was printed, and the top-level modules that a process has imported."""
    source = IMPORTED.format(arguments=[*arguments, "-C", str(show)])
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    output, _, names = done.stdout.rpartition("imported:")
    return (0, output, done.stderr), set(names.split())


@pytest.mark.parametrize("arguments", [("build",), ("build", "--json"), ("check",)], ids=" ".join)
def test_unchanged_show_imports_no_library(same_show, arguments):
    result = run(same_show, *arguments)
    again, imported = run_and_list_imports(same_show, *arguments)
    assert imported & HEAVY == set()
    assert again[1].partition('"made"')[2].partition("\n")[2] == result.stdout.partition('"made"')[2].partition("\n")[2]


RARELY_NEEDED = {
    *("podcast_kit.builder.episode_tasks", "podcast_kit.builder.held_episodes", "podcast_kit.builder.recorded_work"),
    *("podcast_kit.audio.mp4", "podcast_kit.audio.ogg", "podcast_kit.audio.riff", "podcast_kit.audio.mastering"),
    *("podcast_kit.source.core_keys", "podcast_kit.site.stats_page"),
    *("podcast_kit.feed.reader", "podcast_kit.stores", "boto3", "mutagen.mp4", "PIL", "av", "segno"),
}


def test_edit_of_a_note_imports_nothing_that_other_episodes_would_need(show):
    run(show, "build")
    notes = next(show.glob("episodes/*.md"))
    notes.write_text(f"{notes.read_text()}\nOne more paragraph.\n")
    names = IMPORTED.replace('name.split(".")[0] for name', "name for name")
    source = names.format(arguments=["build", "-C", str(show)])
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    imported = set(done.stdout.rpartition("imported:")[2].split())
    assert imported & RARELY_NEEDED == set()


@pytest.fixture
def published(tmp_path, bucket):
    """A show that is published to a bucket, and the bucket's store."""
    show = make_show(tmp_path / "show")
    target = f"publish: {{url: '{bucket.url}', to: 's3://{bucket.name}', endpoint: '{bucket.endpoint}'}}"
    replace_text(show / "podcast.yaml", "publish: {url: 'https://pod.example/', to: public}", target)
    assert run(show, "publish", "--yes", "--no-check").exit_code == 0
    return show, output_trees.open_bucket_store(bucket)


@pytest.mark.parametrize(
    "arguments", [("publish",), ("publish", "--json"), ("publish", "--events", "--yes")], ids=" ".join
)
def test_publish_of_an_unchanged_show_builds_nothing_and_imports_no_store(published, arguments):
    show, _ = published
    asked = printed(run(show, *arguments))
    again, imported = run_and_list_imports(show, *arguments)
    assert again == asked
    assert imported & HEAVY == set()
    assert not is_built(show, "publish")
    assert is_built(show, "publish", "--refresh")


def test_publish_notices_a_changed_store_a_changed_show_and_a_lost_memo(published):
    show, store = published
    run(show, "publish")
    assert not is_built(show, "publish")
    replace_text(show / "episodes/001-talk.md", "Talk 1", "Edited")
    assert is_built(show, "publish")
    run(show, "publish", "--yes", "--no-check")
    run(show, "publish")
    assert not is_built(show, "publish")
    store.put(output_trees.make_upload("feed.xml", store.get("feed.xml").content + b"<!-- by hand -->"))
    assert is_built(show, "publish")
    run(show, "publish", "--yes", "--no-check")
    assert b"by hand" not in store.get("feed.xml").content
    run(show, "publish")
    (show / ".podcast-kit/published.json").unlink()
    assert is_built(show, "publish")


def edit_notes(show, number):
    path = show / f"episodes/00{1 + number % 2}-talk.md"
    path.write_text(path.read_text() + f"\nLine {number}.\n")


def date_back(show, number):
    edit_notes(show, number)
    os.utime(show / f"episodes/00{1 + number % 2}-talk.md", (number, number))


def rename_notes(show, number):
    old, new = show / "episodes/002-talk.md", show / f"episodes/00{7 + number % 2}-talk.md"
    if old.exists():
        old.rename(new)
        (show / "episodes/002-talk.mp3").rename(new.with_suffix(".mp3"))


def remove_notes(show, _number):
    (show / "episodes/002-talk.md").unlink(missing_ok=True)


def retitle(show, number):
    replace_text(show / "podcast.yaml", "small", f"small{number}")


def tamper(show, number):
    files = sorted(path for path in (show / "build").rglob("*") if path.is_file())
    if files:
        files[number % len(files)].write_bytes(b"altered")


def delete_output(show, number):
    files = sorted(path for path in (show / "build").rglob("*") if path.is_file())
    if files:
        files[number % len(files)].unlink()


EDITS = (edit_notes, date_back, rename_notes, remove_notes, retitle, tamper, delete_output)
STEPS = strategies.lists(strategies.tuples(strategies.sampled_from(EDITS), strategies.integers(0, 30)), max_size=3)


@pytest.mark.slow
@hypothesis.settings(max_examples=8, suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(rounds=strategies.lists(STEPS, min_size=1, max_size=3))
def test_after_any_edits_a_build_is_that_of_a_new_copy(rounds, tmp_path_factory):
    folder = tmp_path_factory.mktemp("edits")
    show = shows.small(folder / "show", episodes=2)
    run(show, "build")
    for steps in rounds:
        for edit, number in steps:
            if (show / "episodes/002-talk.md").exists() or edit in (retitle, tamper, delete_output, remove_notes):
                edit(show, number)
        assert run(show, "build").exit_code == 0
    clean = shutil.copytree(show, folder / "clean", ignore=shutil.ignore_patterns("build", ".podcast-kit"))
    run(clean, "build")
    assert shows.tree(show / "build") == shows.tree(clean / "build")
