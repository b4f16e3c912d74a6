"""Audio is measured, not read from headers, and tags are written into a copy."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from podcast_kit.audio import audio_mime_type, digest_tags, probe_audio, read_tags, write_tags
from podcast_kit.errors import InvalidAudio, OperationError
from tests.support.audio_samples import CHAPTERS, RECORDINGS, make_tags, sample

TAGGED = [name for name in RECORDINGS if not name.endswith((".wav", ".aiff", ".aac"))]

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg decodes what durations are held to")


def decoded(path, rate):
    """The seconds of a full decode."""
    command = ["ffmpeg", "-v", "quiet", "-i", str(path), "-vn", "-f", "s16le", "-ac", "1", "-ar", str(rate), "-"]
    return len(subprocess.run(command, capture_output=True, check=True).stdout) / 2 / rate


@needs_ffmpeg
@pytest.mark.parametrize("name", RECORDINGS)
def test_duration_equals_full_decode(name):
    audio = probe_audio(sample(name))
    assert audio.seconds == pytest.approx(decoded(sample(name), audio.sample_rate), abs=0.05)
    assert audio.bytes == sample(name).stat().st_size


@pytest.mark.parametrize("name", TAGGED)
def test_tagged_copy_has_the_same_audio(name, tmp_path):
    before, copy = sample(name).read_bytes(), tmp_path / name
    said = write_tags(sample(name), copy, make_tags())
    assert sample(name).read_bytes() == before
    assert said == (hashlib.sha256(copy.read_bytes()).hexdigest(), copy.stat().st_size)
    here, there = probe_audio(sample(name)), probe_audio(copy)
    assert (there.payload_sha256, there.seconds) == (here.payload_sha256, here.seconds)


@pytest.mark.parametrize("name", TAGGED)
def test_tagging_a_tagged_copy_gives_the_same_bytes(name, tmp_path):
    first = write_tags(sample(name), tmp_path / f"1{name}", make_tags())
    assert write_tags(tmp_path / f"1{name}", tmp_path / f"2{name}", make_tags()) == first
    assert write_tags(sample(name), tmp_path / f"3{name}", make_tags()) == first
    other = write_tags(tmp_path / f"1{name}", tmp_path / f"4{name}", make_tags(title="Another", keywords=("x",)))
    assert other == write_tags(sample(name), tmp_path / f"5{name}", make_tags(title="Another", keywords=("x",)))


@pytest.mark.parametrize("name", TAGGED)
def test_written_tags_are_read_back(name, tmp_path):
    tags = make_tags()
    write_tags(sample(name), tmp_path / name, tags)
    found = read_tags(tmp_path / name)
    assert (found.title, found.show, found.author) == (tags.title, tags.show, tags.author)
    assert (found.number, found.season, found.guid, found.cover) == (7, 2, tags.guid, "image/jpeg")
    assert found.summary == (tags.comment if name.startswith("speech") else tags.summary)


@pytest.mark.parametrize("name", TAGGED)
def test_chapters_are_read_back_in_order(name, tmp_path):
    write_tags(sample(name), tmp_path / name, make_tags())
    marks = read_tags(tmp_path / name).chapters
    hidden = name.endswith(".mp3")  # the others leave a silent mark out
    assert [mark.title for mark in marks if mark.toc] == [mark.title for mark in CHAPTERS if mark.toc]
    assert [mark.start_ms for mark in marks] == [mark.start_ms for mark in CHAPTERS if mark.toc or hidden]
    assert [mark.url for mark in marks if mark.toc] == [CHAPTERS[0].url, "", ""]


@pytest.mark.parametrize("name", sorted(set(RECORDINGS) - set(TAGGED)))
def test_format_without_tags_is_refused(name, tmp_path):
    with pytest.raises(InvalidAudio, match="can't hold tags"):
        write_tags(sample(name), tmp_path / name, make_tags())
    assert read_tags(sample(name)).title == ""


@pytest.mark.parametrize("name", RECORDINGS)
def test_recording_without_tags_has_empty_tags(name):
    found = read_tags(sample(name))
    assert (found.title, found.show, found.number, found.chapters) == ("", "", None, ())


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured as Linux counts it")
def test_memory_does_not_depend_on_file_size(tmp_path):
    long = tmp_path / "long.mp3"
    long.write_bytes(sample("cbr-bare.mp3").read_bytes() * 9000)
    code = (
        "import sys; from pathlib import Path; from podcast_kit.audio import probe_audio, write_tags\n"
        "from tests.support.audio_samples import make_tags\n"
        "probe_audio(Path(sys.argv[1])); write_tags(Path(sys.argv[1]), Path(sys.argv[2]), make_tags())\n"
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
    )
    command = [sys.executable, "-c", code, str(long), str(tmp_path / "copy.mp3")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert long.stat().st_size > 120_000_000
    assert int(said) < 100_000, "kB"


def test_copy_never_overwrites_the_recording(tmp_path):
    mine = tmp_path / "mine.mp3"
    shutil.copy(sample("cbr.mp3"), mine)
    with pytest.raises(OperationError, match="would overwrite the recording"):
        write_tags(mine, mine, make_tags())
    assert mine.read_bytes() == sample("cbr.mp3").read_bytes()


def test_full_disk_is_reported_for_the_destination(tmp_path):
    (tmp_path / "taken").write_text("a file where a folder should be")
    with pytest.raises(OperationError, match="taken"):
        write_tags(sample("cbr.mp3"), tmp_path / "taken" / "copy.mp3", make_tags())


def test_tag_digest_changes_with_every_field():
    fields = ["title", "show", "author", "comment", "link", "guid", "cover", "chapters", "images", "explicit"]
    others = [make_tags(**{name: "" if isinstance(getattr(make_tags(), name), str) else None}) for name in fields[:7]]
    others += [make_tags(chapters=()), make_tags(images=()), make_tags(explicit=True)]
    assert len({digest_tags(tags) for tags in [make_tags(), *others]}) == len(others) + 1
    assert digest_tags(make_tags()) == digest_tags(make_tags())


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.mp3", "audio/mpeg"), ("a.M4A", "audio/x-m4a"), ("a.opus", "audio/ogg"), ("a.txt", "")],
)
def test_media_type_depends_on_the_file_extension(name, expected):
    assert audio_mime_type(name) == expected


def test_the_package_is_imported_without_mutagen():
    code = "import sys, podcast_kit.audio; sys.exit(bool({'mutagen', 'av', 'numpy', 'lameenc'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("name", "data", "text", "code"),
    [
        pytest.param("a.mp3", b"", "is empty", "au.empty", id="empty"),
        pytest.param("a.mp3", b"\0" * 5000, "contains only zeros", "au.not-audio", id="zeros"),
        pytest.param("a.mp3", b"\x89PNG\r\n\x1a\n", "a PNG image", "au.not-audio", id="picture"),
        pytest.param("a.mp3", b"<!DOCTYPE html>", "a web page", "au.not-audio", id="web-page"),
        pytest.param("a.mp3", b"version https://git-lfs.github.com/spec/v1\n", "Git LFS", "au.not-audio", id="lfs"),
        pytest.param("a.mp3", b"spam" * 500, "not a supported audio file", "au.not-audio", id="text"),
    ],
)
def test_non_audio_file_is_refused_by_what_it_is(tmp_path, name, data, text, code):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InvalidAudio, match=text) as caught:
        probe_audio(tmp_path / name)
    assert caught.value.problem.code == code
    assert caught.value.fix


@pytest.mark.parametrize("name", RECORDINGS)
def test_wrong_file_extension_is_refused(tmp_path, name):
    wrong = tmp_path / ("a.mp3" if not name.endswith(".mp3") else "a.flac")
    shutil.copy(sample(name), wrong)
    with pytest.raises(InvalidAudio, match="but its file extension is") as caught:
        probe_audio(wrong)
    assert caught.value.problem.code == "au.extension"


@pytest.mark.parametrize("name", [name for name in RECORDINGS if "bare" not in name])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_truncated_file_is_refused(tmp_path, name, part):
    data = sample(name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(len(data) * part)])
    with pytest.raises(InvalidAudio, match="is truncated") as caught:
        probe_audio(tmp_path / name)
    assert caught.value.problem.code == "au.truncated"
