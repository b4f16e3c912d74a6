"""The length of Vorbis equals that of a full decode, whatever the first page holds."""

import shutil
import subprocess

import pytest

from podcast_kit.audio import inspect_audio, probe_audio, write_tags
from podcast_kit.audio.ogg.pages import read_pages
from podcast_kit.audio.ogg.tags import render_page
from podcast_kit.audio.ogg.vorbis_blocks import VorbisBlocks, parse_vorbis_blocks
from tests.support.audio_samples import make_tags, sample

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg encodes, and decodes what is compared")


def decoded(path):
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "s16le", "-ac", "1", "-ar", "44100", "-"]
    return len(subprocess.run(command, capture_output=True, check=True).stdout) / 2 / 44100


def pages_of(path):
    with path.open("rb") as file:
        return list(read_pages(file))


def headers(path):
    packets, data = [], b""
    for page in pages_of(path):
        for begin, end, complete in page.packets():
            data += page.body[begin:end]
            if complete:
                packets.append(data)
                data = b""
    return packets[0], packets[2]


@needs_ffmpeg
@pytest.mark.parametrize("encoder", ["libvorbis -q:a 3", "libvorbis -q:a 3 -page_duration 100000", "vorbis -strict -2"])
@pytest.mark.parametrize(("silence", "noise"), [(0, 20), (6, 20), (30, 2), (0, 0.2)])
def test_length_equals_full_decode(encoder, silence, noise, tmp_path):
    path = tmp_path / "a.ogg"
    parts = (
        f"anullsrc=r=44100:d={silence}[a];anoisesrc=r=44100:d={noise}:a=0.3[b];[a][b]concat=v=0:a=1,aformat=cl=stereo"
    )
    command = ["ffmpeg", "-v", "error", "-filter_complex", parts, "-c:a", *encoder.split(), str(path)]
    subprocess.run(command, check=True)
    assert probe_audio(path).seconds == pytest.approx(silence + noise, abs=0.03)
    assert probe_audio(path).seconds == pytest.approx(decoded(path), abs=0.03)
    write_tags(path, tmp_path / "tagged.ogg", make_tags(chapters=()))
    assert probe_audio(tmp_path / "tagged.ogg").seconds == probe_audio(path).seconds


@needs_ffmpeg
@pytest.mark.parametrize("first", [3, 5])
def test_stream_that_was_recorded_from_the_middle(first, tmp_path):
    source = tmp_path / "a.ogg"
    noise = ["-f", "lavfi", "-i", "anoisesrc=r=44100:d=20:a=0.3", "-page_duration", "500000"]
    subprocess.run(["ffmpeg", "-v", "error", *noise, "-c:a", "libvorbis", str(source)], check=True)
    pages = pages_of(source)
    kept = [*pages[:2], *pages[first:]]
    for number, page in enumerate(kept):
        page.number = number
    (tmp_path / "b.ogg").write_bytes(b"".join(map(render_page, kept)))
    assert 10 < probe_audio(tmp_path / "b.ogg").seconds < 19.6
    assert probe_audio(tmp_path / "b.ogg").seconds == pytest.approx(decoded(tmp_path / "b.ogg"), abs=0.03)


def test_granules_that_an_encoder_never_set_are_not_needed(tmp_path):
    pages = pages_of(sample("speech.ogg"))
    for page in pages:
        page.granule = 0
    (tmp_path / "a.ogg").write_bytes(b"".join(map(render_page, pages)))
    assert probe_audio(tmp_path / "a.ogg").seconds == pytest.approx(2.34, abs=0.05)


def test_block_sizes_of_the_modes_are_read_from_the_end_of_the_setup_header():
    identification, setup = headers(sample("speech.ogg"))
    blocks = parse_vorbis_blocks(identification, setup)
    assert blocks is not None
    assert blocks.sizes == (256, 2048)
    # Nothing, a long block, long after long, short after long, not audio, an unknown mode.
    long, short = 0b10, 0b00
    assert [blocks.count_samples(byte) for byte in (long, long, short, 0b1)] == [0, 1024, 576, 0]


@pytest.mark.parametrize("setup", [b"", b"\x05vorbis", bytes(300), b"\xff" * 300])
def test_damaged_setup_header_has_no_block_sizes(setup):
    identification, _ = headers(sample("speech.ogg"))
    assert parse_vorbis_blocks(identification, setup) is None
    assert parse_vorbis_blocks(identification[:20], setup) is None


def test_length_without_block_sizes_is_that_of_the_granules(monkeypatch):
    monkeypatch.setattr("podcast_kit.audio.ogg.pages.parse_vorbis_blocks", lambda *_: None)
    assert probe_audio(sample("speech.ogg")).seconds == pytest.approx(2.34, abs=0.01)
    assert VorbisBlocks((0,)).count_samples(0) == 0


@pytest.mark.parametrize("name", ["speech.ogg", "speech.opus"])
def test_copy_of_a_file_without_an_end_page_has_one(name, tmp_path):
    pages = pages_of(sample(name))
    pages[-1].flags = 0
    path = tmp_path / name
    path.write_bytes(b"".join(map(render_page, pages)))
    assert [problem.code for problem in inspect_audio(path).problems] == ["au.truncated"]
    write_tags(path, tmp_path / f"tagged-{name}", make_tags(chapters=()))
    assert inspect_audio(tmp_path / f"tagged-{name}").problems == ()
    assert probe_audio(tmp_path / f"tagged-{name}").seconds == probe_audio(sample(name)).seconds
