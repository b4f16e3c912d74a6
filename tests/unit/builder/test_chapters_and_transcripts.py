"""Chapters and transcripts in a build: what is left out or repaired is reported, and files, feed and pages agree."""

import io
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from mutagen.id3 import APIC, CHAP, CTOC, ID3, TIT2, CTOCFlags
from PIL import Image

from podcast_kit import audio, builder
from podcast_kit.check import check_build
from podcast_kit.errors import Severity
from podcast_kit.source import lock, project
from tests.support.audio_samples import SAMPLES
from tests.support.shows import ROOT, add, small, tree

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GOLDEN = Path(__file__).parents[2] / "golden"
RECORDING_SECONDS = 51


def build(folder):
    return builder.build(project.load_project(folder), now=NOW)


def build_notes(tmp_path, notes, **front):
    return build(small(tmp_path / "show", notes=notes, **front))


def titles(done):
    return [chapter.title for chapter in done.items[0].chapters]


def enclosure(done):
    return done.outputs[done.items[0].enclosure.key].path


def located(problems):
    return [(str(problem.location), problem.code, str(problem.severity)) for problem in problems]


def test_chapters_behind_the_end_are_left_out_with_a_warning_and_the_others_are_kept(tmp_path):
    done = build_notes(tmp_path, "00:00 Opening\n00:10 Middle\n99:00 Never\n")
    (line,) = [
        number
        for number, text in enumerate((tmp_path / "show/episodes/001-talk.md").read_text().split("\n"), 1)
        if "99:00" in text
    ]
    assert located(done.problems) == [(f"episodes/001-talk.md:{line}", "cp.start", "warning")]
    assert titles(done) == ["Opening", "Middle"]
    assert [chapter.title for chapter in audio.read_tags(enclosure(done)).chapters] == ["Opening", "Middle"]
    page = tree(done.folder)["episodes/001-talk/index.html"].decode()
    assert ('href="#t=10"' in page, 'href="#t=5940"' in page) == (True, False)


def test_problems_of_chapters_reach_the_check_once(tmp_path):
    done = build_notes(tmp_path, "00:05 Opening\n00:10 Middle\n00:20 Close\n")
    assert titles(done) == []
    problems = [problem for problem in check_build(done, now=NOW) if problem.code == "cp.notes"]
    assert [(problem.severity, problem.location.path) for problem in problems] == [
        (Severity.HINT, "episodes/001-talk.md")
    ]


def test_problems_of_chapters_can_be_ignored(tmp_path):
    ignore = "{cp.notes: 'a timetable'}"
    done = build_notes(tmp_path, "00:05 Opening\n00:10 Middle\n", ignore=ignore)
    assert done.problems == ()


@pytest.mark.parametrize(
    "front", [{"chapters": "chapters.txt"}, {"chapters": '["0:00 A", "0:10 B", "2:00 C", "3:00 D"]'}]
)
def test_each_chapter_behind_the_end_of_a_file_or_a_list_is_named(tmp_path, front):
    folder = small(tmp_path / "show", **front)
    (folder / "episodes/chapters.txt").write_text("00:00:00 A\n00:00:10 B\n00:02:00 C\n00:03:00 D\n")
    done = build(folder)
    assert titles(done) == ["A", "B"]
    assert [problem.text.partition(" begins")[0] for problem in done.problems] == [
        "the chapter at 00:02:00",
        "the chapter at 00:03:00",
    ]


def test_chapter_file_in_another_encoding_is_read_with_a_warning(tmp_path):
    folder = small(tmp_path / "show", chapters="chapters.txt")
    (folder / "episodes/chapters.txt").write_bytes("00:00:00 Öffnung\r\n00:00:10 Ende\r\n".encode("utf-16"))
    done = build(folder)
    assert titles(done) == ["Öffnung", "Ende"]
    assert located(done.problems) == [("episodes/chapters.txt:1", "file.encoding", "warning")]


def add_chapters(recording, chapters, order=None):
    """Write ID3 chapters (start, end, title) into a copy of a recording."""
    tags = ID3()
    for number, (start, end, title) in enumerate(chapters):
        tags.add(
            CHAP(element_id=f"c{number}", start_time=start, end_time=end, sub_frames=[TIT2(encoding=3, text=title)])
        )
    children = [f"c{number}" for number in order or range(len(chapters))]
    tags.add(CTOC(element_id="toc", flags=CTOCFlags.TOP_LEVEL | CTOCFlags.ORDERED, child_element_ids=children))
    tags.save(recording)


SOUND = [(0, 10_000, "One"), (10_000, 20_000, "Two"), (20_000, 51_000, "Three")]


@pytest.mark.parametrize(
    ("chapters", "order", "left_out"),
    [
        (SOUND, None, []),
        ([(0, 10_000, "One"), (10_000, 5_000, "Two"), (20_000, 51_000, "Three")], None, []),
        (SOUND, [2, 0, 1], []),
        ([*SOUND, (90_000, 99_000, "Late")], None, ["Late"]),
        ([*SOUND, (20_000, 52_000, "Twin")], None, ["Twin"]),
    ],
)
def test_chapters_of_a_recording_are_published_in_order(tmp_path, chapters, order, left_out):
    folder = small(tmp_path / "show")
    add_chapters(folder / "episodes/001-talk.mp3", chapters, order)
    done = build(folder)
    assert titles(done) == ["One", "Two", "Three"]
    assert len(done.problems) == len(left_out)
    assert all(title in problem.text for title, problem in zip(left_out, done.problems, strict=True))
    raw = ID3(enclosure(done))
    (toc,) = raw.getall("CTOC")
    frames = {frame.element_id: frame for frame in raw.getall("CHAP")}
    listed = [frames[child] for child in toc.child_element_ids]
    assert [str(frame.sub_frames.getall("TIT2")[0]) for frame in listed] == ["One", "Two", "Three"]
    assert all(frame.end_time > frame.start_time for frame in frames.values())


@pytest.mark.parametrize("settings", ["{format: m4a, reencode: true}", "{loudness: -16, reencode: true}"])
def test_chapters_of_a_recording_survive_encoding(tmp_path, settings):
    pytest.importorskip("av")
    folder = small(tmp_path / "show")
    add_chapters(folder / "episodes/001-talk.mp3", SOUND)
    with (folder / "podcast.yaml").open("a") as file:
        file.write(f"audio: {settings}\n")
    done = build(folder)
    builder.write_lock(done)
    in_file = audio.read_tags(enclosure(done)).chapters
    assert [(chapter.start_ms, chapter.title) for chapter in in_file] == [
        (0, "One"),
        (10_000, "Two"),
        (20_000, "Three"),
    ]
    assert titles(done) == ["One", "Two", "Three"]
    (entry,) = lock.read_lock(folder / "podcast.lock")
    assert [chapter.title for chapter in entry.chapters] == ["One", "Two", "Three"]
    assert build(folder).files_written == 0


def rich_show(folder, settings, picture=None):
    """An episode whose recording has three listed chapters, one with a picture, and a hidden one with another."""
    cover = picture or (ROOT / "episodes/art/cover.jpg").read_bytes()
    small(folder, episodes=0)
    add(folder, 1, recording="")
    recording = folder / "episodes/001-talk.mp3"
    shutil.copy(SAMPLES / "cbr.mp3", recording)
    add_chapters(recording, [(0, 1000, "One"), (1000, 2000, "Two"), (2000, 3000, "Three")])
    tags = ID3(recording)
    image = APIC(encoding=0, mime="image/jpeg", type=0, desc="", data=cover)
    tags["CHAP:c1"].sub_frames.add(image)
    hidden = [TIT2(encoding=3, text="Look"), APIC(encoding=0, mime="image/png", type=0, desc="", data=png_image())]
    tags.add(CHAP(element_id="aside", start_time=1500, end_time=1800, sub_frames=hidden))
    tags.save(recording)
    with (folder / "podcast.yaml").open("a") as file:
        file.write(f"audio: {settings}\n")
    return folder


def png_image():
    data = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(data, "PNG")
    return data.getvalue()


def chapters_in(path):
    """Title, whether it has a picture, and whether it is listed, of each chapter in an MP3."""
    tags = ID3(path)
    listed = {child for toc in tags.getall("CTOC") for child in toc.child_element_ids}
    frames = sorted(tags.getall("CHAP"), key=lambda frame: frame.start_time)
    return [
        (str(frame.sub_frames["TIT2"]), bool(frame.sub_frames.getall("APIC")), frame.element_id in listed)
        for frame in frames
    ]


RICH = [("One", False, True), ("Two", True, True), ("Look", True, False), ("Three", False, True)]
ENCODED = "{trim: true, reencode: true}"


@pytest.mark.slow
@pytest.mark.parametrize("settings", [ENCODED, "{true_peak: -1}"])
def test_pictures_and_hidden_chapters_of_a_recording_survive_encoding(settings, tmp_path):
    folder = rich_show(tmp_path, settings)
    before = chapters_in(folder / "episodes/001-talk.mp3")
    done = build(folder)
    assert before == chapters_in(enclosure(done)) == RICH
    assert titles(done) == ["One", "Two", "Three"]
    assert done.problems == ()
    builder.write_lock(done)
    data = enclosure(done).read_bytes()
    assert build(folder).files_written == 0
    for name in ("build", ".podcast-kit/chapter-images"):  # all of it can be made again
        shutil.rmtree(folder / name, ignore_errors=True)
    assert enclosure(build(folder)).read_bytes() == data


def test_pictures_of_chapters_are_kept_out_of_a_show_that_is_only_read(tmp_path):
    folder = rich_show(tmp_path / "show", "{}")
    before = sorted(folder.rglob("*"))
    loaded = replace(project.load_project(folder), work_folder=tmp_path / "work")
    done = builder.build(loaded, now=NOW)
    assert sorted(folder.rglob("*")) == before
    assert chapters_in(enclosure(done)) == RICH


@pytest.mark.slow
def test_chapters_that_are_turned_off_do_not_come_back_by_encoding(tmp_path):
    folder = rich_show(tmp_path, ENCODED)
    add(folder, 1, recording="", chapters="none")
    assert chapters_in(enclosure(build(folder))) == []


@pytest.mark.slow
def test_a_damaged_picture_of_a_chapter_is_left_out(tmp_path):
    done = build(rich_show(tmp_path, ENCODED, b"\xff\xd8\xff no picture"))
    assert chapters_in(enclosure(done)) == [(title, has and title != "Two", toc) for title, has, toc in RICH]


@pytest.mark.slow
@pytest.mark.parametrize("format_", ["m4a", "opus"])
def test_what_the_published_format_cannot_hold_of_chapters_is_reported(format_, tmp_path):
    folder = rich_show(tmp_path, "{loudness: -16}")
    add(folder, 1, recording="", audio=f"{{file: 001-talk.mp3, format: {format_}, reencode: true}}")
    done = build(folder)
    assert located(done.problems) == [("episodes/001-talk.mp3", "ch.lost", "warning")]
    assert "1 hidden chapter and 1 picture" in done.problems[0].text
    assert [chapter.title for chapter in audio.read_tags(enclosure(done)).chapters] == ["One", "Two", "Three"]


def build_transcript(tmp_path, name, data):
    folder = small(tmp_path / "show", transcript=name)
    (folder / "episodes" / name).write_bytes(data)
    return build(folder)


def published(done):
    """The published transcripts by type."""
    base = done.project.show.publish.url
    return {
        script.mime: done.outputs[script.url.removeprefix(base)].path.read_text("utf-8")
        for script in done.items[0].transcripts
    }


FOREIGN = sorted(path for path in (GOLDEN / "foreign_transcripts").iterdir() if path.suffix != ".expected")


@pytest.mark.parametrize("path", FOREIGN, ids=lambda path: path.name)
def test_transcripts_of_other_programs_are_published_in_every_format(tmp_path, path):
    done = build_transcript(tmp_path, path.name, path.read_bytes())
    scripts = published(done)
    assert scripts.keys() >= {"text/vtt", "application/x-subrip", "application/json"}
    expected = path.with_name(f"{path.name}.expected").read_text("utf-8").splitlines()
    segments = json.loads(scripts["application/json"])["segments"]
    assert len(segments) == len(expected)
    assert all({"startTime", "endTime", "body"} <= segment.keys() for segment in segments)
    errors = [problem for problem in check_build(done, now=NOW) if problem.code.startswith("tr.")]
    assert [problem for problem in errors if problem.severity is Severity.ERROR] == []


def test_standard_transcript_is_published_byte_for_byte(tmp_path):
    data = b"WEBVTT\n\n00:00.000 --> 00:04.000\nHello.\n"
    done = build_transcript(tmp_path, "talk.vtt", data)
    assert published(done)["text/vtt"].encode() == data
    assert done.problems == ()


def test_transcript_in_another_encoding_is_published_as_utf8(tmp_path):
    srt = "1\n00:00:00,000 --> 00:00:04,000\nCafé “one”\n"
    done = build_transcript(tmp_path, "talk.srt", srt.encode("cp1252"))
    assert all("Café “one”" in script for script in published(done).values())
    assert located(done.problems) == [("episodes/talk.srt:3", "file.encoding", "warning")]


@pytest.mark.parametrize("name", ["talk.txt", "talk.html"])
def test_text_in_another_encoding_is_published_as_utf8(tmp_path, name):
    done = build_transcript(tmp_path, name, "<p>Café</p>".encode("cp1252"))
    assert all("Café" in script for script in published(done).values())


def test_cues_behind_the_end_are_an_error_of_the_rewritten_file_too(tmp_path):
    srt = "1\n00:00:00,000 --> 00:00:00,000\nHello\n\n2\n00:10:00,000 --> 00:10:04,000\nBye\n"
    vtt = "WEBVTT\n\n" + srt.replace(",", ".")
    done = build_transcript(tmp_path, "talk.vtt", vtt.encode())
    problems = [problem for problem in check_build(done, now=NOW) if problem.code == "tr.vtt"]
    assert [(problem.location.path, problem.location.line) for problem in problems] == [("episodes/talk.vtt", 0)]
