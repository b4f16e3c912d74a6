import io
import re
from datetime import UTC, datetime

import pytest
from PIL import Image, ImageChops

from podcast_kit import builder, images
from podcast_kit.source import project
from tests.support.shows import ROOT, add, small

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COVER = ROOT / "episodes/art/cover.jpg"
COLOURS = {"ground": "#ffffff", "ink": "#000000", "soft": "#444444", "accent": "#ff0000"}


@pytest.fixture
def show(tmp_path):
    return small(tmp_path / "show")


def made(show):
    return builder.build(project.load_project(show), now=NOW)


def opened(cover):
    return Image.open(io.BytesIO(cover.data))


def test_a_page_shows_the_cover_in_the_size_that_it_needs(show):
    done = made(show)
    page = (done.folder / "episodes/001-talk/index.html").read_text("utf-8")
    small_one = re.search(r'<img class="cover" src="../../(media/\w+/cover-160.jpg)"', page)[1]
    with Image.open(done.folder / small_one) as picture:
        assert picture.size == (160, 160)


def test_every_page_has_its_card_and_the_show_its_icons(show):
    add(show, 2)
    done = made(show)
    cards = [re.search(r'"og:image" content="https://pod.example/([^"]*card[^"]*)"', page) for page in (
        (done.folder / f"episodes/00{n}-talk/index.html").read_text("utf-8") for n in (1, 2)
    )]  # fmt: skip
    assert len({card[1] for card in cards}) == 2
    for card in cards:
        with Image.open(done.folder / card[1]) as picture:
            assert picture.size == (1200, 630)
    sizes = {re.search(r"icon-(\d+)\.png", key)[1] for key in done.outputs if "/icon-" in key}
    assert sizes == {"32", "180", "192", "512"}


def test_no_image_is_rendered_twice(show, monkeypatch):
    before = made(show)

    def never(*_):
        pytest.fail("drawn again")

    for name in ("make_thumbnails", "make_favicons", "dominant_colour", "SocialCard"):
        monkeypatch.setattr(images, name, never)
    assert made(show).outputs == before.outputs


def test_an_episodes_own_image_is_on_its_social_card(show):
    Image.new("RGB", (1400, 1400), "#00aa00").save(show / "episodes" / "green.png")
    add(show, 2, image="green.png")
    done = made(show)
    page = (done.folder / "episodes/002-talk/index.html").read_text("utf-8")
    card = re.search(r'"og:image" content="https://pod.example/([^"]*card[^"]*)"', page)[1]
    with Image.open(done.folder / card) as picture:
        assert picture.getpixel((300, 300))[1] > 150


def test_a_show_without_a_cover_has_pages(show):
    (show / "podcast.yaml").write_text(
        (show / "podcast.yaml").read_text("utf-8").replace("artwork: cover.jpg\n", ""), "utf-8"
    )
    page = (made(show).folder / "episodes/001-talk/index.html").read_text("utf-8")
    assert "og:image" not in page
    assert "<h1>Talk 1</h1>" in page


def test_smaller_copies_keep_the_proportions_and_are_never_larger(tmp_path):
    Image.effect_noise((900, 300), 50).convert("RGB").save(tmp_path / "wide.png")
    copies = images.make_thumbnails(tmp_path / "wide.png", (320, 640, 900, 1200))
    assert [(copy.width, copy.height) for copy in copies] == [(320, 107), (640, 213)]
    assert [opened(copy).size for copy in copies] == [(320, 107), (640, 213)]


def test_transparency_stays_in_smaller_copies(tmp_path):
    Image.new("RGBA", (500, 500), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    (copy,) = images.make_thumbnails(tmp_path / "clear.png", (100,))
    assert (copy.mime, opened(copy).mode) == ("image/png", "RGBA")


def test_thumbnails_of_drawings_are_png_if_that_is_smaller(tmp_path):
    Image.new("RGB", (800, 800), "navy").save(tmp_path / "flat.png")
    (copy,) = images.make_thumbnails(tmp_path / "flat.png", (320,))
    assert copy.mime == "image/png"


@pytest.mark.parametrize(
    ("colours", "found"),
    [
        pytest.param(["#2040c0"], "#2040c0", id="one"),
        pytest.param(["#ffffff", "#c02020", "#c02020"], "#c02020", id="white is no colour"),
        pytest.param(["#808080", "#000000"], "", id="grey and black are none"),
    ],
)
def test_a_cover_has_its_colour(tmp_path, colours, found):
    picture = Image.new("RGB", (30 * len(colours), 30))
    for at, colour in enumerate(colours):
        picture.paste(colour, (30 * at, 0, 30 * at + 30, 30))
    picture.save(tmp_path / "cover.png")
    assert images.dominant_colour(tmp_path / "cover.png") == found


@pytest.mark.parametrize("title", ["", "W" * 400, "word " * 200, "Ünïcödé", "日本語", "a\nb\0c", "🎙️ on air"])
def test_a_card_can_be_drawn_for_any_title(title):
    card = images.SocialCard(COVER, title, **COLOURS)
    assert opened(card.render(title)).size == (1200, 630)
    assert card.render(title) == card.render(title)


def test_text_stays_within_the_social_card():
    card = images.SocialCard(COVER, "Show", **COLOURS)
    changed = ImageChops.difference(opened(card.render("W" * 400 + " word" * 100)), opened(card.render("-")))
    left, top, right, bottom = changed.point(lambda value: 255 if value > 60 else 0).getbbox()
    assert left >= 560
    assert right <= 1160
    assert top >= 80
    assert bottom <= 600


def test_letters_that_the_font_lacks_are_left_to_the_page():
    card = images.SocialCard(COVER, "Show", **COLOURS)
    assert card.render("日本語のタイトル") == card.render("")
    assert card.render("Größe") != card.render("")


def test_faces_and_chapters_are_shown_small_and_only_from_the_shows_own_host(show):
    for name, colour in (("ann.png", "#aa0000"), ("loop.png", "#0000aa")):
        Image.new("RGB", (900, 900), colour).save(show / "episodes" / name)
    chapters = (
        "[{start: 0:00, title: One, image: loop.png}, {start: 0:10, title: Two, image: 'https://x.example/a.png'}]"
    )
    people = "[{name: Ann, image: ann.png}, {name: Bo, image: 'https://x.example/bo.png'}]"
    add(show, 1, chapters=chapters, people=people)
    done = made(show)
    page = (done.folder / "episodes/001-talk/index.html").read_text("utf-8")
    face = re.findall(r'<img class="face" src="../../(media/\w+/ann-80.png)" alt="" width="32"', page)
    mark = re.findall(
        r'<img class="mark" src="../../(media/\w+/loop-80.png)" data-large="../../media/\w+/loop-320', page
    )
    assert (len(face), len(mark)) == (1, 1)
    assert not re.search(r"<img[^>]*x\.example", page)
    for key in face + mark:
        assert done.outputs[key].size < 3000
    shelf = (done.folder / "people/ann/index.html").read_text("utf-8")
    assert re.search(r'<img class="face" src="../../media/\w+/ann-320.png" alt="" width="120"', shelf)


def test_the_shows_own_pages_have_a_card_too(show):
    done = made(show)
    for key in ("index.html", "follow/index.html"):
        page = (done.folder / key).read_text("utf-8")
        assert '<meta property="og:image" content="https://pod.example/card.jpg">' in page
        assert 'content="summary_large_image"' in page
    with Image.open(done.folder / "card.jpg") as picture:
        assert picture.size == (1200, 630)


def test_a_card_says_a_title_without_its_emoji_and_breaks_a_long_word():
    card = images.SocialCard(COVER, "Show", **COLOURS)
    assert card.render("🎙️ On air ☕") == card.render("On air")
    long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk"
    assert card.render(long) != card.render(long[:-9]), "the word's end is there to read"
