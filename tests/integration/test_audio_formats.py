"""One list of formats: what `new` takes, `inspect` knows and a build finds beside the notes."""

import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from podcast_kit import audio, builder
from podcast_kit.audio import codecs
from podcast_kit.audio.loudness import measure_loudness
from podcast_kit.errors import InvalidAudio, Severity
from podcast_kit.model.audio_formats import AUDIO_SUFFIXES, KIND_SUFFIXES
from podcast_kit.source import project
from tests.support.audio_samples import SAMPLES
from tests.support.shows import add, small
from tests.support.sound import needs_ffmpeg, voice, write

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
VIDEO = ("-f", "lavfi", "-i", "testsrc=s=64x48:r=5:d=2", "-map", "0:a", "-map", "1:v", "-c:v")
CASES = {
    # suffix: ffmpeg's options, the suffix as it is published (empty: it is not), and the one with `format: mp3`
    "mp3": ((), "mp3", "mp3"),
    "m4a": (("-c:a", "aac"), "m4a", "m4a"),
    "mp4": ((*VIDEO, "mpeg4", "-c:a", "aac"), "mp4", "mp4"),
    "m4b": (("-c:a", "aac", "-f", "ipod"), "m4a", "m4a"),
    "m4v": ((*VIDEO, "mpeg4", "-c:a", "aac", "-f", "mp4"), "m4v", "m4v"),
    "mov": ((*VIDEO, "mpeg4", "-c:a", "aac"), "mov", "mov"),
    "opus": (("-c:a", "libopus"), "opus", "opus"),
    "ogg": (("-c:a", "libvorbis"), "ogg", "ogg"),
    "oga": (("-c:a", "libvorbis"), "ogg", "ogg"),
    "flac": ((), "flac", "mp3"),
    "wav": ((), "", "mp3"),
    "wave": (("-f", "wav"), "", "mp3"),
    "rf64": (("-f", "wav", "-rf64", "always"), "", "mp3"),
    "bwf": (("-f", "wav", "-write_bext", "1"), "", "mp3"),
    "aiff": ((), "", "mp3"),
    "aif": ((), "", "mp3"),
    "aifc": (("-f", "aiff"), "", "mp3"),
    "aac": (("-c:a", "aac"), "", "m4a"),
    "w64": ((), "", "mp3"),
    "caf": ((), "", "mp3"),
    "webm": ((*VIDEO, "libvpx", "-c:a", "libopus"), "", "opus"),
    "weba": (("-c:a", "libopus", "-f", "webm"), "", "opus"),
    "mkv": ((*VIDEO, "mpeg4", "-c:a", "libmp3lame"), "", "mp3"),
    "mka": (("-c:a", "libvorbis", "-f", "matroska"), "", "mp3"),
    "wma": ((), "", "mp3"),
    "wmv": ((*VIDEO, "wmv2", "-c:a", "wmav2"), "", "mp3"),
    "asf": (("-c:a", "wmav2"), "", "mp3"),
    "amr": None,
}
UNPUBLISHED = ((), "", "mp3")
AMR_FRAME = bytes.fromhex("3c55fd5a8ef10f8bf0aa2f8fd88c1fdbe40c17b0f9ba2dfd8a3a5f5fd0a4f0c0")
"""A frame of 12.2 kbit/s, whose bits are noise: few programs can write AMR."""


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """A file of every format on the list."""
    folder = tmp_path_factory.mktemp("formats")
    source = write(folder / "source.wav", voice(2.0))
    for suffix in AUDIO_SUFFIXES:
        path = folder / f"talk.{suffix}"
        if CASES[suffix] is None:
            path.write_bytes(b"#!AMR\n" + AMR_FRAME * 100)
        else:
            command = ["ffmpeg", "-v", "error", "-i", source, *CASES[suffix][0], path]
            subprocess.run(command, check=True, capture_output=True)
    return folder


def build_all(folder, recordings, keys=""):
    """A build of a show with an episode of every format; its enclosures and problems by that format."""
    small(folder, episodes=0)
    for number, suffix in enumerate(AUDIO_SUFFIXES, 1):
        add(folder, number, recording="")
        shutil.copy(recordings / f"talk.{suffix}", folder / f"episodes/{number:03}-talk.{suffix}")
    (folder / "podcast.yaml").write_text((folder / "podcast.yaml").read_text() + keys)
    done = builder.build(project.load_project(folder), now=NOW, keep_going=True)
    enclosures = {item.episode.audio.path.rpartition(".")[2]: item.enclosure for item in done.items}
    problems = {problem.location.path.rpartition(".")[2]: problem for problem in done.errors}
    return enclosures, problems


def test_every_format_on_the_list_has_a_case_here():
    assert set(CASES) == set(AUDIO_SUFFIXES)
    assert sorted(AUDIO_SUFFIXES) == sorted(suffix[1:] for suffixes in KIND_SUFFIXES.values() for suffix in suffixes)


@needs_ffmpeg
def test_build_publishes_a_format_or_says_what_to_do(recordings, tmp_path):
    enclosures, problems = build_all(tmp_path, recordings)
    for suffix, case in CASES.items():
        published = (case or UNPUBLISHED)[1]
        if published:
            assert enclosures[suffix].key.endswith(f"-talk.{published}")
            assert enclosures[suffix].seconds == pytest.approx(2, abs=0.1)
        else:
            assert problems[suffix].code == "au.codec"
            assert "`audio: {format: mp3}` in podcast.yaml" in problems[suffix].fix
    assert len(enclosures) + len(problems) == len(CASES)


@needs_ffmpeg
def test_a_format_of_the_show_publishes_every_recording(recordings, tmp_path):
    enclosures, problems = build_all(tmp_path, recordings, "audio: {format: mp3}\n")
    assert not problems
    for suffix, case in CASES.items():
        assert enclosures[suffix].key.endswith(f"-talk.{(case or UNPUBLISHED)[2]}")
        assert enclosures[suffix].mime
        assert enclosures[suffix].seconds == pytest.approx(2, abs=0.1)


@needs_ffmpeg
@pytest.mark.parametrize("suffix", AUDIO_SUFFIXES)
def test_inspect_measures_every_format_and_warns_of_what_cannot_be_published(suffix, recordings):
    report = audio.inspect_audio(recordings / f"talk.{suffix}")
    assert report.audio is not None
    assert report.audio.seconds == pytest.approx(2, abs=0.1)
    assert not [problem for problem in report.problems if problem.severity is Severity.ERROR]
    warnings = [problem.fix for problem in report.problems if problem.code == "au.convert"]
    assert warnings == ([] if CASES[suffix] and CASES[suffix][1] else [audio.NO_TAGS_FIX])


@needs_ffmpeg
def test_new_takes_every_format_and_the_build_finds_it(recordings, tmp_path):
    folder = small(tmp_path, episodes=0)
    for suffix in ("m4b", "mov", "aac", "webm", "wma"):
        path = folder / f"episodes/talk-{suffix}.{suffix}"
        shutil.copy(recordings / f"talk.{suffix}", path)
        command = [sys.executable, "-m", "podcast_kit", "-C", folder, "new", "--date", "2020-01-01", path]
        subprocess.run(command, check=True, capture_output=True)
    episodes = project.load_project(folder).episodes
    assert sorted(str(episode.audio).rpartition(".")[2] for episode in episodes) == [
        "aac",
        "m4b",
        "mov",
        "webm",
        "wma",
    ]


@needs_ffmpeg
@pytest.mark.parametrize("suffix", ["webm", "wma", "caf", "w64", "amr"])
def test_without_the_decoder_a_file_is_named_and_how_to_get_the_decoder(suffix, recordings, monkeypatch):
    monkeypatch.setattr(codecs, "missing_codecs", lambda: ("av",))
    with pytest.raises(InvalidAudio, match="which only a decoder can read") as caught:
        audio.probe_audio(recordings / f"talk.{suffix}")
    assert "MP3 or M4A" in caught.value.fix
    assert "[master]" in caught.value.fix
    assert audio.read_tags(recordings / f"talk.{suffix}") == audio.EmbeddedTags()


def test_the_video_beside_a_recording_is_not_taken_for_it(tmp_path):
    small(tmp_path, episodes=1)
    for suffix in ("mov", "mkv", "caf", "aac"):
        (tmp_path / f"episodes/001-talk.{suffix}").write_bytes(b"never read")
    (item,) = builder.build(project.load_project(tmp_path), now=NOW).items
    assert str(item.episode.audio) == "episodes/001-talk.mp3"


@pytest.mark.parametrize(("name", "what"), [("001-talk.wv", "WavPack"), ("001-talk.aup3", "an Audacity project")])
def test_a_file_that_no_build_can_use_is_named(name, what, tmp_path):
    small(tmp_path, episodes=0)
    add(tmp_path, 1, recording="")
    (tmp_path / "episodes" / name).write_bytes(b"x")
    done = builder.build(project.load_project(tmp_path), now=NOW)
    (problem,) = done.errors
    assert problem.code == "au.missing"
    assert name in problem.text
    assert what in problem.text
    assert "WAV" in problem.fix


def test_tags_and_chapters_of_a_decoded_file_are_read(tmp_path):
    source = SAMPLES / "speech.wav"
    meta = tmp_path / "meta.txt"
    meta.write_text(
        ";FFMETADATA1\ntitle=A talk\nartist=Ada\n"
        + "".join(
            f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={end}\ntitle={title}\n"
            for start, end, title in ((0, 1000, "One"), (1000, 2000, "Two"))
        )
    )
    path = tmp_path / "a.mka"
    command = ["ffmpeg", "-v", "error", "-i", source, "-i", meta, "-map_metadata", "1", "-map_chapters", "1", path]
    subprocess.run(command, check=True)
    tags = audio.read_tags(path)
    assert (tags.title, tags.author) == ("A talk", "Ada")
    assert [(chapter.start_ms, chapter.title) for chapter in tags.chapters] == [(0, "One"), (1000, "Two")]


@needs_ffmpeg
def test_a_header_that_cuts_audio_into_tiny_frames_is_refused_quickly(recordings, tmp_path):
    data = bytearray((recordings / "talk.caf").read_bytes())
    at = data.index(b"lpcm") + 8  # bytes in a packet, frames in a packet
    assert data[at : at + 8] == (4).to_bytes(4, "big") + (1).to_bytes(4, "big")
    data[at + 4 : at + 8] = (3).to_bytes(4, "big")
    (tmp_path / "a.caf").write_bytes(data)
    begin = time.process_time()
    with pytest.raises(InvalidAudio, match="frames are too short"):
        measure_loudness(tmp_path / "a.caf")
    assert time.process_time() - begin < 5
