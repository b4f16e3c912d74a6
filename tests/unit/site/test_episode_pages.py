import re

import pytest

from podcast_kit import site
from podcast_kit.model import Chapter, Element, Image, Person, RemoteUrl
from tests.support.site_factories import ART, BASE, make_episode, make_item, make_show, make_transcript


@pytest.fixture
def render(tmp_path):
    def render(*items, show=None, **options):
        pages = site.render_site(show or make_show(), items, folder=tmp_path, **{"artwork": ART, **options})
        return {key: data.decode() for key, data in pages.items()}

    return render


def episode_page(pages, slug="001-one"):
    return pages[f"episodes/{slug}/index.html"]


def image_with_thumbnails(name, *widths):
    thumbnails = tuple(Image(url=f"{BASE}media/{name}-{w}.jpg", width=w, height=w) for w in widths)
    return Image(url=f"{BASE}media/{name}.jpg", thumbnails=thumbnails)


def test_people_are_shown_with_their_images(render):
    ann = Person(name="Ann", image=RemoteUrl(f"{BASE}media/ann.jpg"))
    item = make_item(
        people=(ann, Person(name="Bo", role="guest")), images={ann.image: image_with_thumbnails("ann", 80, 160)}
    )
    pages = render(item)
    face = '<img class="face" src="../../media/ann-80.jpg" alt="" width="32" height="32">'
    assert f'{face}<a href="../../people/ann/index.html">Ann</a>, <a href="../../people/bo/index.html">Bo</a>' in (
        episode_page(pages)
    )
    assert 'src="../../media/ann.jpg" alt="" width="120"' in pages["people/ann/index.html"]
    assert "face" not in pages["people/bo/index.html"]


def test_a_long_list_of_people_is_collapsed_on_the_episode_page(render):
    page = episode_page(render(make_item(people=tuple(Person(name=f"Person {n}") for n in range(200)))))
    shown, _, collapsed = page.partition("<summary>Show all 200</summary>")
    assert shown.count('href="../../people/person-') == 12
    assert collapsed.count('href="../../people/person-') == 188


def test_a_long_list_of_people_is_collapsed_on_the_index(render):
    page = render(make_item(people=tuple(Person(name=f"Person {n:03}") for n in range(40))))["index.html"]
    shown, _, collapsed = page.partition("<summary>Show all 40</summary>")
    assert (shown.count('href="people/'), collapsed.count('href="people/')) == (24, 16)


def test_chapter_images_are_shown_and_lazy_loaded(render):
    chapters = (
        Chapter(start_ms=0, title="One", image=RemoteUrl(f"{BASE}media/one.jpg")),
        Chapter(start_ms=9000, title="Two", image=RemoteUrl("https://elsewhere.example/two.jpg")),
    )
    page = episode_page(
        render(make_item(chapters=chapters, images={chapters[0].image: image_with_thumbnails("one", 80, 160, 320)}))
    )
    assert re.search(r'src="../../media/one-80.jpg" data-large="../../media/one-320.jpg" alt="".* loading="lazy"', page)
    assert "elsewhere.example" not in page


def test_alternate_enclosures_are_listed_with_their_size(render):
    source = Element("podcast:source", "", (("uri", f"{BASE}media/one.opus"),))
    bad = Element("podcast:source", "", (("uri", "javascript:alert(1)"),))
    formats = (
        Element("podcast:alternateEnclosure", "", (("type", "audio/opus"), ("length", "1500000")), (source,)),
        Element("podcast:alternateEnclosure", "", (("type", "audio/flac"), ("title", "Bad")), (bad,)),
    )
    page = episode_page(render(make_item(elements=formats), show=make_show(language="de")))
    assert (
        'Weitere Formate: <a href="../../media/one.opus" type="audio/opus">audio/opus</a> <small>1,5 MB</small>' in page
    )
    assert "Bad" not in page


def test_the_discussion_is_linked(render):
    post = Element("podcast:socialInteract", "", (("protocol", "activitypub"), ("uri", "https://social.example/1")))
    page = episode_page(render(make_item(elements=(post,))))
    assert '<a class="button quiet" href="https://social.example/1">Discuss this episode</a>' in page


def test_a_season_is_shown_with_its_title(render):
    named = Element("podcast:season", "1", (("name", "The River"),))
    items = [make_item(n, episode=make_episode(n, season=n), elements=(named,) if n == 1 else ()) for n in (2, 1)]
    pages = render(*items)
    assert "Season 1: The River" in pages["index.html"]
    assert "<h1>Season 1: The River</h1>" in pages["seasons/1/index.html"]
    assert "<title>Season 2 – Talking Back</title>" in pages["seasons/2/index.html"]


def test_the_check_date_of_the_apps_is_in_the_shows_language(render):
    page = render(show=make_show(language="es"))["follow/index.html"]
    assert re.search(r"por última vez el \d+ de [a-z]+ de 20\d\d\.", page)


def test_a_transcript_can_be_downloaded(render):
    page = episode_page(render(make_item(transcripts=(make_transcript("Hello."),))))
    assert '<a href="../../media/cc/one.vtt" type="text/vtt" download>VTT</a>' in page


def test_chapters_of_a_long_episode_show_hours(render):
    chapters = (Chapter(start_ms=0, title="One"), Chapter(start_ms=3_700_000, title="Two"))
    assert '<ol class="hours">' in episode_page(render(make_item(chapters=chapters)))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("CC-BY-NC-SA-4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/"),
        ("cc0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    ],
)
def test_a_creative_commons_licence_is_linked(render, name, address):
    page = episode_page(render(make_item(elements=(Element("podcast:license", name),))))
    assert f'<a rel="license" href="{address}">{name}</a>' in page


def test_any_other_licence_is_shown_without_a_link(render):
    page = episode_page(render(make_item(elements=(Element("podcast:license", "all rights-reserved"),))))
    assert '<p class="licence">Licence: all rights-reserved</p>' in page
