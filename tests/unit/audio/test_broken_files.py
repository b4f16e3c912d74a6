"""Each kind of damage has its own message and fix; never a traceback, never a wrong number."""

import shutil
import subprocess

import pytest

from podcast_kit.audio import inspect_audio, probe_audio, write_tags
from podcast_kit.errors import InvalidAudio
from tests.support.audio_samples import make_tags
from tests.support.broken_audio import everything, write

BROKEN = everything()
REFUSED = [one for one in BROKEN if not one.plays]
PLAYING = [one for one in BROKEN if one.plays]


def ids(one):
    return one.id


@pytest.mark.parametrize("one", REFUSED, ids=ids)
def test_broken_file_is_refused_with_a_reason(one, tmp_path):
    path = write(one, tmp_path)
    with pytest.raises(InvalidAudio) as caught:
        probe_audio(path)
    problem = caught.value.problem
    assert one.says in problem.text
    assert problem.code == one.code
    assert problem.fix
    assert problem.location.path == str(path)
    assert problem in inspect_audio(path).problems


@pytest.mark.parametrize("one", PLAYING, ids=ids)
def test_damaged_but_playable_file_gets_a_warning(one, tmp_path):
    path = write(one, tmp_path)
    assert probe_audio(path).seconds > 1
    said = [problem for problem in inspect_audio(path).problems if one.says in problem.text]
    assert [problem.code for problem in said] == [one.code]
    assert said[0].fix


def decoded(path, rate):
    command = ["ffmpeg", "-v", "quiet", "-i", str(path), "-vn", "-f", "s16le", "-ac", "1", "-"]
    return len(subprocess.run(command, capture_output=True, check=False).stdout) / 2 / rate


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg decodes what durations are held to")
@pytest.mark.parametrize("one", [one for one in PLAYING if one.id not in {"mp3-two-rates", "ogg-chained"}], ids=ids)
def test_duration_of_damaged_file_equals_full_decode(one, tmp_path):
    path = write(one, tmp_path)
    audio = probe_audio(path)
    if one.id == "mp3-junk":  # which hides the header from ffmpeg; publishing leaves it out
        write_tags(path, tmp_path / "copy.mp3", make_tags())
        path = tmp_path / "copy.mp3"
    assert audio.seconds == pytest.approx(decoded(path, audio.sample_rate), abs=0.05)


@pytest.mark.parametrize("one", BROKEN, ids=ids)
def test_tagging_a_broken_file_gives_a_whole_copy_or_an_error(one, tmp_path):
    path, copy = write(one, tmp_path), tmp_path / "copy" / one.name
    try:
        write_tags(path, copy, make_tags())
    except InvalidAudio:
        assert not copy.exists()
    else:
        assert copy.stat().st_size > path.stat().st_size // 2
    assert path.read_bytes() == one.data


def test_more_than_thirty_kinds_of_damage_have_distinct_problems():
    assert len(BROKEN) > 30
    assert len({(one.says, one.name.rpartition(".")[2]) for one in BROKEN}) == len(BROKEN)


@pytest.mark.parametrize("where", ["missing.mp3", ""])
def test_unreadable_file_is_reported(where, tmp_path):
    with pytest.raises(InvalidAudio, match="cannot be read"):
        probe_audio(tmp_path / where)
