"""A second file in another format: made once, frozen with its enclosure, and offered wherever the first one is."""

import base64
import hashlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from podcast_kit import builder
from podcast_kit.audio import loudness, probe_audio, read_tags
from podcast_kit.check import check_show as checked
from podcast_kit.model import Wave
from podcast_kit.source import lock, project
from tests.integration.test_build_mastering import NOW, enclosure, made, mastered, show
from tests.support.shows import ROOT, add, small, tree
from tests.support.sound import music, write

PODCAST = "{https://podcastindex.org/namespace/1.0}"
SPEECH = ROOT / "episodes/003-what-a-review-is-for.mp3"
ASKED = "{loudness: -16, alternate: opus}"


def alternate(done):
    (found,) = ET.fromstring((done.folder / "feed.xml").read_text()).iter(f"{PODCAST}alternateEnclosure")
    return found


def test_a_recording_becomes_a_second_file_as_loud_as_the_first(tmp_path):
    folder = show(tmp_path, audio=ASKED, chapters="[{start: 0, title: A}, {start: 1, title: B}]")
    done = made(folder)
    first, second = enclosure(done), enclosure(done, ".opus")
    assert loudness.measure_loudness(second).integrated == pytest.approx(-16, abs=0.3)
    assert probe_audio(second).codec == "opus"
    assert probe_audio(second).seconds == pytest.approx(probe_audio(first).seconds, abs=0.05)
    said, other = read_tags(second), read_tags(first)
    assert (said.title, said.show, said.cover, said.guid) == (other.title, other.show, other.cover, other.guid)
    assert [(mark.start_ms, mark.title) for mark in said.chapters] == [(0, "A"), (1000, "B")]


def test_the_feed_says_where_it_is_and_what_it_is(tmp_path):
    done = made(show(tmp_path, audio=ASKED))
    path = enclosure(done, ".opus")
    data, found = path.read_bytes(), alternate(done)
    assert found.attrib == {
        "type": "audio/ogg",
        "length": str(len(data)),
        "bitrate": str(probe_audio(path).bit_rate),
        "title": "Opus",
        "codecs": "opus",
    }
    key = path.relative_to(done.folder).as_posix()
    assert found.find(f"{PODCAST}source").attrib == {"uri": f"https://pod.example/{key}", "contentType": "audio/ogg"}
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert found.find(f"{PODCAST}integrity").attrib == {"type": "sri", "value": f"sha256-{digest}"}
    assert 'type="audio/ogg" download>Opus <small>' in (done.folder / "episodes/001-talk/index.html").read_text()
    assert '"mime_type": "audio/ogg"' in (done.folder / "feed.json").read_text()
    assert done.outputs[key].wave is Wave.MEDIA  # so the gate asks for it before the feed names it


def test_the_check_has_nothing_against_it(tmp_path):
    show(tmp_path, audio=ASKED)
    assert not [one for one in checked(project.load_project(tmp_path), now=NOW) if one.code == "pn.altenc"]


def test_a_second_build_touches_no_audio(tmp_path):
    folder = show(tmp_path, audio=ASKED)
    first = made(folder)
    assert len(mastered(folder)) == 2
    steps = []
    again = made(folder, on_progress=steps.append)
    assert (again.files_written, tree(again.folder)) == (0, tree(first.folder))
    assert not {"measure", "encode", "verify", "master"} & {step.stage for step in steps}


def test_requesting_an_alternate_does_not_remaster_the_enclosure(tmp_path):
    folder = show(tmp_path, audio="{loudness: -16}")
    first = made(folder)
    (folder / "podcast.yaml").write_text((folder / "podcast.yaml").read_text().replace("-16}", "-16, alternate: opus}"))
    steps = []
    again = made(folder, on_progress=steps.append)
    assert enclosure(again) == enclosure(first)
    assert {step.subject for step in steps if step.stage == "encode"} == {"001-talk.opus"}


def test_it_is_frozen_with_its_enclosure_and_renewed_with_it(tmp_path):
    folder = show(tmp_path, audio=ASKED)
    first = made(folder)
    builder.write_lock(first)
    notes = folder / "episodes/001-talk.md"
    notes.write_text(notes.read_text().replace("Talk 1", "Another title"))
    assert enclosure(made(folder), ".opus").name == "001-talk.opus"
    assert made(folder).lock[0].alternate == first.lock[0].alternate
    renewed = made(folder, retag=["001-talk"])
    assert read_tags(enclosure(renewed, ".opus")).title == "Another title"
    write(folder / "episodes/001-talk.wav", music(3))
    replaced = made(folder)
    assert probe_audio(enclosure(replaced, ".opus")).seconds == pytest.approx(3, abs=0.05)


def test_a_published_episode_gets_one_later_and_keeps_its_enclosure(tmp_path):
    folder = show(tmp_path, audio="{loudness: -16}")
    first = made(folder)
    builder.write_lock(first)
    (folder / "podcast.yaml").write_text((folder / "podcast.yaml").read_text().replace("-16}", "-16, alternate: opus}"))
    (folder / "episodes/001-talk.wav").rename(tmp_path / "away.wav")
    assert made(folder).lock[0].alternate is None  # nothing to make it of, and no reason to stop
    (tmp_path / "away.wav").rename(folder / "episodes/001-talk.wav")
    later = made(folder)
    assert later.lock[0].media == first.lock[0].media
    assert later.lock[0].alternate.mime == "audio/ogg"


def test_an_alternate_that_is_no_longer_requested_leaves_the_feed(tmp_path):
    folder = show(tmp_path, audio=ASKED)
    builder.write_lock(made(folder))
    (folder / "podcast.yaml").write_text((folder / "podcast.yaml").read_text().replace(", alternate: opus", ""))
    done = made(folder)
    assert b"alternateEnclosure" not in (done.folder / "feed.xml").read_bytes()
    assert done.lock[0].alternate is None


def test_a_checkout_without_audio_builds_the_same_bytes(tmp_path):
    folder = show(tmp_path / "here", audio=ASKED)
    first = made(folder)
    builder.write_lock(first)
    shutil.copytree(folder, tmp_path / "there", ignore=shutil.ignore_patterns("*.wav", "build", ".podcast-kit"))
    there = made(tmp_path / "there")
    # Nothing of a medium is made there but what is made of text and pictures.
    assert {key: data for key, data in tree(first.folder).items() if not key.endswith((".mp3", ".opus"))} == tree(
        there.folder
    )
    assert there.outputs == first.outputs
    assert lock.render_lock(there.lock) == lock.render_lock(first.lock)


def test_a_cleared_build_folder_gets_the_published_bytes_again(tmp_path):
    folder = show(tmp_path, audio=ASKED)
    first = made(folder)
    builder.write_lock(first)
    before = tree(first.folder)
    shutil.rmtree(folder / "build")
    shutil.rmtree(folder / ".podcast-kit")
    assert tree(made(folder).folder) == before


def test_an_mp3_stays_what_it_is_and_its_alternate_is_encoded_from_it(tmp_path):
    small(tmp_path)
    (tmp_path / "podcast.yaml").write_text((tmp_path / "podcast.yaml").read_text() + "audio: {alternate: opus}\n")
    done = made(tmp_path)
    assert probe_audio(enclosure(done)).payload_sha256 == probe_audio(tmp_path / "episodes/001-talk.mp3").payload_sha256
    assert probe_audio(enclosure(done, ".opus")).seconds == pytest.approx(
        probe_audio(enclosure(done)).seconds, abs=0.05
    )


def test_what_is_of_that_format_already_needs_no_second(tmp_path):
    folder = show(tmp_path, audio="{format: m4a, alternate: m4a}")
    done = made(folder)
    assert done.lock[0].alternate is None
    assert len(mastered(folder)) == 1


def test_an_episode_may_want_one_where_the_show_does_not(tmp_path):
    folder = show(tmp_path, audio="{loudness: -16}")
    add(folder, 2, recording="", audio="{file: 002-talk.wav, alternate: m4a}")
    write(folder / "episodes/002-talk.wav", music(3))
    done = made(folder)
    assert [entry.alternate and entry.alternate.mime for entry in done.lock] == [None, "audio/x-m4a"]
    assert alternate(done).get("codecs") == "mp4a.40.2"


def test_the_moments_of_both_files_move_alike(tmp_path):
    folder = show(tmp_path, audio="{loudness: -16, intro: intro.wav, alternate: opus}")
    write(folder / "intro.wav", music(2))
    notes = folder / "episodes/001-talk.md"
    notes.write_text(notes.read_text() + "\n00:00 Hello\n\n00:01 The tide\n\n00:03 The quay\n")
    done = made(folder)
    for suffix in (".mp3", ".opus"):
        starts = [mark.start_ms for mark in read_tags(enclosure(done, suffix)).chapters]
        assert starts == [0, 3000, 5000]


def test_one_that_comes_later_has_the_moments_of_its_enclosure(tmp_path):
    folder = show(tmp_path, audio="{}", chapters="[{start: 0, title: A}, {start: 1, title: B}]")
    shutil.copy(SPEECH, folder / "episodes/001-talk.mp3")
    (folder / "episodes/001-talk.wav").unlink()
    builder.write_lock(made(folder))
    write(folder / "intro.wav", music(2))
    text = (folder / "podcast.yaml").read_text()
    (folder / "podcast.yaml").write_text(text.replace("audio: {}", "audio: {intro: intro.wav, alternate: opus}"))
    done = made(folder)
    first, second = enclosure(done), enclosure(done, ".opus")
    assert probe_audio(second).seconds == pytest.approx(probe_audio(first).seconds, abs=0.1)
    assert [mark.start_ms for mark in read_tags(second).chapters] == [0, 1000]


def test_one_of_another_length_than_its_enclosure_is_none(tmp_path):
    folder = show(tmp_path, audio="{loudness: -16}")
    builder.write_lock(made(folder))
    write(folder / "intro.wav", music(2))
    text = (folder / "podcast.yaml").read_text()
    (folder / "podcast.yaml").write_text(text.replace("-16}", "-16, intro: intro.wav, alternate: opus}"))
    assert made(folder).lock[0].alternate is None
    assert made(folder, retag=["001-talk"]).lock[0].alternate.seconds == pytest.approx(6, abs=0.1)


def test_without_the_extra_the_message_says_what_to_install(tmp_path):
    small(tmp_path)
    (tmp_path / "podcast.yaml").write_text((tmp_path / "podcast.yaml").read_text() + "audio: {alternate: opus}\n")
    code = f"""
import sys
sys.modules["av"] = None
from datetime import datetime, UTC
from pathlib import Path
from podcast_kit import builder
from podcast_kit.errors import PodcastKitError
from podcast_kit.source import project
try:
    builder.build(project.load_project(Path({str(tmp_path)!r})), now=datetime(2026, 11, 22, tzinfo=UTC))
except PodcastKitError as error:
    assert "[master]" in error.fix, error.fix
else:
    raise SystemExit("nothing was said")
"""
    subprocess.run([sys.executable, "-c", code], check=True)
