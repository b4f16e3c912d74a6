import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit import site
from podcast_kit.errors import InvalidInput, SourceLocation
from podcast_kit.model import Theme
from podcast_kit.site.theme import contrast_ratio
from tests.support.site_factories import ART, make_item, make_show

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def theme_of(folder, **theme):
    return site.resolve_theme(make_show(theme=Theme(**theme)), folder, None)


@given(COLOURS)
def test_text_is_readable_with_any_colour(tmp_path_factory, colour):
    theme = theme_of(tmp_path_factory.getbasetemp(), colour=colour)
    for scheme in (theme.light, theme.dark):
        for ground in (scheme.ground, scheme.raised, scheme.tint):
            for text in (scheme.accent, scheme.ink, scheme.soft):
                assert contrast_ratio(text, ground) >= 4.5
        assert contrast_ratio(scheme.on_fill, scheme.fill) >= 4.5


def test_a_readable_colour_is_unchanged(tmp_path):
    theme = theme_of(tmp_path, colour="#0f62a8")
    assert (theme.light.accent, theme.light.fill, theme.light.on_fill) == ("#0f62a8", "#0f62a8", "#ffffff")


def test_without_a_colour_that_of_the_cover_is_used(tmp_path):
    from dataclasses import replace

    assert site.resolve_theme(make_show(), tmp_path, replace(ART, colour="#aa0000")).light.fill == "#aa0000"


def test_a_colour_with_three_digits(tmp_path):
    assert theme_of(tmp_path, colour="#0af").light.fill == "#00aaff"


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
def test_an_invalid_value_is_reported_at_its_location(tmp_path, theme, code):
    for name in ("outside.woff2", "outside.svg"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "show").mkdir()
    (tmp_path / "show" / "logo.exe").write_bytes(b"x")
    location = SourceLocation("podcast.yaml", 7, 3)
    with pytest.raises(InvalidInput) as raised:
        theme_of(tmp_path / "show", locations={next(iter(theme)): location}, **theme)
    assert [(problem.code, problem.location) for problem in raised.value.problems] == [(code, location)]


def test_font_and_logo_files_are_published(tmp_path):
    (tmp_path / "own.woff2").write_bytes(b"wOF2")
    (tmp_path / "logo.svg").write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg"/>')
    show = make_show(theme=Theme(font="own.woff2", logo="logo.svg"))
    pages = site.render_site(show, [make_item()], folder=tmp_path)
    font = next(key for key in pages if key.endswith(".woff2"))
    logo = next(key for key in pages if key.startswith("assets/") and key.endswith(".svg"))
    style = next(data.decode() for key, data in pages.items() if key.endswith(".css"))
    assert f'url("{font.removeprefix("assets/")}")' in style
    assert f'src="../../{logo}"' in pages["episodes/001-one/index.html"].decode()


def test_font_families_keep_their_order(tmp_path):
    pages = site.render_site(make_show(theme=Theme(font='Georgia, "Times New Roman", serif')), [], folder=tmp_path)
    style = next(data.decode() for key, data in pages.items() if key.endswith(".css"))
    assert '--font:Georgia,"Times New Roman",serif,system-ui' in style
