"""What tags said of a recording's loudness does not outlive the change of its loudness, by gain or by encoding."""

import shutil
import struct
import subprocess

import mutagen.apev2
import mutagen.flac
import mutagen.id3
import mutagen.mp4
import mutagen.oggopus
import mutagen.oggvorbis
import numpy as np
import pytest

from podcast_kit.audio import master, probe_audio, write_tags
from podcast_kit.audio.mastering import encode, mp3_gain
from podcast_kit.audio.mastering.job import Treatment
from podcast_kit.model import AudioSettings, Tags
from tests.support.audio_samples import SAMPLES
from tests.support.sound import voice, write

needs_lame = pytest.mark.skipif(shutil.which("lame") is None, reason="lame writes ReplayGain into its header frame")
TRACES = ("replaygain", "mp3gain", "itunnorm", "r128_", "peakvalue", "averagelevel")
LAME_FIELDS = 4 + 32 + 8 + 4 + 4 + 100 + 4
"""The offset of `LAME3.100` in a stereo frame of MPEG-1."""
FRAMES = [
    mutagen.id3.TXXX(encoding=3, desc="replaygain_track_gain", text="-6.40 dB"),
    mutagen.id3.TXXX(encoding=1, desc="REPLAYGAIN_TRACK_PEAK", text="0.97"),
    mutagen.id3.TXXX(encoding=0, desc="MP3GAIN_UNDO", text="+004,+004,N"),
    mutagen.id3.COMM(encoding=0, lang="eng", desc="iTunNORM", text=" 0000A1F2 0000A1F2"),
    mutagen.id3.RVA2(desc="track", channel=1, gain=-6.4, peak=0.97),
    mutagen.id3.PRIV(owner="PeakValue", data=b"\x12\x34\0\0"),
    mutagen.id3.PRIV(owner="AverageLevel", data=b"\x12\x34\0\0"),
]
KEPT_FRAMES = [
    mutagen.id3.TIT2(encoding=3, text="A talk"),
    mutagen.id3.TXXX(encoding=3, desc="Engineer", text="Ada"),
    mutagen.id3.COMM(encoding=3, lang="eng", desc="studio", text="Room 2"),
    mutagen.id3.PRIV(owner="of-somebody", data=b"\1"),
]


def lossy(path, sound, kbits=128):
    encoder = encode.open_encoder(path.suffix[1:], path, 44100, len(sound), kbits)
    encoder.write(sound)
    encoder.finish()
    return path


def quiet():
    return voice(2.0) * np.float32(0.2)


def mastered(source, folder, **settings):
    settings = AudioSettings(loudness=-16.0, **settings)
    return master.master_recording(source, folder / f"out{master.mastered_suffix(source, settings)}", settings)


def traces(path):
    data = path.read_bytes()
    text = data.decode("latin-1").lower() + data.replace(b"\0", b"").decode("latin-1").lower()
    names = [word for word in TRACES if word in text]
    return names + [name for name in ("RVA2", "RVAD", "XRVA", "RGAD") if name.encode() in data[:4096]]


def crc16(data):
    """CRC-16/ARC, bit by bit."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


def lame_fields(data):
    """Peak, ReplayGain values, gain, and both checksums (in the file, computed) of the frame at the start."""
    at = data.index(b"LAME")
    assert at == LAME_FIELDS
    size = int.from_bytes(data[at - 4 - 100 - 4 : at - 4 - 100], "big")
    header = data[:417] if data[2] >> 4 == 9 else data[: (144000 * 64 // 44100)]
    music = data[len(header) : size]
    return {
        "peak": data[at + 11 : at + 15],
        "replaygain": data[at + 15 : at + 19],
        "gain": struct.unpack("b", data[at + 25 : at + 26])[0],
        "music": int.from_bytes(data[at + 28 : at + 32], "big") == len(header) + len(music),
        "music crc": int.from_bytes(data[at + 32 : at + 34], "big") == crc16(music),
        "crc": int.from_bytes(data[at + 34 : at + 36], "big") == crc16(data[: at + 34]),
    }


@pytest.mark.parametrize("version", [3, 4])
def test_gain_drops_id3_frames_of_loudness_and_keeps_others(version, tmp_path):
    source = lossy(tmp_path / "in.mp3", quiet())
    tag = mutagen.id3.ID3()
    for frame in [*FRAMES, *KEPT_FRAMES]:
        tag.add(frame)
    tag.save(source, v2_version=version)
    assert set(traces(source)) >= {"replaygain", "mp3gain", "itunnorm", "peakvalue", "averagelevel", "RVA2"}
    result = mastered(source, tmp_path)
    assert result.treatment is Treatment.SHIFT
    write_tags(result.path, tmp_path / "tagged.mp3", Tags(title="A talk", show="Show"))
    for path in (result.path, tmp_path / "tagged.mp3"):
        assert traces(path) == []
        tags = mutagen.id3.ID3(path)
        assert (str(tags["TIT2"]), str(tags["TXXX:Engineer"])) == ("A talk", "Ada")
        assert str(tags["COMM:studio:eng"]) == "Room 2"
        assert tags["PRIV:of-somebody:\1"].data == b"\1"


@pytest.mark.parametrize("name", ["RVAD", "XRVA", "RGAD"])
def test_gain_drops_frames_of_loudness_that_mutagen_does_not_know(name, tmp_path):
    source = lossy(tmp_path / "in.mp3", quiet())
    frames = b"".join(
        key + len(data).to_bytes(4, "big") + b"\0\0" + data
        for key, data in ((b"TIT2", b"\0A talk"), (name.encode(), b"\x03\x10\0\x40\0\x40\x7f\xff\x7f\xff"))
    )
    head = b"ID3\x03\0\0" + bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    source.write_bytes(head + frames + source.read_bytes())
    path = mastered(source, tmp_path).path
    assert traces(path) == []
    assert str(mutagen.id3.ID3(path)["TIT2"]) == "A talk"


def test_gain_drops_apev2_items_of_loudness_and_keeps_others(tmp_path):
    source = lossy(tmp_path / "in.mp3", quiet())
    tag = mutagen.apev2.APEv2()
    tag.update({"REPLAYGAIN_TRACK_GAIN": "-6.4 dB", "MP3GAIN_MINMAX": "105,210", "Artist": "Ada"})
    tag.save(source)
    source.write_bytes(source.read_bytes() + b"TAG" + b"A talk".ljust(125, b"\0"))
    path = mastered(source, tmp_path).path
    assert traces(path) == []
    assert dict(mutagen.apev2.APEv2(path)) == {"Artist": "Ada"}
    assert path.read_bytes().endswith(b"TAG" + b"A talk".ljust(125, b"\0"))


def test_gain_drops_an_apev2_tag_that_only_mp3gain_wrote(tmp_path):
    source = lossy(tmp_path / "in.mp3", quiet())
    length = source.stat().st_size
    tag = mutagen.apev2.APEv2()
    tag.update({"MP3GAIN_UNDO": "+004,+004,N", "REPLAYGAIN_ALBUM_PEAK": "0.9"})
    tag.save(source)
    path = mastered(source, tmp_path).path
    assert traces(path) == []
    assert path.stat().st_size == length


def test_gain_leaves_a_damaged_apev2_tag_as_it_is(tmp_path):
    source = lossy(tmp_path / "in.mp3", quiet())
    tag = b"\xff\xff\xff\x7fREPLAYGAIN" + b"APETAGEX" + struct.pack("<4I", 2000, 46, 9, 0) + bytes(8)
    source.write_bytes(source.read_bytes() + tag)
    assert mastered(source, tmp_path).path.read_bytes().endswith(tag)


@needs_lame
def test_gain_updates_the_header_frame_of_lame(tmp_path):
    source = tmp_path / "in.mp3"
    command = ["lame", "--quiet", "-b", "128", "-m", "j", "--resample", "44.1", "--scale", "0.1"]
    stereo = tmp_path / "stereo.wav"
    write(stereo, quiet())
    subprocess.run([*command, stereo, source], check=True)
    before = lame_fields(source.read_bytes())
    assert before == before | {"music": True, "music crc": True, "crc": True, "gain": 0}
    assert any(before["replaygain"])
    result = mastered(source, tmp_path)
    assert result.treatment is Treatment.SHIFT
    after = lame_fields(result.path.read_bytes())
    steps = round(result.gain / 1.505)
    unknown = {"peak": bytes(4), "replaygain": bytes(4)}
    assert after == {"gain": steps, "music": True, "music crc": True, "crc": True} | unknown
    assert probe_audio(result.path).seconds == probe_audio(source).seconds


def test_gain_changes_nothing_else_of_a_file_without_such_tags(tmp_path):
    for name in ("vbr-bare.mp3", "cbr-bare.mp3"):
        mp3_gain.write_without_loudness_tags(SAMPLES / name, tmp_path / name, 2)
        assert (tmp_path / name).read_bytes() == (SAMPLES / name).read_bytes()


@pytest.mark.parametrize("name", ["in.flac", "in.ogg", "in.opus", "in.m4a"])
def test_encoding_carries_no_tag_of_loudness_over(name, tmp_path):
    source = tmp_path / name
    shutil.copy(SAMPLES / {"in.m4a": "aac.m4a"}.get(name, f"speech{source.suffix}"), source)
    comments = {"REPLAYGAIN_TRACK_GAIN": "-6.4 dB", "R128_TRACK_GAIN": "-1200"}
    if name == "in.m4a":
        free = mutagen.mp4.MP4FreeForm(b" 0000A1F2 0000A1F2")
        names = ("iTunNORM", "replaygain_track_gain")
        file = mutagen.mp4.MP4(source)
        file.add_tags() if file.tags is None else None
        file.tags.update({f"----:com.apple.iTunes:{key}": [free] for key in names})
    else:
        types = {".flac": mutagen.flac.FLAC, ".ogg": mutagen.oggvorbis.OggVorbis, ".opus": mutagen.oggopus.OggOpus}
        file = types[source.suffix](source)
        file.tags.update(comments)
    file.save()
    assert traces(source)
    result = mastered(source, tmp_path, reencode=True, format="mp3" if name != "in.opus" else "opus", channels=2)
    assert result.treatment is Treatment.ENCODE
    assert traces(result.path) == []
