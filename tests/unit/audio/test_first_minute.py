"""Where the first minute of a file ends, compared with the packets that FFmpeg finds."""

import shutil
from pathlib import Path

import pytest

from podcast_kit.audio import measure_first_minute, write_tags
from podcast_kit.model import Tags
from tests.support.audio_samples import sample

av = pytest.importorskip("av")
EXACT = ["cbr.mp3", "vbr.mp3", "abr.mp3", "cbr-bare.mp3", "vbr-bare.mp3", "aac.m4a", "alac.m4a", "speech.wav"]


def packets(path):
    """(start in seconds, first byte, byte behind the last) of every audio packet."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return [
            (float(packet.pts * packet.time_base), packet.pos, packet.pos + packet.size)
            for packet in container.demux(stream)
            if packet.size
        ]


@pytest.mark.parametrize(("name", "is_tagged"), [(name, tag) for name in EXACT for tag in (False, True)][:-1])
def test_bytes_of_the_first_seconds_are_exact(tmp_path, name, is_tagged):
    path = tmp_path / name
    if is_tagged:
        write_tags(sample(name), path, Tags(title="Title", show="Show", description="x" * 20_000))
    else:
        shutil.copy(sample(name), path)
    found = packets(path)
    seconds = found[-1][0] * 0.6
    minute = measure_first_minute(path, seconds)
    longest = max(end - start for _, start, end in found)
    assert abs(minute.head_bytes - min(start for _, start, _ in found)) <= 1
    expected = max(end for begins, _, end in found if begins < seconds)
    assert abs(minute.minute_bytes - expected) <= 2 * longest
    assert (minute.head_bytes > 20_000) == is_tagged


@pytest.mark.parametrize("name", ["speech.opus", "speech.ogg"])
def test_ogg_counts_whole_pages(name):
    path = Path(sample(name))
    found = packets(path)
    seconds = found[-1][0] * 0.5
    minute = measure_first_minute(path, seconds)
    data = path.read_bytes()
    assert data[minute.head_bytes :].startswith(b"OggS")
    assert data[minute.minute_bytes :].startswith(b"OggS")
    after = min(begins for begins, start, _ in found if start >= minute.minute_bytes)
    assert after >= seconds - 0.1


@pytest.mark.parametrize("name", [*EXACT, "speech.opus", "speech.ogg", "speech.aiff"])
def test_a_file_that_is_shorter_counts_as_a_whole(name):
    path = Path(sample(name))
    minute = measure_first_minute(path)
    assert minute.head_bytes < minute.minute_bytes <= path.stat().st_size
    assert minute.minute_bytes > path.stat().st_size * 0.95


@pytest.mark.parametrize("name", ["speech.flac", "speech.aac"])
def test_formats_that_would_have_to_be_decoded_are_not_measured(name):
    assert measure_first_minute(Path(sample(name))) is None


@pytest.mark.parametrize("between", [b"", b"junk between frames"])
def test_the_first_minute_is_found_through_what_is_not_a_frame(tmp_path, between):
    data = sample("cbr-bare.mp3").read_bytes()
    head = measure_first_minute(sample("cbr-bare.mp3"), 0.5).minute_bytes
    whole, broken = tmp_path / "whole.mp3", tmp_path / "broken.mp3"
    whole.write_bytes(data + data)
    broken.write_bytes(data[:head] + between + data[head:] + data)
    expected = measure_first_minute(whole, 1.0)
    found = measure_first_minute(broken, 1.0)
    assert (found.head_bytes, found.minute_bytes) == (expected.head_bytes, expected.minute_bytes + len(between))
