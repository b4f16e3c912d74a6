import re

import pytest

from podcast_kit import site
from podcast_kit.model import Chapter, Element, Person, Image
from tests.support.site_factories import ART, BASE, make_episode, make_item, make_show, make_transcript


@pytest.fixture
def render(tmp_path):
    def render(*items, show=None, **said):
        made = site.render(show or make_show(), items, folder=tmp_path, **{"artwork": ART, **said})
        return {key: data.decode() for key, data in made.items()}

    return render


def episode_page(made, slug="001-one"):
    return made[f"episodes/{slug}/index.html"]


def picture(name, *widths):
    smaller = tuple(Image(url=f"{BASE}media/{name}-{w}.jpg", width=w, height=w) for w in widths)
    return Image(url=f"{BASE}media/{name}.jpg", thumbnails=smaller)


def test_people_are_shown_with_their_pictures_where_there_are_some(render):
    ann = Person(name="Ann", image=f"{BASE}media/ann.jpg")
    item = make_item(people=(ann, Person(name="Bo", role="guest")), pictures={ann.image: picture("ann", 80, 160)})
    made = render(item)
    face = '<img class="face" src="../../media/ann-80.jpg" alt="" width="32" height="32">'
    assert f'{face}<a href="../../people/ann/index.html">Ann</a>, <a href="../../people/bo/index.html">Bo</a>' in (
        episode_page(made)
    )
    assert 'src="../../media/ann.jpg" alt="" width="120"' in made["people/ann/index.html"]
    assert "face" not in made["people/bo/index.html"]


def test_two_hundred_people_do_not_push_the_player_away(render):
    page = episode_page(render(make_item(people=tuple(Person(name=f"Person {n}") for n in range(200)))))
    before, _, folded = page.partition("<summary>Show all 200</summary>")
    assert before.count('href="../../people/person-') == 12
    assert folded.count('href="../../people/person-') == 188


def test_the_first_page_folds_a_long_list_of_people(render):
    page = render(make_item(people=tuple(Person(name=f"Person {n:03}") for n in range(40))))["index.html"]
    before, _, folded = page.partition("<summary>Show all 40</summary>")
    assert (before.count('href="people/'), folded.count('href="people/')) == (24, 16)


def test_a_chapters_picture_stands_beside_it_and_waits_until_it_is_seen(render):
    marks = (
        Chapter(start_ms=0, title="One", image=f"{BASE}media/one.jpg"),
        Chapter(start_ms=9000, title="Two", image="https://elsewhere.example/two.jpg"),
    )
    page = episode_page(render(make_item(chapters=marks, pictures={marks[0].image: picture("one", 80, 160, 320)})))
    assert re.search(r'src="../../media/one-80.jpg" data-large="../../media/one-320.jpg" alt="".* loading="lazy"', page)
    assert "elsewhere.example" not in page


def test_other_forms_are_named_with_their_size(render):
    source = Element("podcast:source", "", (("uri", f"{BASE}media/one.opus"),))
    bad = Element("podcast:source", "", (("uri", "javascript:alert(1)"),))
    forms = (
        Element("podcast:alternateEnclosure", "", (("type", "audio/opus"), ("length", "1500000")), (source,)),
        Element("podcast:alternateEnclosure", "", (("type", "audio/flac"), ("title", "Bad")), (bad,)),
    )
    page = episode_page(render(make_item(elements=forms), show=make_show(language="de")))
    assert (
        'Weitere Formate: <a href="../../media/one.opus" type="audio/opus">audio/opus</a> <small>1,5 MB</small>' in page
    )
    assert "Bad" not in page


def test_listeners_are_led_to_where_the_episode_is_talked_about(render):
    post = Element("podcast:socialInteract", "", (("protocol", "activitypub"), ("uri", "https://social.example/1")))
    page = episode_page(render(make_item(elements=(post,))))
    assert '<a class="button quiet" href="https://social.example/1">Discuss this episode</a>' in page


def test_a_season_is_called_by_its_name(render):
    named = Element("podcast:season", "1", (("name", "The River"),))
    items = [make_item(n, episode=make_episode(n, season=n), elements=(named,) if n == 1 else ()) for n in (2, 1)]
    made = render(*items)
    assert "Season 1: The River" in made["index.html"]
    assert "<h1>Season 1: The River</h1>" in made["seasons/1/index.html"]
    assert "<title>Season 2 – Talking Back</title>" in made["seasons/2/index.html"]


def test_the_list_of_apps_says_in_the_shows_language_when_it_was_checked(render):
    page = render(show=make_show(language="es"))["follow/index.html"]
    assert re.search(r"por última vez el \d+ de [a-z]+ de 20\d\d\.", page)


def test_a_transcript_is_there_to_take_along(render):
    page = episode_page(render(make_item(transcripts=(make_transcript("Hello."),))))
    assert '<a href="../../media/cc/one.vtt" type="text/vtt" download>VTT</a>' in page


def test_chapters_of_a_long_episode_have_room_for_their_hours(render):
    marks = (Chapter(start_ms=0, title="One"), Chapter(start_ms=3_700_000, title="Two"))
    assert '<ol class="hours">' in episode_page(render(make_item(chapters=marks)))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("CC-BY-NC-SA-4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/"),
        ("cc0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    ],
)
def test_a_licence_of_creative_commons_leads_to_its_words(render, name, address):
    page = episode_page(render(make_item(elements=(Element("podcast:license", name),))))
    assert f'<a rel="license" href="{address}">{name}</a>' in page


def test_any_other_licence_is_named(render):
    page = episode_page(render(make_item(elements=(Element("podcast:license", "all rights-reserved"),))))
    assert '<p class="licence">Licence: all rights-reserved</p>' in page
