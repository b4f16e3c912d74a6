"""A build masters recordings once, as the settings say, and records their loudness in the lock."""

import contextlib
import errno
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from podcast_kit import builder
from podcast_kit.audio import loudness, probe_audio
from podcast_kit.builder.cache import Cache
from podcast_kit.cli.console import Console
from podcast_kit.errors import InvalidInput, PodcastKitError
from podcast_kit.model import Progress
from podcast_kit.source import lock, project
from tests.support.shows import add, small, tree
from tests.support.sound import music, voice, write

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def show(folder, *, audio="{loudness: -16}", seconds=4.0, sound=voice, **front):
    """A show of one episode whose recording is a WAV."""
    small(folder, episodes=0)
    text = (folder / "podcast.yaml").read_text()
    (folder / "podcast.yaml").write_text(f"{text}audio: {audio}\n")
    add(folder, 1, recording="", **front)
    write(folder / "episodes/001-talk.wav", sound(seconds))
    return folder


def made(folder, **settings):
    return builder.build(project.load_project(folder), now=NOW, **settings)


def enclosure(done, suffix=".mp3"):
    (key,) = [key for key in done.outputs if key.endswith(suffix) and key.startswith("media/")]
    return done.folder / key


def mastered(folder):
    return {path.name: path.stat().st_mtime_ns for path in (folder / ".podcast-kit/mastered").iterdir()}


def test_wav_becomes_mp3_with_target_loudness(tmp_path):
    folder = show(tmp_path)
    before = (folder / "episodes/001-talk.wav").read_bytes()
    done = made(folder)
    found = loudness.measure_loudness(enclosure(done))
    assert found.integrated == pytest.approx(-16, abs=0.3)
    assert found.true_peak <= -1
    assert (folder / "episodes/001-talk.wav").read_bytes() == before
    builder.write_lock(done)
    (entry,) = lock.read_lock(folder / "podcast.lock")
    assert entry.loudness == pytest.approx(found.integrated, abs=0.06)
    assert entry.true_peak == pytest.approx(found.true_peak, abs=0.06)
    assert entry == done.lock[0]


def test_wav_without_mastering_is_refused_with_the_setting_to_use(tmp_path):
    folder = show(tmp_path, audio="{true_peak: -2}")
    with pytest.raises(InvalidInput) as caught:
        made(folder)
    (problem,) = caught.value.problems
    assert problem.location.path == "episodes/001-talk.wav"
    assert "`audio: {format: mp3}` in podcast.yaml" in problem.fix
    assert not (folder / ".podcast-kit/mastered").exists()


def test_show_without_mastering_has_no_loudness_in_the_lock(tmp_path):
    builder.write_lock(made(small(tmp_path)))
    text = (tmp_path / "podcast.lock").read_text()
    assert not any(word in text for word in ("loudness", "true_peak", "shift"))


def test_second_build_masters_nothing(tmp_path):
    folder = show(tmp_path)
    first = made(folder)
    cached = mastered(folder)
    steps = []
    again = made(folder, on_progress=steps.append)
    assert (again.files_written, tree(again.folder)) == (0, tree(first.folder))
    assert mastered(folder) == cached
    assert not {"measure", "encode", "verify", "master"} & {step.stage for step in steps}


def test_summary_of_mastering_is_reported_once(tmp_path, capsys):
    folder = show(tmp_path)
    steps = []
    made(folder, on_progress=steps.append)
    (said,) = [step.subject for step in steps if step.stage == "mastered"]
    assert re.fullmatch(r"001-talk: .* LUFS.* → -1[56]\.\d LUFS.*; \+?-?\d+\.\d dB; .*MP3, \d+ kbit/s, .*", said), said
    Console().progress(Progress(stage="mastered", subject=said))
    assert capsys.readouterr().err == said + "\n"


def test_edited_title_does_not_master_again(tmp_path):
    folder = show(tmp_path)
    made(folder)
    cached = mastered(folder)
    notes = folder / "episodes/001-talk.md"
    notes.write_text(notes.read_text().replace("Talk 1", "Another title"))
    made(folder)
    assert mastered(folder) == cached


def test_another_target_gives_another_file_and_only_the_newest_unused_files_stay(tmp_path, monkeypatch):
    folder = show(tmp_path)
    made(folder)
    cached = mastered(folder)
    (folder / "podcast.yaml").write_text((folder / "podcast.yaml").read_text().replace("-16", "-19"))
    assert loudness.measure_loudness(enclosure(made(folder))).integrated == pytest.approx(-19, abs=0.3)
    assert len(mastered(folder)) == 2
    assert mastered(folder).items() >= cached.items()
    monkeypatch.setattr("podcast_kit.builder.mastering.MAX_UNUSED_MASTERS", 0)
    made(folder)
    assert len(mastered(folder)) == 1
    assert mastered(folder).keys().isdisjoint(cached)


def test_episode_overrides_mastering_of_the_show(tmp_path):
    folder = show(tmp_path, audio="{loudness: -16}")
    add(folder, 2, recording="", audio="{file: 002-talk.wav, loudness: -20, format: m4a}")
    write(folder / "episodes/002-talk.wav", voice(4))
    add(folder, 3, recording="", audio="{file: 003-talk.wav, loudness: off, format: mp3}")
    write(folder / "episodes/003-talk.wav", voice(4))
    steps = []
    done = made(folder, on_progress=steps.append)
    assert loudness.measure_loudness(enclosure(done, "001-talk.mp3")).integrated == pytest.approx(-16, abs=0.3)
    assert loudness.measure_loudness(enclosure(done, "002-talk.m4a")).integrated == pytest.approx(-20, abs=0.3)
    # LAME turns it down by 0.4 dB, and nobody asked for more.
    raw = loudness.measure_loudness(folder / "episodes/003-talk.wav").integrated
    assert loudness.measure_loudness(enclosure(done, "003-talk.mp3")).integrated == pytest.approx(raw - 0.45, abs=0.15)
    assert [(step.done, step.total) for step in steps if step.stage == "master"] == [(1, 3), (2, 3), (3, 3)]


def test_published_episode_is_not_mastered_again(tmp_path):
    folder = show(tmp_path)
    first = made(folder)
    builder.write_lock(first)
    (folder / "podcast.yaml").write_text((folder / "podcast.yaml").read_text().replace("-16", "-19"))
    again = made(folder)
    assert enclosure(again).read_bytes() == enclosure(first).read_bytes()
    renewed = made(folder, retag=["001-talk"])
    assert loudness.measure_loudness(enclosure(renewed)).integrated == pytest.approx(-19, abs=0.3)


def test_cleared_build_folder_gets_the_published_bytes_again(tmp_path):
    folder = show(tmp_path)
    first = made(folder)
    builder.write_lock(first)
    key, bytes_ = enclosure(first), enclosure(first).read_bytes()
    for path in (*folder.glob("build/media/*/*.mp3"), *(folder / ".podcast-kit/mastered").iterdir()):
        path.unlink()
    made(folder)
    assert key.read_bytes() == bytes_


def test_chapters_and_transcripts_move_with_the_intro(tmp_path):
    folder = show(tmp_path, audio="{loudness: -16, intro: intro.wav, overlap: 0.5}", transcript="talk.vtt")
    write(folder / "intro.wav", music(3))
    notes = folder / "episodes/001-talk.md"
    notes.write_text(notes.read_text() + "\n00:00 Hello\n\n00:01 The tide\n\n00:03 The quay\n")
    vtt = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nThe tide tables lie.\n"
    (folder / "episodes/talk.vtt").write_text(vtt)
    (folder / "talk.vtt").write_text(vtt)
    done = made(folder)
    (item,) = done.items
    assert probe_audio(enclosure(done)).seconds == pytest.approx(4 + 3 - 0.5, abs=0.01)
    assert done.lock[0].shift == pytest.approx(2.5, abs=0.001)
    assert [(one.start_ms, one.title) for one in item.chapters] == [
        (0, "Hello"),
        (3500, "The tide"),
        (5500, "The quay"),
    ]
    page = (done.folder / "episodes/001-talk/index.html").read_text()
    assert '<a href="#t=3">00:03</a> The tide' in page
    assert "<p>00:05 The quay" in (done.folder / "feed.xml").read_text()
    assert {cue.start_ms for transcript in item.transcripts for cue in transcript.cues} == {3500}
    published = next(path for path in done.folder.glob("media/*/*.vtt"))
    assert "00:00:03.500 --> 00:00:04.500" in published.read_text()
    assert [path.suffix for path in done.folder.glob("media/*/*.vtt")] == [".vtt"]


def test_missing_intro_is_reported_at_its_line(tmp_path):
    folder = show(tmp_path, audio="{loudness: -16, intro: jingle.wav}")
    with pytest.raises(InvalidInput) as caught:
        made(folder)
    (problem,) = caught.value.problems
    assert "intro file 'jingle.wav' not found" in problem.text
    assert problem.location.path == "podcast.yaml"
    assert problem.location.line > 1


def test_every_recording_that_cannot_be_mastered_is_reported(tmp_path):
    folder = show(tmp_path, audio="{loudness: -16, trim: true}")
    for number in (2, 3):
        add(folder, number)
    with pytest.raises(InvalidInput) as caught:
        made(folder)
    assert [(one.location.path, one.code) for one in caught.value.problems] == [
        ("episodes/002-talk.mp3", "au.reencode"),
        ("episodes/003-talk.mp3", "au.reencode"),
    ]
    assert len(mastered(folder)) == 1  # the one that could be lies there for the next build


def test_without_the_extra_only_mastering_is_missing(tmp_path):
    show(tmp_path / "asked", seconds=1.0)
    small(tmp_path / "plain")
    code = f"""
import sys
sys.modules["av"] = None
from datetime import datetime, UTC
from pathlib import Path
from podcast_kit import builder
from podcast_kit.errors import PodcastKitError
from podcast_kit.source import project
now = datetime(2026, 11, 22, tzinfo=UTC)
builder.build(project.load_project(Path({str(tmp_path / "plain")!r})), now=now)
try:
    builder.build(project.load_project(Path({str(tmp_path / "asked")!r})), now=now)
except PodcastKitError as error:
    assert "[master]" in error.fix, error.fix
else:
    raise SystemExit("nothing was said")
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_each_episode_fails_alone_and_the_others_are_built(tmp_path):
    folder = show(tmp_path, seconds=1.0)
    add(folder, 2, recording="")
    write(folder / "episodes/002-talk.wav", voice(1)[:, :3])
    add(folder, 3, recording="")
    (folder / "episodes/003-talk.wav").write_bytes((folder / "episodes/001-talk.wav").read_bytes()[:40])
    add(folder, 4, recording="", audio="{file: gone.wav, loudness: -18}")
    add(folder, 5, recording="")
    add(folder, 6, recording="", audio="{file: folder.wav}")
    (folder / "episodes/folder.wav").mkdir()
    add(folder, 7)
    done = made(folder, keep_going=True)
    assert [item.episode.slug for item in done.items] == ["007-talk", "001-talk"]
    assert [(problem.location.path, problem.code) for problem in done.errors] == [
        ("episodes/002-talk.wav", "au.truncated"),
        ("episodes/003-talk.wav", "au.broken"),
        ("episodes/004-talk.md", "au.missing"),
        ("episodes/005-talk.md", "au.missing"),
        ("episodes/006-talk.md", "au.missing"),
    ]
    assert all(problem.fix for problem in done.errors)
    with pytest.raises(InvalidInput) as caught:
        made(folder)
    assert len(caught.value.problems) == 5


@pytest.mark.parametrize("command", [["build"], ["check"], ["status"], ["plan"]])
def test_a_missing_recording_of_a_mastered_show_stops_no_command(command, tmp_path):
    folder = show(tmp_path, seconds=1.0)
    add(folder, 2, recording="")
    run = subprocess.run(
        [sys.executable, "-m", "podcast_kit", "-C", folder, *command], capture_output=True, text=True, check=False
    )
    output = run.stdout + run.stderr
    assert "Traceback" not in output
    assert "Is a directory" not in output
    assert "002-talk" in output
    if command == ["build"]:
        assert "1 episode" in output


def test_build_command_names_the_one_broken_recording_of_five(tmp_path):
    folder = small(tmp_path, episodes=3)
    (folder / "podcast.yaml").write_text((folder / "podcast.yaml").read_text() + "audio: {format: mp3}\n")
    for number, samples in ((4, 3), (5, 44100)):
        add(folder, number, recording="")
        write(folder / f"episodes/{number:03}-talk.wav", voice(1)[:, :samples])
    command = [sys.executable, "-m", "podcast_kit", "-C", folder, "build"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    output = run.stdout + run.stderr
    assert run.returncode == 1
    assert "4 episodes" in output
    assert "episodes/004-talk.wav: error: has only 0.000 s of audio" in output
    assert "Traceback" not in output


def test_a_recording_on_a_failing_disk_stops_only_its_episode(tmp_path, monkeypatch):
    folder = small(tmp_path, episodes=3)
    broken = folder / "episodes/002-talk.mp3"
    sha256 = Cache.sha256

    def read(cache, path):
        if path == broken:
            raise OSError(errno.EIO, "Input/output error", str(path))
        return sha256(cache, path)

    monkeypatch.setattr(Cache, "sha256", read)
    done = made(folder, keep_going=True)
    assert [item.episode.slug for item in done.items] == ["003-talk", "001-talk"]
    (problem,) = done.errors
    assert (problem.location.path, problem.code) == ("episodes/002-talk.mp3", "au.unreadable")
    assert "Input/output error" in problem.text
    assert "disk" in problem.fix


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="encoders get paths on other systems")
@pytest.mark.parametrize("name", [".podcast-kit", ".podcast-kit/mastered", "build"])
def test_folder_that_becomes_a_link_while_a_recording_is_mastered_gets_nothing(tmp_path, name):
    folder, outside = show(tmp_path / "show"), tmp_path / "outside"
    outside.mkdir()
    made(folder)
    write(folder / "episodes/001-talk.wav", music(4.0))

    def swap(progress):
        if progress.stage == "encode" and not (folder / name).is_symlink():
            (folder / name).rename(tmp_path / "moved")
            (folder / name).symlink_to(outside)

    with contextlib.suppress(PodcastKitError):
        made(folder, on_progress=swap)
    assert (folder / name).is_symlink()
    assert list(outside.rglob("*")) == []
