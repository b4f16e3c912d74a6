"""A decoder that crashes, hangs or takes all memory costs one file, not the command."""

import os
import socket
import subprocess
import sys
from contextlib import closing
from multiprocessing.context import SpawnProcess

import pytest
from PIL import Image

from podcast_kit import images
from podcast_kit.errors import InvalidInput
from podcast_kit.images import artwork
from podcast_kit.io import decoder_process
from podcast_kit.io.decoder_process import DecoderDied, DecoderLimits, limit_decoders
from tests.support import hostile_decoders

pytestmark = pytest.mark.slow  # each test starts a process
LIMITS = DecoderLimits(memory_bytes=2_000_000_000, cpu_s=1)


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Wait for a decoder for as long as a busy machine takes to start it."""
    monkeypatch.setattr(decoder_process, "WALL_CLOCK_FACTOR", 100)


def can_unshare():
    """Whether a process may leave the network, tried in another process."""
    program = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x50000000) != 0)"
    return subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.fixture
def cover(tmp_path):
    path = tmp_path / "cover.png"
    Image.new("RGB", (1400, 1400), "red").save(path)
    return path


def test_a_decoder_runs_in_this_process_unless_decoders_are_limited(tmp_path):
    assert hostile_decoders.tell_process(tmp_path) == os.getpid()
    with limit_decoders():
        other = hostile_decoders.tell_process(tmp_path)
        assert other != os.getpid()
        with limit_decoders():
            assert hostile_decoders.tell_process(tmp_path) == other
        assert hostile_decoders.tell_process(tmp_path) == other
    assert hostile_decoders.tell_process(tmp_path) == os.getpid()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource limits")
@pytest.mark.parametrize(
    ("decoder", "message"),
    [
        (hostile_decoders.crash, "crashed"),
        (hostile_decoders.spin, "more than 1 s of CPU time"),
        (hostile_decoders.sleep, "longer than 1 s"),
        pytest.param(
            hostile_decoders.take_memory,
            "MemoryError",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="macOS does not limit the address space"),
        ),
        (hostile_decoders.write, "File too large"),
        (hostile_decoders.send_trap, "the decoder sent a posix.system"),
        (hostile_decoders.raise_trap, "the decoder failed: ValueError"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_decoder_that_misbehaves_fails_alone(tmp_path, monkeypatch, decoder, message):
    canary = tmp_path / "canary"
    with limit_decoders(LIMITS):
        with monkeypatch.context() as patch:
            if decoder is hostile_decoders.sleep:
                patch.setattr(decoder_process, "WALL_CLOCK_FACTOR", 1)
            with pytest.raises(DecoderDied, match=message):
                decoder(canary)
        assert hostile_decoders.read_name(tmp_path / "next") == "next"
    assert not canary.exists() or canary.stat().st_size == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has network namespaces")
def test_a_process_that_cannot_be_started_is_started_for_the_next_file(tmp_path, monkeypatch):
    def refuse(_):
        raise BlockingIOError("no more processes")

    with limit_decoders():
        with monkeypatch.context() as patch:
            patch.setattr(SpawnProcess, "start", refuse)
            with pytest.raises(BlockingIOError):
                hostile_decoders.tell_process(tmp_path)
        assert hostile_decoders.tell_process(tmp_path) != os.getpid()


def test_a_decoder_has_no_network_where_the_system_can_take_it_away(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as server, limit_decoders(LIMITS):
        port = server.getsockname()[1]
        if can_unshare():
            with pytest.raises(DecoderDied, match="unreachable"):
                hostile_decoders.connect(tmp_path, port)
        else:
            assert hostile_decoders.connect(tmp_path, port) == "connected"


def test_pictures_are_the_same_with_and_without_limits(cover):
    def make_all():
        card = images.SocialCard(cover, "Show", ground="#fff", ink="#000", soft="#333", accent="#f00")
        return (
            images.probe_image(cover),
            images.make_tag_cover(cover, 300),
            images.make_thumbnails(cover, [100, 200]),
            images.make_favicons(cover),
            images.dominant_colour(cover),
            card.render("A title"),
        )

    free = make_all()
    with limit_decoders():
        assert make_all() == free


def test_a_picture_that_crashes_its_decoder_is_a_problem_of_that_picture(cover, monkeypatch):
    def crash(*_arguments, **_options):
        raise DecoderDied("the decoder crashed on this file")

    monkeypatch.setattr("podcast_kit.io.decoder_process.DecoderProcess.call", crash)
    with limit_decoders(), pytest.raises(InvalidInput) as caught:
        artwork.probe_image(cover)
    [problem] = caught.value.problems
    assert problem.code == "art.broken"
    assert problem.location.path == cover.as_posix()
    assert "crashed" in problem.text


def test_errors_of_a_decoder_arrive_with_their_problems(tmp_path):
    with limit_decoders(), pytest.raises(InvalidInput) as caught:
        images.probe_image(tmp_path / "none.png")
    assert [problem.code for problem in caught.value.problems] == ["art.missing"]
