"""A build takes unchanged episodes from the record of the last one, and comes out as if it had no record."""

import os
import pickle
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from podcast_kit import builder
from podcast_kit.builder import episode, value_pickles
from podcast_kit.builder.episode_record import EPISODES_FILE
from podcast_kit.builder.value_pickles import UnkeptValueError, pickle_value, unpickle_value
from podcast_kit.errors import InvalidInput, Problem, Severity, SourceLocation
from podcast_kit.feed import json_feed, rss
from podcast_kit.model import Episode
from podcast_kit.source import project
from podcast_kit.text.compact_texts import move_texts
from tests.support.shows import add, small, tree

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOTES = "A talk.\n\n0:00 Opening\n0:01 Middle\n0:02 Close\n\n![A face](face.jpg)\n"
VTT = "WEBVTT\n\n00:00.000 --> 00:04.000\nHello and welcome.\n"
EPISODES = 3


@pytest.fixture
def parsed(monkeypatch):
    """The notes that are parsed and the episodes that are built, by name."""
    names = []
    parse, build = project.episodes.parse_episode, episode.build_episode

    def record_parse(data, context, problems):
        names.append(f"parse {context.slug}")
        return parse(data, context, problems)

    def record_build(context, built, audio):
        names.append(f"build {built.slug}")
        return build(context, built, audio)

    monkeypatch.setattr(project.episodes, "parse_episode", record_parse)
    monkeypatch.setattr(builder.many_episodes, "build_episode", record_build)
    return names


def make_show(folder):
    show = small(folder, episodes=EPISODES, notes=NOTES)
    Image.new("RGB", (400, 400), "#998877").save(show / "cover.jpg")  # a large one takes long to make smaller
    Image.new("RGB", (300, 300), "#223344").save(show / "episodes" / "face.jpg")
    (show / "episodes" / "talk.vtt").write_text(VTT)
    (show / "podcast.yaml").write_text((show / "podcast.yaml").read_text() + "people: [{name: Ann, image: face.jpg}]\n")
    shutil.copy(show / "episodes" / "face.jpg", show / "face.jpg")
    settle(show)
    return show


def settle(folder):
    """Wait until what was written is older than the file system's clock."""
    written = max(path.lstat().st_ctime_ns for path in folder.rglob("*"))
    probe = folder.with_name("clock")
    while True:
        probe.write_text("")
        if probe.stat().st_mtime_ns > written:
            return
        time.sleep(0.002)


def build(folder, **options):
    with builder.open_episode_record(folder) as record:
        show = project.load_project(folder, keep_going=True, kept=record.readings)
        return builder.build(show, now=NOW, keep_going=True, record=record, **options)


def build_clean(folder, to):
    """The same show, built in another folder without anything that is kept."""
    if to.exists():
        shutil.rmtree(to)
    shutil.copytree(folder, to, ignore=shutil.ignore_patterns("build", ".podcast-kit"), symlinks=True)
    return builder.build(project.load_project(to, keep_going=True), now=NOW, keep_going=True)


def outcome(done):
    """What a build says, without its folder."""
    outputs = {
        key: (output.sha256, output.size, output.own_digest, output.moved_to, output.content_type)
        for key, output in done.outputs.items()
    }
    locations = [sorted(item.episode.locations.items()) for item in done.items]
    return done.items, locations, outputs, done.lock, done.problems, done.broken, done.drafts, done.sources


def assert_as_clean(folder):
    incremental = outcome(build(folder))
    clean = outcome(build_clean(folder, folder.with_name("clean")))
    for part, expected in zip(incremental, clean, strict=True):
        assert part == expected
    assert tree(folder / "build") == tree(folder.with_name("clean") / "build")


def test_an_unchanged_show_is_neither_parsed_nor_built(tmp_path, parsed):
    show = make_show(tmp_path / "show")
    build(show)
    assert len(parsed) == 2 * EPISODES
    parsed.clear()
    assert build(show).files_written == 0
    assert parsed == []
    assert_as_clean(show)


def test_an_edit_of_one_note_parses_and_builds_that_one(tmp_path, parsed):
    show = make_show(tmp_path / "show")
    build(show)
    parsed.clear()
    notes = show / "episodes/002-talk.md"
    notes.write_text(notes.read_text() + "\nOne more paragraph.\n")
    settle(show)
    build(show)
    assert parsed == ["parse 002-talk", "build 002-talk"]
    parsed.clear()
    build(show)
    assert parsed == []
    assert_as_clean(show)


def test_an_edit_renders_one_item_of_the_feed(tmp_path, monkeypatch):
    show = make_show(tmp_path / "show")
    build(show)
    rendered = []
    add_entry = rss._add_entry

    def record_entry(feed, show_, item, clean):
        rendered.append(item.episode.slug)
        add_entry(feed, show_, item, clean)

    monkeypatch.setattr(rss, "_add_entry", record_entry)
    edit_notes(show, 2)
    settle(show)
    build(show)
    assert rendered == ["002-talk"]
    edit_notes(show, 1)
    build(show)
    assert rendered == ["002-talk", "001-talk"]
    assert_as_clean(show)


def test_an_edit_renders_one_item_of_the_json_feed(tmp_path, monkeypatch):
    show = make_show(tmp_path / "show")
    build(show)
    rendered = []
    render = json_feed._item_object
    monkeypatch.setattr(
        json_feed, "_item_object", lambda of, item: (rendered.append(item.episode.slug), render(of, item))[1]
    )
    note = show / "episodes" / "002-talk.md"
    note.write_text(f"{note.read_text()}\nOne more line.\n")
    settle(show)
    build(show)
    assert rendered == ["002-talk"]
    assert_as_clean(show)


def test_builds_of_one_process_leave_nothing_behind_also_after_one_that_failed(tmp_path):
    show = make_show(tmp_path / "show")
    note = show / "episodes" / "002-talk.md"
    notes = note.read_text()
    with builder.open_episode_record(show) as record:

        def rebuild(text):
            note.write_text(text)
            record.start(is_saving=False)
            return builder.build(project.load_project(show, kept=record.readings), now=NOW, record=record)

        rebuild(notes)
        rebuild(f"{notes}\nOnce more, so that the tagged copy is another file.\n")
        (show / "templates").mkdir()
        (show / "templates" / "episode.html").write_text("{% if %}")
        with pytest.raises(InvalidInput):  # after the tagged copy was written
            rebuild(f"{notes}\nA third time.\n")
        (show / "templates" / "episode.html").unlink()
        last = rebuild(f"{notes}\nAnd a fourth time.\n")
    assert sorted(tree(show / "build")) == sorted(last.outputs)
    assert tree(show / "build") == tree(build_clean(show, tmp_path / "clean").folder)


def test_a_save_adds_only_what_has_changed_to_the_record(tmp_path, parsed):
    show = make_show(tmp_path / "show")
    build(show)
    path = show / ".podcast-kit" / EPISODES_FILE
    before = path.read_bytes()
    edit_notes(show, 2)
    settle(show)
    build(show)
    assert path.read_bytes().startswith(before)
    parsed.clear()
    assert build(show).files_written == 0
    assert parsed == []
    for _ in range(8):
        edit_notes(show, 2)
        settle(show)
        build(show)
    assert path.stat().st_size < 4 * len(before)
    assert_as_clean(show)


def test_pages_can_be_written_before_the_feeds(tmp_path):
    show = make_show(tmp_path / "show")
    build(show)
    page, feed = show / "build/episodes/002-talk/index.html", show / "build/feed.xml"
    seen = []

    def look():
        seen.append(("of this edit" in page.read_text(), "of this edit" in feed.read_text()))

    notes = show / "episodes/002-talk.md"
    notes.write_text(f"{notes.read_text()}\nA paragraph of this edit.\n")
    build(show, on_pages=look)
    assert seen == [(True, False)]
    assert_as_clean(show)
    (show / "static").mkdir()
    (show / "static/more.txt").write_text("a file")
    build(show, on_pages=lambda: seen.append((show / "build/more.txt").exists()))
    assert seen[1:] == [False, True]


def test_no_page_is_written_where_the_feed_would_have_its_path(tmp_path):
    show = make_show(tmp_path / "show")
    build(show)
    before = tree(show / "build")
    settings = show / "podcast.yaml"
    settings.write_text(f"{settings.read_text()}feed: {{path: sitemap.xml}}\n")
    edit_notes(show, 2)
    with pytest.raises(InvalidInput) as error:
        build(show, on_pages=lambda: pytest.fail("pages were written"))
    assert "already the address" in error.value.problems[0].text
    after = tree(show / "build")
    assert {key: after[key] for key in before} == before


def test_notes_that_look_like_the_feed_itself_are_rendered_as_they_are(tmp_path):
    show = make_show(tmp_path / "show")
    add(show, 4, notes="```\n    <item>\n      <title>x</title>\n    </item>\n```\n\n    <item>\n")
    settle(show)
    build(show)
    edit_notes(show, 1)
    assert_as_clean_or_broken(show)
    assert_as_clean_or_broken(show)


def test_a_picture_that_episodes_share_stays_when_one_no_longer_has_it(tmp_path):
    show = make_show(tmp_path / "show")
    people = "people: [{name: Bo, image: face.jpg}]\n"
    for number in (1, 2):
        path = show / f"episodes/{number:03d}-talk.md"
        path.write_text(path.read_text().replace("---\n", f"---\n{people}", 1))
    settle(show)
    build(show)
    path = show / "episodes/002-talk.md"
    path.write_text(path.read_text().replace(people, ""))
    assert_as_clean(show)
    assert_as_clean(show)


def test_what_was_changed_in_the_same_tick_is_read_again(tmp_path, parsed):
    show = make_show(tmp_path / "show")
    later = time.time_ns() + 3_600_000_000_000
    os.utime(show / "episodes/001-talk.md", ns=(later, later))
    build(show)
    parsed.clear()
    build(show)
    assert parsed == ["parse 001-talk", "build 001-talk"]


def test_an_edit_that_keeps_size_and_time_is_found(tmp_path):
    show = make_show(tmp_path / "show")
    build(show)
    notes = show / "episodes/002-talk.md"
    before = notes.stat()
    notes.write_text(notes.read_text().replace("A talk.", "A walk."))
    os.utime(notes, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "A walk." in build(show).items[1].content
    assert_as_clean(show)


def test_a_comment_in_front_matter_moves_the_places_of_problems(tmp_path):
    show = make_show(tmp_path / "show")
    build(show)
    notes = show / "episodes/002-talk.md"
    notes.write_text(notes.read_text().replace("---\n", "---\n# a comment\n", 1))
    assert_as_clean(show)


def test_warnings_are_told_each_time(tmp_path):
    show = make_show(tmp_path / "show")
    add(show, 4, notes="![](face.jpg)\n\n[broken](missing.md)\n\n5:00 Too late\n\n0:00 First\n")
    settle(show)
    first = build(show)
    assert first.problems
    assert build(show).problems == first.problems
    (show / "episodes/missing.md").write_text("---\ntitle: It exists\ndraft: true\n---\n")
    assert_as_clean(show)


def test_a_file_that_appears_nearer_to_the_notes_is_the_one_that_is_meant(tmp_path):
    show = make_show(tmp_path / "show")
    (show / "art").mkdir()
    Image.new("RGB", (150, 150), "#223344").save(show / "art/own.png")
    add(show, 4, image="art/own.png")
    settle(show)
    build(show)
    (show / "episodes/art").mkdir()
    Image.new("RGB", (160, 160), "#ffee44").save(show / "episodes/art/own.png")
    assert_as_clean(show)


def test_an_episode_whose_files_are_links_is_read_each_time(tmp_path, parsed):
    show = make_show(tmp_path / "show")
    elsewhere = tmp_path / "notes.md"
    shutil.move(show / "episodes/001-talk.md", show / "real.md")
    (show / "episodes/001-talk.md").symlink_to(show / "real.md")
    settle(show)
    build(show)
    parsed.clear()
    build(show)
    assert parsed == ["parse 001-talk", "build 001-talk"]
    assert not elsewhere.exists()


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "text", "huge"])
def test_a_damaged_record_is_not_used(tmp_path, damage):
    show = make_show(tmp_path / "show")
    build(show)
    path = show / ".podcast-kit" / EPISODES_FILE
    data = path.read_bytes()
    middle = len(data) // 3
    damaged = {
        "empty": b"",
        "cut": data[:middle],
        "flipped": data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :],
        "text": b"no record at all",
        "huge": data[:-20] + b"\xff" * 20,
    }
    path.write_bytes(damaged[damage])
    assert_as_clean(show)


def test_a_record_of_another_version_is_not_used(tmp_path, parsed, monkeypatch):
    show = make_show(tmp_path / "show")
    build(show)
    parsed.clear()
    monkeypatch.setattr("podcast_kit.__version__", "99.0")
    build(show)
    assert len(parsed) == 2 * EPISODES


def test_a_record_that_came_along_with_a_show_is_not_used(tmp_path, parsed):
    show = make_show(tmp_path / "show")
    build(show)
    shutil.copytree(show, tmp_path / "copy")
    parsed.clear()
    build(tmp_path / "copy")
    assert len(parsed) == 2 * EPISODES


class Command:
    """Runs a command where a pickle is loaded without care."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_a_pickle_can_call_nothing(tmp_path):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(UnkeptValueError):
            unpickle_value(pickle.dumps(Command(tmp_path / "called"), protocol), {})
    for hostile in (
        b"cos\nsystem\n(S'touch x'\ntR.",
        b"cbuiltins\neval\n(V1\ntR.",
        b"\x80\x04cpodcast_kit\nerrors\n.",
        b"\x80\x04cpodcast_kit.builder.value_pickles\n_restore.__init__\n.",
        b"\x80\x04cpodcast_kit.builder.value_pickles\npickle\n.",
        b"",
    ):
        with pytest.raises(UnkeptValueError):
            unpickle_value(hostile, {})
    assert not (tmp_path / "called").exists()


def test_a_pickle_cannot_change_what_it_is_read_with():
    restore = b"\x80\x04cpodcast_kit.builder.value_pickles\n_restore\n"
    assert unpickle_value(restore + b".", {}) is value_pickles._restore
    for state in (b"N}\x8c\x08__call__K\x01s\x86b.", b"}\x8c\x01xK\x01sb."):
        with pytest.raises(UnkeptValueError):
            unpickle_value(restore + state, {})


def test_values_come_back_as_they_were():
    location = SourceLocation("a.md", 3, 4)
    values = [
        Problem(location, "text", "fix", "au.later", Severity.WARNING),
        datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        datetime.fromisoformat("2026-01-02T03:04:05+05:30"),
        ("a", 1, 2.5, None, True, b"bytes", {"key": (1, 2)}, frozenset({1})),
    ]
    data = pickle_value(values, {})
    assert unpickle_value(data, {}) == values
    shared = {"place": location}
    problem = unpickle_value(pickle_value(values[0], shared), shared)
    assert problem.location is location


class Shelf:
    """A store of texts, each of which is its own place."""

    def __init__(self):
        self.text = ""

    def add_text(self, text):
        self.text = text if isinstance(text, str) else text.decode()
        return self

    def read(self):
        return self.text


@pytest.mark.parametrize("letter", ["a", "ü"])
def test_texts_that_were_moved_are_kept(letter):
    notes = letter * 1000
    moved, same = (Episode(path="episodes/a.md", slug="a", title="A", notes=notes) for _ in range(2))
    move_texts([moved], Shelf())
    assert unpickle_value(pickle_value(moved, {}), {}) == same


@pytest.mark.parametrize("value", [Path("file"), datetime(2026, 1, 1), object(), os.system])  # noqa: DTZ001  # not kept
def test_other_values_are_not_kept(value):
    with pytest.raises(UnkeptValueError):
        pickle_value(value, {})


def edit_notes(show, number):
    path = show / f"episodes/{number:03d}-talk.md"
    if path.is_file():
        path.write_text(path.read_text() + f"\nParagraph {len(path.read_text())}.\n")


def back_date(show, number):
    path = show / f"episodes/{number:03d}-talk.md"
    if path.is_file():
        before = path.stat()
        path.write_text(path.read_text().replace("Talk", "Walk") if "Talk" in path.read_text() else path.read_text())
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def change_title(show, number):
    path = show / f"episodes/{number:03d}-talk.md"
    if path.is_file():
        path.write_text(path.read_text().replace("title: ", "title: New ", 1))


def rename_notes(show, number):
    path = show / f"episodes/{number:03d}-talk.md"
    if path.is_file():
        path.rename(show / f"episodes/{number:03d}-renamed.md")
        path.with_suffix(".mp3").rename(show / f"episodes/{number:03d}-renamed.mp3")


def delete_notes(show, number):
    (show / f"episodes/{number:03d}-talk.md").unlink(missing_ok=True)


def add_notes(show, number):
    if not (show / f"episodes/{number + 5:03d}-talk.md").exists():
        add(show, number + 5, notes=NOTES, transcript="talk.vtt")


def lose_recording(show, number):
    (show / f"episodes/{number:03d}-talk.mp3").unlink(missing_ok=True)


def change_transcript(show, number):
    (show / "episodes/talk.vtt").write_text(VTT + f"\n00:05.000 --> 00:06.000\nLine {number}.\n")


def change_picture(show, number):
    Image.new("RGB", (300 + number, 300), "#445566").save(show / "episodes/face.jpg")


def lose_picture(show, number):  # noqa: ARG001  # as the others
    (show / "episodes/face.jpg").unlink(missing_ok=True)


def change_cover(show, number):
    Image.new("RGB", (400 + number, 400 + number), "#445566").save(show / "cover.jpg")


def change_settings(show, number):
    path = show / "podcast.yaml"
    path.write_text(path.read_text().replace("A small show", f"A small show {number}"))


def change_timezone(show, number):
    path = show / "podcast.yaml"
    if "timezone" not in path.read_text():
        path.write_text(path.read_text() + f"timezone: {('Europe/Berlin', 'Asia/Tokyo', 'UTC')[number % 3]}\n")


def change_template(show, number):
    (show / "templates").mkdir(exist_ok=True)
    (show / "templates/robots.txt").write_text(f"User-agent: *\nDisallow: /{number}\n")


def break_notes(show, number):
    path = show / f"episodes/{number:03d}-talk.md"
    if path.is_file():
        path.write_text(path.read_text().replace("title:", "titel:", 1))


def tamper_page(show, number):
    path = show / f"build/episodes/{number:03d}-talk/index.html"
    if path.is_file():
        path.write_text(f"tampered {number}")


def change_feed(show, number):
    path = show / "podcast.yaml"
    if "feed:" not in path.read_text():
        path.write_text(path.read_text() + f"feed: {{page_size: {number - 1 or 10}, prefix: 'https://op3.dev/e/'}}\n")


def tamper_feed(show, number):
    path = show / "build/feed.xml"
    if path.is_file():
        path.write_text(path.read_text().replace("Talk", f"Tampered {number}"))


def add_stray_files(show, number):
    (show / f"build/episodes/stray-{number}/empty").mkdir(parents=True, exist_ok=True)
    (show / f"build/media/0123456789abcde{number}").mkdir(parents=True, exist_ok=True)
    (show / f"build/media/0123456789abcde{number}/old.mp3").write_text("of another build")


def lose_media(show, number):
    for path in sorted((show / "build/media").rglob(f"*{number:03d}-talk*")):
        path.unlink()


def edit_lock(show, number):
    """Publish everything, or forget an episode."""
    entries = [entry for entry in build(show).lock if number == 1 or not entry.slug.startswith(f"{number:03d}")]
    (show / "podcast.lock").unlink(missing_ok=True)
    builder.write_lock_entries(show, entries)


def change_guid(show, number):
    path = show / f"episodes/{number:03d}-talk.md"
    if path.is_file():
        path.write_text(path.read_text().replace("guid: 5b3", "guid: 6b3", 1))


EDITS = (
    *(edit_notes, back_date, change_title, rename_notes, delete_notes, add_notes, lose_recording, change_transcript),
    *(change_picture, lose_picture, change_cover, change_settings, change_timezone, change_template, break_notes),
    *(tamper_page, lose_media, edit_lock, change_guid, change_feed, tamper_feed, add_stray_files),
)
edits = st.lists(st.tuples(st.sampled_from(EDITS), st.integers(1, EPISODES), st.booleans()), min_size=2, max_size=4)


def assert_as_clean_or_broken(show):
    """It builds as if from nothing, or fails for the same reason."""
    try:
        build(show)
    except InvalidInput as error:
        problems = error.problems
    else:
        assert_as_clean(show)
        return
    with pytest.raises(InvalidInput) as clean:
        build_clean(show, show.with_name("clean"))
    assert clean.value.problems == problems


@pytest.mark.parametrize("edit", EDITS)
def test_after_one_edit_a_build_is_as_from_nothing(tmp_path, edit):
    show = make_show(tmp_path / "show")
    build(show)
    edit(show, 2)
    assert_as_clean_or_broken(show)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=edits)
def test_after_any_edits_a_build_is_as_from_nothing(tmp_path_factory, steps):
    show = make_show(tmp_path_factory.mktemp("edits") / "show")
    for edit, number, is_built in steps:
        edit(show, number)
        if is_built:
            assert_as_clean_or_broken(show)
    assert_as_clean_or_broken(show)
