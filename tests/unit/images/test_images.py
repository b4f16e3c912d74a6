import contextlib
import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from podcast_kit import images
from podcast_kit.errors import InvalidInput


@pytest.fixture
def picture(tmp_path):
    def make(name="cover.png", size=(64, 48), mode="RGB", colour=None, **options):
        path = tmp_path / name
        Image.new(mode, size, colour or 0).save(path, **options)
        return path

    return make


def bomb(width, height):
    """A PNG that claims far more pixels than it has bytes."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def code(raised):
    return [problem.code for problem in raised.value.problems]


def test_a_picture_is_what_its_bytes_say(picture):
    facts = images.probe(picture("cover.jpg", (300, 200), format="PNG"))
    assert (
        facts.format, facts.mime, facts.mode, facts.alpha, facts.width, facts.height,
    ) == ("PNG", "image/png", "RGB", False, 300, 200)  # fmt: skip


@pytest.mark.parametrize(("mode", "alpha"), [("RGB", False), ("RGBA", True), ("LA", True), ("L", False)])
def test_transparency_is_seen(picture, mode, alpha):
    assert images.probe(picture(mode=mode)).alpha is alpha


def test_a_picture_on_its_side_is_measured_upright(picture):
    exif = Image.Exif()
    exif[0x0112] = 6
    facts = images.probe(picture("cover.jpg", (40, 20), exif=exif))
    assert (facts.width, facts.height, facts.rotated) == (20, 40, True)


def test_what_directories_ask_of_a_jpeg_is_told(picture):
    facts = images.probe(picture("cover.jpg", mode="CMYK", dpi=(300, 300), progressive=True))
    assert (facts.mode, facts.dpi, facts.progressive) == ("CMYK", (300, 300), True)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", "art.format", id="empty"),
        pytest.param(b"<svg/>", "art.format", id="another kind"),
        pytest.param(bomb(60_000, 60_000), "art.size", id="a bomb"),
        pytest.param(bomb(100, 100), "art.broken", id="cut short"),
    ],
)
def test_what_is_no_picture_is_our_error(tmp_path, data, expected):
    (tmp_path / "x.png").write_bytes(data)
    for look in (images.probe, images.cover):
        with pytest.raises(InvalidInput) as raised:
            look(tmp_path / "x.png")
        assert [expected] == code(raised)


def test_a_picture_that_is_not_there_is_our_error(tmp_path):
    with pytest.raises(InvalidInput) as raised:
        images.probe(tmp_path / "none.png")
    assert code(raised) == ["art.missing"]


@given(st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_broken_bytes_never_raise_anything_else(tmp_path_factory, at, junk):
    data = io.BytesIO()
    Image.linear_gradient("L").save(data, "PNG")
    broken = data.getvalue()[:at] + junk + data.getvalue()[at + len(junk) :]
    path = tmp_path_factory.getbasetemp() / "fuzz.png"
    path.write_bytes(broken)
    with contextlib.suppress(InvalidInput):
        assert images.probe(path).format == "PNG"


def test_a_cover_fits_its_bounds_upright_and_opaque(picture):
    exif = Image.Exif()
    exif[0x0112] = 6
    cover = images.cover(picture("cover.jpg", (400, 200), colour="red", exif=exif), 100)
    shown = Image.open(io.BytesIO(cover.data))
    assert (cover.mime, shown.size, shown.mode, shown.format) == ("image/jpeg", (50, 100), "RGB", "JPEG")
    assert (cover.width, cover.height) == shown.size
    assert not shown.getexif()


def test_a_small_cover_is_not_blown_up(picture):
    assert images.cover(picture(size=(64, 48)), 1000).width == 64


def test_transparent_is_white(picture):
    shown = Image.open(io.BytesIO(images.cover(picture(mode="RGBA", colour=(0, 0, 0, 0)), 32).data))
    assert min(shown.getpixel((5, 5))) > 250


def test_the_same_picture_gives_the_same_bytes(picture):
    path = picture(colour="teal")
    assert images.cover(path, 32) == images.cover(path, 32)
