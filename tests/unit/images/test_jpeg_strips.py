"""Social cards of one cover: only the rows with their titles are encoded, and nobody can tell."""

import io
import random

import pytest
from PIL import Image

from podcast_kit import images
from podcast_kit.images import jpeg_strips
from podcast_kit.images.jpeg_strips import JpegStrips, encode_jpeg
from tests.support.shows import ROOT

COVER = ROOT / "episodes/art/cover.jpg"
QUALITY = 80
ROOM_PX = 64
"""Right of what is drawn."""
COLOURS = {"ground": "#eeeeff", "ink": "#111111", "soft": "#555555", "accent": "#0066aa"}


def noise(rng, size):
    return Image.frombytes("RGB", size, rng.randbytes(3 * size[0] * size[1]))


def background(rng, size=(320, 200)):
    picture = Image.new("RGB", size, "#f4f1ea")
    picture.paste(noise(rng, (60, 120)), (20, 24))
    picture.paste("#2040c0", (0, size[1] - 14, *size))
    return picture


def with_rows_changed(picture, rng, top, bottom):
    changed = picture.copy()
    width = picture.width - ROOM_PX - 100
    changed.paste(noise(rng, (width, bottom - top)), (100, top))
    return changed


@pytest.mark.parametrize("seed", range(30))
def test_a_picture_with_some_rows_encoded_has_the_bytes_of_the_whole(seed):
    rng = random.Random(seed)
    ground = background(rng)
    strips = JpegStrips(ground, QUALITY)
    for _ in range(3):
        top = rng.randrange(ground.height - 40)
        bottom = rng.randrange(top + 1, ground.height - 20)
        picture = with_rows_changed(ground, rng, top, bottom)
        assert strips.encode(picture, top, bottom) == encode_jpeg(picture, QUALITY)


def test_only_the_rows_are_encoded(monkeypatch):
    rng = random.Random(1)
    ground = background(rng)
    strips = JpegStrips(ground, QUALITY)
    heights = []

    def encode(image, quality):
        heights.append(image.height)
        return encode_jpeg(image, quality)

    monkeypatch.setattr(jpeg_strips, "encode_jpeg", encode)
    for _ in range(2):
        picture = with_rows_changed(ground, rng, 70, 90)
        assert strips.encode(picture, 70, 90) == encode_jpeg(picture, QUALITY)
    assert heights[-1] == 3 * jpeg_strips.ROW_PX, "two rows of blocks, and one above them"


@pytest.mark.parametrize("settings", [{"optimize": True}, {"progressive": True}], ids=str)
def test_an_encoder_whose_rows_depend_on_each_other_encodes_the_whole(monkeypatch, settings):
    def encode(image, quality):
        data = io.BytesIO()
        image.save(data, "JPEG", quality=quality, **settings)
        return data.getvalue()

    monkeypatch.setattr(jpeg_strips, "encode_jpeg", encode)
    rng = random.Random(2)
    ground = background(rng)
    strips = JpegStrips(ground, QUALITY)
    picture = with_rows_changed(ground, rng, 50, 120)
    assert strips.encode(picture, 50, 120) == encode(picture, QUALITY)


@pytest.fixture(scope="module")
def used():
    card = images.SocialCard(COVER, "Show", **COLOURS)
    card.render("One")
    card.render("Two")
    return card


@pytest.mark.parametrize(
    "title", ["Talk 1", "gjpqy, Ångström and Ệ", "A conversation about many things", "word " * 80, "W" * 90]
)
def test_a_later_card_has_the_bytes_that_it_would_have_as_the_first(used, title):
    assert used.render(title) == images.SocialCard(COVER, "Show", **COLOURS).render(title)
