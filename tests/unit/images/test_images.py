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
def make_image(tmp_path):
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


def test_the_format_is_detected_from_the_content(make_image):
    info = images.probe_image(make_image("cover.jpg", (300, 200), format="PNG"))
    assert (
        info.format, info.mime, info.mode, info.alpha, info.width, info.height,
    ) == ("PNG", "image/png", "RGB", False, 300, 200)  # fmt: skip


@pytest.mark.parametrize(("mode", "alpha"), [("RGB", False), ("RGBA", True), ("LA", True), ("L", False)])
def test_transparency_is_detected(make_image, mode, alpha):
    assert images.probe_image(make_image(mode=mode)).alpha is alpha


def test_the_size_is_that_after_exif_rotation(make_image):
    exif = Image.Exif()
    exif[0x0112] = 6
    info = images.probe_image(make_image("cover.jpg", (40, 20), exif=exif))
    assert (info.width, info.height, info.rotated) == (20, 40, True)


def test_mode_dpi_and_progressive_jpeg_are_detected(make_image):
    info = images.probe_image(make_image("cover.jpg", mode="CMYK", dpi=(300, 300), progressive=True))
    assert (info.mode, info.dpi, info.progressive) == ("CMYK", (300, 300), True)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", "art.format", id="empty"),
        pytest.param(b"<svg/>", "art.format", id="another format"),
        pytest.param(bomb(60_000, 60_000), "art.size", id="a decompression bomb"),
        pytest.param(bomb(100, 100), "art.broken", id="truncated"),
    ],
)
def test_an_unreadable_image_is_an_input_error(tmp_path, data, expected):
    (tmp_path / "x.png").write_bytes(data)
    for read in (images.probe_image, images.make_tag_cover):
        with pytest.raises(InvalidInput) as raised:
            read(tmp_path / "x.png")
        assert [expected] == code(raised)


def test_a_missing_image_is_an_input_error(tmp_path):
    with pytest.raises(InvalidInput) as raised:
        images.probe_image(tmp_path / "none.png")
    assert code(raised) == ["art.missing"]


@given(st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_damaged_images_only_raise_input_errors(tmp_path_factory, at, junk):
    data = io.BytesIO()
    Image.linear_gradient("L").save(data, "PNG")
    broken = data.getvalue()[:at] + junk + data.getvalue()[at + len(junk) :]
    path = tmp_path_factory.getbasetemp() / "fuzz.png"
    path.write_bytes(broken)
    with contextlib.suppress(InvalidInput):
        assert images.probe_image(path).format == "PNG"


def test_a_tag_cover_has_the_maximum_size_is_upright_and_opaque(make_image):
    exif = Image.Exif()
    exif[0x0112] = 6
    cover = images.make_tag_cover(make_image("cover.jpg", (400, 200), colour="red", exif=exif), 100)
    shown = Image.open(io.BytesIO(cover.data))
    assert (cover.mime, shown.size, shown.mode, shown.format) == ("image/jpeg", (50, 100), "RGB", "JPEG")
    assert (cover.width, cover.height) == shown.size
    assert not shown.getexif()


def test_a_small_cover_is_not_enlarged(make_image):
    assert images.make_tag_cover(make_image(size=(64, 48)), 1000).width == 64


def test_transparent_pixels_become_white(make_image):
    shown = Image.open(io.BytesIO(images.make_tag_cover(make_image(mode="RGBA", colour=(0, 0, 0, 0)), 32).data))
    assert min(shown.getpixel((5, 5))) > 250


def test_the_same_image_gives_the_same_bytes(make_image):
    path = make_image(colour="teal")
    assert images.make_tag_cover(path, 32) == images.make_tag_cover(path, 32)
