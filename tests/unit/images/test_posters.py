"""Pictures to upload to networks that take no links: of the size that they show, and small enough."""

import io

import pytest
from PIL import Image

from podcast_kit import images
from podcast_kit.images import social_card


@pytest.fixture
def card(tmp_path):
    cover = tmp_path / "cover.png"
    Image.effect_noise((1400, 1400), 90).convert("RGB").save(cover)
    return images.SocialCard(cover, "Talking Back", ground="#eef", ink="#111", soft="#555", accent="#06a")


@pytest.mark.parametrize("poster", images.POSTER_FORMATS, ids=lambda poster: poster.name)
@pytest.mark.parametrize("title", ["Short", "A long title " * 30, "Unbreakable" * 40, "日本語の題名", "", "\U0001f600"])
def test_a_poster_has_the_size_of_its_format_and_at_most_a_megabyte(card, poster, title):
    cover = card.render_poster(title, poster)
    picture = Image.open(io.BytesIO(cover.data))
    assert picture.size == (poster.width, poster.height) == (cover.width, cover.height)
    assert len(cover.data) <= 1_000_000


def test_the_text_of_a_poster_stays_clear_of_the_controls_of_apps(card):
    tall = next(poster for poster in images.POSTER_FORMATS if poster.name == "tall")
    long_title = Image.open(io.BytesIO(card.render_poster("Words that go on and on " * 20, tall).data)).convert("RGB")
    ground = long_title.getpixel((5, 5))
    below = long_title.crop((0, tall.height - tall.bottom, tall.width, tall.height - 30))
    assert all(abs(a - b) <= 8 for color in below.getcolors(1 << 20) for a, b in zip(color[1], ground, strict=True))
    assert tall.top >= 250
    assert tall.bottom >= 340


def test_the_same_title_gives_the_same_bytes(card):
    assert card.render_poster("Twice", images.POSTER_FORMATS[0]) == card.render_poster(
        "Twice", images.POSTER_FORMATS[0]
    )


def test_a_word_without_end_is_broken_in_few_steps():
    class Font:
        measured = 0

        def getlength(self, text):
            Font.measured += 1
            return 10 * len(text)

    pieces = social_card._hyphenate_word("x" * 1000, Font(), 205)
    assert (len(pieces[0]), "".join(piece.removesuffix("-") for piece in pieces)) == (20, "x" * 1000)
    assert Font.measured < 12 * len(pieces)
