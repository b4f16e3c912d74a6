import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit import site
from podcast_kit.errors import InvalidInput, SourceLocation
from podcast_kit.model import Theme
from podcast_kit.site.theme import contrast
from tests.support.site_factories import ART, make_item, make_show

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def look(folder, **theme):
    return site.look(make_show(theme=Theme(**theme)), folder, None)


@given(COLOURS)
def test_whatever_the_colour_everything_can_be_read(tmp_path_factory, colour):
    found = look(tmp_path_factory.getbasetemp(), colour=colour)
    for scheme in (found.light, found.dark):
        for ground in (scheme.ground, scheme.raised, scheme.tint):
            for text in (scheme.accent, scheme.ink, scheme.soft):
                assert contrast(text, ground) >= 4.5
        assert contrast(scheme.on_fill, scheme.fill) >= 4.5


def test_a_colour_that_can_be_read_is_left_alone(tmp_path):
    found = look(tmp_path, colour="#0f62a8")
    assert (found.light.accent, found.light.fill, found.light.on_fill) == ("#0f62a8", "#0f62a8", "#ffffff")


def test_without_a_colour_the_covers_is_taken(tmp_path):
    from dataclasses import replace

    assert site.look(make_show(), tmp_path, replace(ART, colour="#aa0000")).light.fill == "#aa0000"


def test_three_digits_are_a_colour(tmp_path):
    assert look(tmp_path, colour="#0af").light.fill == "#00aaff"


@pytest.mark.parametrize(
    ("theme", "code"),
    [
        ({"colour": "red; } body { display: none"}, "theme.colour"),
        ({"font": "x; } @import url(//evil)"}, "theme.font"),
        ({"font": '"unclosed'}, "theme.font"),
        ({"font": "none.woff2"}, "theme.font"),
        ({"font": "../outside.woff2"}, "theme.font"),
        ({"logo": "logo.exe"}, "theme.logo"),
        ({"logo": "../outside.svg"}, "theme.logo"),
    ],
)
def test_what_cannot_be_used_is_told_at_its_place(tmp_path, theme, code):
    for name in ("outside.woff2", "outside.svg"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "show").mkdir()
    (tmp_path / "show" / "logo.exe").write_bytes(b"x")
    place = SourceLocation("podcast.yaml", 7, 3)
    with pytest.raises(InvalidInput) as raised:
        look(tmp_path / "show", places={next(iter(theme)): place}, **theme)
    assert [(problem.code, problem.location) for problem in raised.value.problems] == [(code, place)]


def test_a_font_and_a_logo_come_along(tmp_path):
    (tmp_path / "own.woff2").write_bytes(b"wOF2")
    (tmp_path / "logo.svg").write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg"/>')
    show = make_show(theme=Theme(font="own.woff2", logo="logo.svg"))
    made = site.render(show, [make_item()], folder=tmp_path)
    font = next(key for key in made if key.endswith(".woff2"))
    logo = next(key for key in made if key.startswith("assets/") and key.endswith(".svg"))
    style = next(data.decode() for key, data in made.items() if key.endswith(".css"))
    assert f'url("{font.removeprefix("assets/")}")' in style
    assert f'src="../../{logo}"' in made["episodes/001-one/index.html"].decode()


def test_fonts_are_named_in_order(tmp_path):
    made = site.render(make_show(theme=Theme(font='Georgia, "Times New Roman", serif')), [], folder=tmp_path)
    style = next(data.decode() for key, data in made.items() if key.endswith(".css"))
    assert '--font:Georgia, "Times New Roman", serif, system-ui' in style
