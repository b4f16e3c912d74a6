"""A repaired copy has the same audio, and nothing left that a repair can correct."""

import pytest

from podcast_kit.audio import inspect_audio, probe_audio, read_tags, repair_audio
from podcast_kit.audio.mastering import decode
from podcast_kit.errors import InvalidAudio
from tests.support.audio_samples import RECORDINGS, sample
from tests.support.broken_audio import everything, id3, write

BROKEN = {one.id: one for one in everything()}
CORRECTED = """
    mp3-half-a-frame mp3-junk mp3-hole mp3-joined mp3-vbr-bare m4a-tail m4a-cut-box ogg-no-end ogg-tail ogg-id3
    flac-length flac-id3 flac-id3v1 wav-unfinished wav-44-more aac-stray
""".split()  # noqa: SIM905 - a list of sixteen strings is harder to read
TRUNCATED = ("ogg-cut", "aac-cut", "flac-cut", "mp3-cut", "wav-cut", "aiff-cut")
LEADING_TAGS = {"m4a-id3": "aac.m4a", "wav-id3": "speech.wav"}


def samples_of(path):
    return sum(block.shape[1] for block in decode.decode_blocks(path))


@pytest.mark.parametrize("id_", CORRECTED)
def test_warning_is_gone_in_the_copy(id_, tmp_path):
    one = BROKEN[id_]
    path, copy = write(one, tmp_path), tmp_path / "copy" / one.name
    repair_audio(path, copy)
    assert not [problem for problem in inspect_audio(copy).problems if one.says in problem.text]
    assert probe_audio(copy).seconds == pytest.approx(probe_audio(path).seconds, abs=0.03)
    assert samples_of(copy) / probe_audio(copy).sample_rate == pytest.approx(probe_audio(copy).seconds, abs=0.03)
    assert path.read_bytes() == one.data


@pytest.mark.parametrize("id_", TRUNCATED)
def test_copy_of_a_truncated_file_ends_properly(id_, tmp_path):
    one = BROKEN[id_]
    path, copy = write(one, tmp_path), tmp_path / "copy" / one.name
    with pytest.raises(InvalidAudio, match="truncated"):
        probe_audio(path)
    repair_audio(path, copy)
    assert samples_of(copy) / probe_audio(copy).sample_rate == pytest.approx(probe_audio(copy).seconds, abs=0.1)


@pytest.mark.parametrize("id_", LEADING_TAGS)
def test_tags_that_a_format_does_not_allow_are_removed(id_, tmp_path):
    one = BROKEN[id_]
    repair_audio(write(one, tmp_path), tmp_path / "copy" / one.name)
    assert (tmp_path / "copy" / one.name).read_bytes() == sample(LEADING_TAGS[id_]).read_bytes()


@pytest.mark.parametrize("name", [name for name in RECORDINGS if not name.endswith(".mp3")])
def test_copy_of_a_good_file_is_the_same(name, tmp_path):
    repair_audio(sample(name), tmp_path / name)
    assert (tmp_path / name).read_bytes() == sample(name).read_bytes()


def test_tags_of_an_mp3_are_kept(tmp_path):
    (tmp_path / "a.mp3").write_bytes(id3("Kept") + sample("vbr-bare.mp3").read_bytes())
    repair_audio(tmp_path / "a.mp3", tmp_path / "b.mp3")
    assert read_tags(tmp_path / "b.mp3").title == "Kept"


@pytest.mark.parametrize("name", ["a.ogg", "a.aac", "a.m4a"])
def test_file_without_audio_cannot_be_repaired(name, tmp_path):
    heads = {
        "a.ogg": b"OggS" + bytes(500),
        "a.aac": b"\xff\xf1" + bytes(500),
        "a.m4a": b"\0\0\0\x10ftypM4A " + bytes(4),
    }
    (tmp_path / name).write_bytes(heads[name])
    with pytest.raises(InvalidAudio):
        repair_audio(tmp_path / name, tmp_path / "copy" / name)
    assert not (tmp_path / "copy" / name).exists()


def test_format_that_is_only_decoded_cannot_be_repaired(tmp_path):
    (tmp_path / "a.webm").write_bytes(b"\x1aE\xdf\xa3" + bytes(500))
    with pytest.raises(InvalidAudio, match="is Matroska or WebM, which cannot be repaired"):
        repair_audio(tmp_path / "a.webm", tmp_path / "b.webm")
