"""`inspect` says what a file is and lacks; `--fix` (once `--mend`) writes a corrected copy."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from podcast_kit.audio import inspect_audio, probe_audio, repair_audio, write_tags
from podcast_kit.cli import cli
from podcast_kit.errors import InvalidAudio, OperationError
from tests.support.audio_samples import make_tags, sample

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg decodes what must not change")


def run(*arguments):
    return CliRunner().invoke(cli, ["inspect", *map(str, arguments)])


def pcm(path):
    command = ["ffmpeg", "-v", "quiet", "-i", str(path), "-f", "s16le", "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def codes(path):
    return [problem.code for problem in inspect_audio(path).problems]


def test_a_sound_file_has_nothing_wrong(tmp_path):
    write_tags(sample("cbr.mp3"), tmp_path / "a.mp3", make_tags())
    done = run(tmp_path / "a.mp3")
    assert done.exit_code == 0
    assert done.stderr == ""
    for said in ("MP3, 00:00:02.340, 64 kbit/s cbr, mono, 44.1 kHz", "Wer hört zu?", "Мир", "(not listed)"):
        assert said in done.stdout


def test_json_has_all_of_it(tmp_path):
    write_tags(sample("aac.m4a"), tmp_path / "a.m4a", make_tags())
    (tmp_path / "b.mp3").write_bytes(b"")
    done = run("--json", tmp_path / "a.m4a", tmp_path / "b.mp3")
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    first, second = said["files"]
    assert first["audio"]["codec"] == "aac"
    assert first["audio"]["seconds"] == probe_audio(tmp_path / "a.m4a").seconds
    assert first["tags"]["title"] == make_tags().title
    assert [mark["title"] for mark in first["chapters"]] == [mark.title for mark in make_tags().chapters if mark.toc]
    assert second["audio"] is None
    assert [problem["code"] for problem in said["problems"]] == ["au.empty"]


def test_every_tag_in_the_file_is_shown(tmp_path):
    write_tags(sample("cbr.mp3"), tmp_path / "a.mp3", make_tags())
    shown = dict(inspect_audio(tmp_path / "a.mp3").tags.fields)
    assert shown["WFED"] == make_tags().feed_url
    assert shown["WOAF"] == make_tags().link
    assert shown["TXXX"] == "ITUNESADVISORY: 2"
    assert shown["APIC"].startswith("image/jpeg, 159 bytes")


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        pytest.param([b"\0" * 700, "cbr.mp3"], "au.junk", id="junk-in-front"),
        pytest.param(["vbr-bare.mp3"], "au.vbr-header", id="vbr-without-header"),
        pytest.param(["cbr.mp3", "cbr.mp3"], "au.vbr-header", id="two-joined"),
        pytest.param(["cbr-bare.mp3", b"TAG" + bytes(125), b"TAG" + bytes(125)], "au.tag.foreign", id="two-id3v1"),
        pytest.param(
            [b"ID3\x03\0\0\0\0\0\x0cTIT2\0\0\0\x02\0\0\0A", b"ID3\x03\0\0\0\0\0\x0cTIT2\0\0\0\x02\0\0\0B", "cbr.mp3"],
            "au.tag.doubled",
            id="two-id3v2",
        ),
        pytest.param(["cbr.mp3", b"APETAGEX\xd0\x07\0\0\x20\0\0\0" + bytes(16)], "au.tag.foreign", id="ape"),
        pytest.param(["cbr.mp3", b"LYRICSBEGININD0000200000024LYRICS200"], "au.tag.foreign", id="lyrics3"),
    ],
)
def test_warnings_have_a_fix(tmp_path, parts, code):
    data = b"".join(part if isinstance(part, bytes) else sample(part).read_bytes() for part in parts)
    (tmp_path / "a.mp3").write_bytes(data)
    found = [problem for problem in inspect_audio(tmp_path / "a.mp3").problems if problem.code == code]
    assert len(found) == 1
    assert found[0].fix
    assert probe_audio(tmp_path / "a.mp3").seconds > 2


def silent(path, seconds=1, rate=8000):
    size = seconds * rate * 2
    head = b"RIFF" + (36 + size).to_bytes(4, "little") + b"WAVEfmt \x10\0\0\0\1\0\1\0" + rate.to_bytes(4, "little")
    path.write_bytes(
        head + (2 * rate).to_bytes(4, "little") + b"\2\0\x10\0data" + size.to_bytes(4, "little") + bytes(size)
    )
    return path


def test_silence_from_end_to_end_is_reported(tmp_path):
    assert codes(silent(tmp_path / "a.wav")) == ["au.convert", "au.silent"]


@needs_ffmpeg
@pytest.mark.parametrize("codec", ["libmp3lame", "aac", "alac", "libopus", "libvorbis", "flac", "pcm_s16be"])
def test_silence_is_known_in_every_coat(tmp_path, codec):
    suffix = {"libmp3lame": "mp3", "libopus": "opus", "libvorbis": "ogg", "flac": "flac", "pcm_s16be": "aiff"}
    coat = tmp_path / f"a.{suffix.get(codec, 'm4a')}"
    command = ["ffmpeg", "-v", "quiet", "-i", str(silent(tmp_path / "a.wav", 6, 24000)), "-c:a", codec, str(coat)]
    subprocess.run(command, check=True)
    assert "au.silent" in codes(coat)


@pytest.mark.parametrize("name", ["vbr-bare.mp3", "cbr-bare.mp3"])
@needs_ffmpeg
def test_fix_inserts_a_header_and_changes_no_sample(tmp_path, name):
    repair_audio(sample(name), tmp_path / name)
    assert pcm(tmp_path / name) == pcm(sample(name))
    assert probe_audio(tmp_path / name).seconds == probe_audio(sample(name)).seconds
    assert codes(tmp_path / name) == []


@needs_ffmpeg
def test_fix_removes_junk_and_keeps_the_tags(tmp_path):
    write_tags(sample("vbr-bare.mp3"), tmp_path / "tagged.mp3", make_tags())
    data = (tmp_path / "tagged.mp3").read_bytes()
    at = len(data) - sample("vbr-bare.mp3").stat().st_size
    (tmp_path / "junk.mp3").write_bytes(data[:at] + bytes(999) + data[at:])
    repair_audio(tmp_path / "junk.mp3", tmp_path / "mended.mp3")
    assert pcm(tmp_path / "mended.mp3") == pcm(sample("vbr-bare.mp3"))
    assert inspect_audio(tmp_path / "mended.mp3").tags.title == make_tags().title
    assert codes(tmp_path / "mended.mp3") == []


@needs_ffmpeg
def test_ffprobe_reads_the_corrected_header(tmp_path):
    repair_audio(sample("vbr-bare.mp3"), tmp_path / "a.mp3")
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(tmp_path / "a.mp3")]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert float(said) == pytest.approx(probe_audio(sample("vbr-bare.mp3")).seconds, abs=0.001)


def test_a_fixed_file_needs_no_fix(tmp_path):
    first = repair_audio(sample("vbr-bare.mp3"), tmp_path / "a.mp3")
    assert repair_audio(tmp_path / "a.mp3", tmp_path / "b.mp3") == first


def test_what_is_left_of_a_truncated_file_gets_a_true_header(tmp_path):
    (tmp_path / "cut.mp3").write_bytes(sample("vbr.mp3").read_bytes()[:10_000])
    with pytest.raises(InvalidAudio, match="is truncated"):
        probe_audio(tmp_path / "cut.mp3")
    done = run("--mend", tmp_path / "mended", tmp_path / "cut.mp3")
    assert done.exit_code == 1
    assert str(Path("mended", "cut.mp3")) in done.stdout
    assert 0.5 < probe_audio(tmp_path / "mended" / "cut.mp3").seconds < 1.5


def test_fix_never_overwrites_the_recording(tmp_path):
    shutil.copy(sample("vbr-bare.mp3"), tmp_path / "a.mp3")
    with pytest.raises(OperationError, match="would overwrite"):
        repair_audio(tmp_path / "a.mp3", tmp_path / "a.mp3")
    assert run("--mend", tmp_path, tmp_path / "a.mp3").exit_code == 1
    assert (tmp_path / "a.mp3").read_bytes() == sample("vbr-bare.mp3").read_bytes()


def test_an_end_that_an_editor_took_off_is_a_remark_and_not_a_bad_copy(tmp_path):
    long = sample("cbr-bare.mp3").read_bytes() * 5
    (tmp_path / "long.mp3").write_bytes(long)
    repair_audio(tmp_path / "long.mp3", tmp_path / "a.mp3")
    whole = (tmp_path / "a.mp3").read_bytes()
    frames = [at for at in range(len(whole) - 1000, len(whole)) if whole[at : at + 2] == b"\xff\xf3"]
    (tmp_path / "a.mp3").write_bytes(whole[: frames[-3]])
    assert codes(tmp_path / "a.mp3") == ["au.vbr-header"]
    (tmp_path / "a.mp3").write_bytes(whole[: frames[-3] - 40])
    assert codes(tmp_path / "a.mp3") == ["au.truncated"]


def test_fix_writes_a_copy_of_any_format(tmp_path):
    (tmp_path / "a.m4a").write_bytes(sample("aac.m4a").read_bytes() + b"TAG" + bytes(125))
    done = run("--fix", tmp_path / "fixed", tmp_path / "a.m4a")
    assert "128 bytes of junk after the last box" in done.stdout
    assert str(tmp_path / "fixed/a.m4a") in done.stdout
    assert (tmp_path / "fixed/a.m4a").read_bytes() == sample("aac.m4a").read_bytes()


def test_a_file_that_is_not_audio_has_a_single_problem(tmp_path):
    (tmp_path / "notes.mp3").write_text("no sound")
    done = run(tmp_path / "notes.mp3")
    assert (done.exit_code, done.stderr) == (1, "")
    assert "notes.mp3: error: is not" in done.stdout
    assert len(done.stdout.splitlines()) == 1
