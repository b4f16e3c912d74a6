"""Soundbites are cut out of an episode as files for sharing."""

import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from podcast_kit import builder
from podcast_kit.audio import probe_audio, read_tags
from podcast_kit.errors import InvalidInput
from podcast_kit.io.decoder_process import limit_decoders
from podcast_kit.source import project
from tests.integration.test_build_mastering import NOW, made, show
from tests.support.shows import small, tree
from tests.support.sound import decoded, music, needs_ffmpeg, write

PODCAST = "{https://podcastindex.org/namespace/1.0}"
BITE = "[{start: 2, duration: 16, title: The best of it}]"


def bites(done):
    return sorted(done.folder.glob("media/*/*-at-*"))


def said(done):
    found = ET.fromstring((done.folder / "feed.xml").read_text()).iter(f"{PODCAST}soundbite")
    return [(one.get("startTime"), one.get("duration"), one.text) for one in found]


def page(done):
    return (done.folder / "episodes/001-talk/index.html").read_text()


@needs_ffmpeg
def test_soundbite_has_the_samples_of_the_episode(tmp_path):
    done = made(small(tmp_path, soundbites=BITE))
    (path,) = bites(done)
    assert path.name == "001-talk-at-0m02s.mp3"
    assert probe_audio(path).seconds == pytest.approx(16, abs=1e-3)
    rate = probe_audio(path).sample_rate
    whole, part = decoded(done.folder / done.lock[0].media.key, rate, 1), decoded(path, rate, 1)
    assert (part[:, :-1200] == whole[:, 2 * rate :][:, : part.shape[1]][:, :-1200]).all()


def test_soundbite_has_tags_with_its_source(tmp_path):
    (path,) = bites(made(small(tmp_path, soundbites=BITE)))
    tags = read_tags(path)
    assert (tags.title, tags.show, tags.cover) == ("The best of it", "A small show", "image/jpeg")
    assert tags.guid == ""  # or apps would take it for the episode
    assert dict(tags.fields)["WOAF"] == "https://pod.example/episodes/001-talk/index.html#t=2"


def test_page_has_player_download_and_link_of_a_soundbite(tmp_path):
    done = made(small(tmp_path, soundbites=BITE))
    (path,) = bites(done)
    key = path.relative_to(done.folder).as_posix()
    assert f'<audio controls preload="none" src="../../{key}" aria-label="The best of it">' in page(done)
    assert f'href="../../{key}" download' in page(done)
    assert 'data-copy="https://pod.example/clips/001-talk-at-0m02s/index.html"' in page(done)


def test_episode_without_soundbites_has_no_section(tmp_path):
    done = made(small(tmp_path))
    assert "soundbites" not in page(done)
    builder.write_lock(done)
    assert "soundbites" not in (tmp_path / "podcast.lock").read_text()


def test_soundbites_move_with_an_intro_in_feed_file_and_page(tmp_path):
    folder = show(tmp_path, audio="{loudness: -16, intro: intro.wav}", seconds=20.0, soundbites=BITE)
    write(folder / "intro.wav", music(3))
    done = made(folder)
    assert said(done) == [("5", "16", "The best of it")]
    assert [path.name for path in bites(done)] == ["001-talk-at-0m05s.mp3"]
    assert '#t=5"><span>' in page(done)


def test_time_splits_move_with_an_intro(tmp_path):
    whom = "recipients: [{type: lnaddress, address: ann@pod.example, split: 1}]"
    split = f"{{type: lightning, method: lnaddress, {whom}, time_splits: [{{start: 1, duration: 2, {whom}}}]}}"
    folder = show(tmp_path, audio="{loudness: -16, intro: intro.wav}", value=split)
    write(folder / "intro.wav", music(3))
    feed = (made(folder).folder / "feed.xml").read_text()
    assert '<podcast:valueTimeSplit startTime="4" duration="2">' in feed


def test_second_build_cuts_no_soundbites(tmp_path):
    small(tmp_path, soundbites=BITE)
    first = tree(made(tmp_path).folder)
    again = made(tmp_path)
    assert (again.files_written, tree(again.folder)) == (0, first)


def test_published_soundbite_stays_until_its_time_or_recording_changes(tmp_path):
    small(tmp_path, soundbites=BITE)
    first = made(tmp_path)
    builder.write_lock(first)
    notes = tmp_path / "episodes/001-talk.md"
    notes.write_text(notes.read_text().replace("The best of it", "Another title"))
    mended = made(tmp_path)
    assert bites(mended) == bites(first)
    assert "Another title" in page(mended)
    (renewed,) = bites(made(tmp_path, retag=["001-talk"]))
    assert read_tags(renewed).title == "Another title"
    notes.write_text(notes.read_text().replace("start: 2", "start: 4"))
    assert [path.name for path in bites(made(tmp_path))] == ["001-talk-at-0m04s.mp3"]


def test_checkout_without_audio_builds_the_same_bytes(tmp_path):
    first = made(small(tmp_path / "here", soundbites=BITE))
    builder.write_lock(first)
    shutil.copytree(tmp_path / "here", tmp_path / "there", ignore=shutil.ignore_patterns("*.mp3", "build", ".podcast*"))
    shutil.copy(tmp_path / "here/podcast.lock", tmp_path / "there")
    there = made(tmp_path / "there")
    assert there.outputs == first.outputs
    assert page(there) == page(first)
    assert there.lock == first.lock


def test_cleared_build_folder_gets_the_published_bytes_again(tmp_path):
    first = made(small(tmp_path, soundbites=BITE))
    builder.write_lock(first)
    before = tree(first.folder)
    shutil.rmtree(tmp_path / "build")
    shutil.rmtree(tmp_path / ".podcast-kit")
    assert tree(made(tmp_path).folder) == before


@pytest.mark.parametrize("suffix", ["m4a", "opus"])
def test_soundbite_of_other_formats_is_reencoded(suffix, tmp_path):
    folder = show(tmp_path, audio=f"{{format: {suffix}}}", seconds=20.0, soundbites=BITE)
    (path,) = bites(made(folder))
    assert path.suffix == f".{suffix}"
    assert probe_audio(path).seconds == pytest.approx(16, abs=0.05)
    assert read_tags(path).title == "The best of it"


def test_soundbite_of_a_stranger_is_reencoded_within_limits_to_the_same_bytes(tmp_path):
    folder = show(tmp_path, audio="{format: m4a}", seconds=20.0, soundbites=BITE)
    (free,) = bites(made(folder))
    expected = free.read_bytes()
    shutil.rmtree(folder / "build")
    shutil.rmtree(folder / ".podcast-kit", ignore_errors=True)
    with limit_decoders():
        (limited,) = bites(made(folder))
    assert limited.read_bytes() == expected


def test_soundbite_after_the_end_is_reported_at_its_line(tmp_path):
    small(tmp_path, soundbites="[{start: 5000, duration: 16}]")
    with pytest.raises(InvalidInput) as caught:
        made(tmp_path)
    (problem,) = caught.value.problems
    assert problem.location.path == "episodes/001-talk.md"
    assert problem.text.endswith("ends before 5000 s")
    assert problem.code == "au.range"


def test_without_the_extra_mp3_is_cut_and_m4a_is_linked(tmp_path):
    small(tmp_path / "mp3", soundbites=BITE)
    small(tmp_path / "m4a", soundbites=BITE, recording="")
    shutil.copy(Path(__file__).parents[1] / "samples/aac.m4a", tmp_path / "m4a/episodes/001-talk.m4a")
    code = f"""
import sys
sys.modules["av"] = None
from datetime import datetime, UTC
from pathlib import Path
from podcast_kit import builder
from podcast_kit.source import project
for name, count in (("mp3", 1), ("m4a", 0)):
    done = builder.build(project.load_project(Path({str(tmp_path)!r}, name)), now=datetime(2026, 11, 22, tzinfo=UTC))
    assert len(list(done.folder.glob("media/*/*-at-*"))) == count, name
    page = (done.folder / "episodes/001-talk/index.html").read_text()
    assert "The best of it" in page and page.count("<audio") == 1 + count, name
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_invalid_soundbite_is_reported_by_check(tmp_path):
    from podcast_kit.check import check_show as checked

    small(tmp_path, soundbites="[{start: 2, duration: 3}]")
    assert [one.code for one in checked(project.load_project(tmp_path), now=NOW) if "soundbite" in one.code] == [
        "pn.soundbite"
    ]
